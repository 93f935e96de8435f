// First jobs to begin with, one of each kind: each can be saved once it has a name, and runs as it is.
import type { TaskKind } from './definition-fields.ts';

export const templates: Readonly<Record<TaskKind, object>> = {
  shell: {
    name: '',
    schedule: '*/5 * * * *',
    task: { kind: 'shell', command: 'echo "hello from $(hostname)"' },
  },
  exec: { name: '', schedule: '@daily', task: { kind: 'exec', argv: ['/usr/bin/uptime', '--pretty'] } },
  http: {
    name: '',
    schedule: '0 * * * *',
    task: { kind: 'http', method: 'GET', url: 'https://example.org/health' },
    retry: { limit: 2 },
  },
  handler: { name: '', schedule: '@every 1m', task: { kind: 'handler', name: 'my-function', payload: {} } },
};
