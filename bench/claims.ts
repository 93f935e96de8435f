// Claims per second, one by one against batched, on the same etcd in the same run: the figure is their ratio.
import { startBatcher } from '../src/common/store/batcher.ts';
import { connectEtcd } from '../src/common/store/client.ts';
import type { Etcd } from '../src/common/store/etcd.ts';
import { perform, type Intent } from '../src/common/store/intent.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { printTable } from './support/figures.ts';
import { withScope } from './support/scope.ts';
import { sized } from './support/size.ts';

export interface ClaimsResult {
  readonly oneByOnePerSecond: number;
  readonly batchedPerSecond: number;
  /** Batched over one by one. */
  readonly ratio: number;
}

export interface ClaimsOptions {
  /** Claims made one by one; ten times as many are made in batches. */
  readonly claims?: number;
  /** An etcd to use; a private one, with fsync on, otherwise. */
  readonly endpoints?: readonly string[];
}

/** Shaped as the worker's: the definition is compared, lock, cursor and active are written. */
function claim(prefix: string, i: number): Intent<boolean> {
  const job = `job-${i}`;
  const lock = `${prefix}lock/${job}`;
  const value = JSON.stringify({
    runId: '20261122T143000.000Z-7f3a9c',
    worker: 'bench-worker',
    startAt: 1_800_000_000_000,
  });
  return {
    job,
    txn: {
      compare: [
        { key: `${prefix}jobs/${job}`, target: 'mod', op: '=', value: 0 },
        { key: lock, target: 'create', op: '=', value: 0 },
        { key: `${prefix}cursor/${job}`, target: 'mod', op: '=', value: 0 },
      ],
      success: [
        { type: 'put', key: lock, value },
        { type: 'put', key: `${prefix}cursor/${job}`, value: '1800000000000' },
        { type: 'put', key: `${prefix}active/bench-worker/${job}/7f3a9c`, value: value.padEnd(350, ' ') },
      ],
      failure: [{ type: 'range', key: lock, limit: 1 }],
    },
    read: ({ succeeded }) => succeeded,
  };
}

/** Claims a second of `send` for `count` claims, `concurrency` waiting at a time. All must succeed. */
async function measure(
  count: number,
  concurrency: number,
  send: (i: number) => Promise<boolean>,
): Promise<number> {
  let next = 0;
  let won = 0;
  const began = performance.now();
  const lane = async (): Promise<void> => {
    while (next < count) if (await send(next++)) won++;
  };
  await Promise.all(Array.from({ length: concurrency }, lane));
  const seconds = (performance.now() - began) / 1_000;
  if (won !== count) throw new Error(`${count - won} of ${count} claims failed: not a fresh prefix`);
  return count / seconds;
}

async function compare(etcd: Etcd, claims: number): Promise<ClaimsResult> {
  const root = `/bench-claims/${process.pid}-${Date.now()}/`;
  const batcher = startBatcher({ etcd });
  // Both paths once before the clock runs: connections, compiled code.
  await measure(500, 100, (i) => perform(etcd, claim(`${root}warm-1/`, i)));
  await measure(2_000, 1_000, (i) => batcher.submit(claim(`${root}warm-2/`, i)));
  const oneByOnePerSecond = await measure(claims, 100, (i) => perform(etcd, claim(`${root}single/`, i)));
  const batchedPerSecond = await measure(claims * 10, 1_000, (i) =>
    batcher.submit(claim(`${root}batch/`, i)),
  );
  await batcher.stop();
  await etcd.txn({
    compare: [],
    success: [{ type: 'delete', key: root, rangeEnd: `${root.slice(0, -1)}0` }],
    failure: [],
  });
  return {
    oneByOnePerSecond: Math.round(oneByOnePerSecond),
    batchedPerSecond: Math.round(batchedPerSecond),
    ratio: Number((batchedPerSecond / oneByOnePerSecond).toFixed(1)),
  };
}

export const run = ({
  claims = sized({ smoke: 200, short: 4_000, full: 4_000 }),
  endpoints,
}: ClaimsOptions = {}): Promise<ClaimsResult> =>
  withScope(async (scope) => {
    const used = endpoints ?? [(await startBenchEtcd(scope)).endpoint];
    const etcd = connectEtcd({ endpoints: used, timeoutMs: 20_000 });
    scope.onClose(() => etcd.close());
    const result = await compare(etcd, claims);
    printTable([{ ...result }]);
    return result;
  });
