// Who is measured beside etcron, in which form. Versions are those of package.json.
import type { Entry } from './peer.ts';

const postgres = { kind: 'postgres' } as const;

export const ENTRIES: readonly Entry[] = [
  {
    name: 'BullMQ, as it comes',
    adapter: 'bullmq',
    server: { kind: 'redis', fsync: 'default' },
    variant: 'as it comes',
    scenarios: ['herd', 'failover'],
  },
  {
    name: 'BullMQ, fsync always, short locks',
    adapter: 'bullmq',
    server: { kind: 'redis', fsync: 'always' },
  },
  { name: 'agenda', adapter: 'agenda', server: postgres },
  { name: 'graphile-worker', adapter: 'graphile-worker', server: postgres },
  { name: 'pg-boss', adapter: 'pg-boss', server: postgres },
  { name: 'croner', adapter: 'croner' },
  { name: 'node-cron', adapter: 'node-cron' },
];
