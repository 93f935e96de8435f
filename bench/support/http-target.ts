// The server that http tasks of a scenario call, in a process of its own: it notes each request and answers 200.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Scope } from './scope.ts';
import type { Starts } from './worker-protocol.ts';

export interface HttpTarget {
  readonly url: string;
  /** Requests noted since it was asked last. */
  take(): Promise<Starts>;
}

export async function startHttpTarget(scope: Scope): Promise<HttpTarget> {
  const child = fork(fileURLToPath(new URL('http-target-process.js', import.meta.url)), []);
  scope.onClose(async () => {
    if (child.exitCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}/`,
    async take() {
      const answered = once(child, 'message');
      child.send('take');
      const [starts] = (await answered) as [Starts];
      return starts;
    },
  };
}
