// etcron as a contestant, for the scenarios that measure it by the same code as its peers.
import { keyspace } from '../../src/common/store/keyspace.ts';
import { startBenchEtcd } from '../support/etcd.ts';
import { openFleet } from '../support/fleet.ts';
import { createJobs, template } from '../support/jobs.ts';
import { PAUSE } from '../support/worker-protocol.ts';
import type { Contestant } from './contestant.ts';
import { cronOf } from './schedule.ts';

const PREFIX = '/bench-peers/';
const TTL_MS = 10_000;
/** From writing a job of one tick until that tick: it is planned and armed in this time. */
const AHEAD_MS = 1_000;

export const etcron: Contestant & { readonly settings: string } = {
  name: 'etcron',
  settings: `ttl ${TTL_MS / 1_000} s, drainTimeout 1 s, retry.limit 3; etcd as it comes, fsync on`,
  finestS: 1,
  isAlone: false,
  // At heartbeats, every 10 s.
  settleMs: 12_000,
  async open(scope, { periodS, jobs, slots, taskMs, onStart }) {
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const task = { kind: 'handler', name: PAUSE, payload: taskMs } as const;
    const since = performance.now();
    if (periodS !== undefined) {
      const definition = template({ schedule: cronOf(periodS), task });
      await createJobs(server.client, keys, jobs, () => definition);
    }
    return {
      registerMs: Math.round(performance.now() - since),
      startWorker: openFleet(scope, {
        endpoints: [server.endpoint],
        prefix: PREFIX,
        slots: slots ?? jobs * 2,
        ttlMs: TTL_MS,
        ...(onStart && { onStart }),
      }),
      async enqueue(job) {
        const tick = Math.ceil((Date.now() + AHEAD_MS) / 1_000) * 1_000;
        const definition = template({
          schedule: cronOf(1),
          startAt: new Date(tick).toISOString(),
          endAt: new Date(tick + 1).toISOString(),
          retry: { limit: 3 },
          task,
        });
        await createJobs(server.client, keys, 1, () => definition, job);
      },
    };
  },
};
