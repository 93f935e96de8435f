// The simulation is worth as much as its etcd: random requests are put to the model and to a real etcd, and
// every answer must be the same. ETCRON_MODEL_RUNS asks for more runs.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Compare, Etcd, EtcdError, Op } from '../../src/common/store/etcd.ts';
import { gateway } from '../support/gateway.ts';
import { useEtcd } from '../support/shared-etcd.ts';
import { put } from '../support/writes.ts';
import { directClient } from './model/client.ts';
import { commands, type Command } from './model/commands.ts';
import { createEtcdModel } from './model/etcd.ts';
import { subject, type Subject } from './model/subject.ts';

const RUNS = Number(process.env['ETCRON_MODEL_RUNS'] ?? 250);
const shared = useEtcd();
let runs = 0;

const newModel = (): Etcd => directClient(createEtcdModel({ now: () => 0 }));

/** Both at a beginning of their own, which no compaction has reached. */
async function startPair(): Promise<[real: Subject, model: Subject]> {
  const prefix = `${shared.prefix}${++runs}/`;
  const base = await put(shared.etcd, `${prefix}zz/0`, '');
  const model = newModel();
  return [subject(shared.etcd, prefix, base), subject(model, prefix, await put(model, `${prefix}zz/0`, ''))];
}

/** The last revision that was compacted, as far as that was allowed: a watch from there differs by version. */
const compactedAt = (all: readonly Command[]): number[] =>
  all.flatMap((each) => (each.kind === 'compact' ? [each.revision] : []));

/** Where to watch from, in some runs: real etcd takes 100 ms to look back. */
const watches = fc.oneof(
  { weight: 3, arbitrary: fc.constant([]) },
  { weight: 1, arbitrary: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 4 }) },
);

test('answers every sequence of requests as real etcd does', { timeout: 600_000 }, async () => {
  let asked = 0;
  await fc.assert(
    fc.asyncProperty(commands, watches, async (all, starts) => {
      const [real, model] = await startPair();
      for (const [i, command] of all.entries()) {
        const [expected, got] = await Promise.all([real.carryOut(command), model.carryOut(command)]);
        asked++;
        expect(got, `command ${i}, ${command.kind}`).toEqual(expected);
      }
      const known = starts.filter((start) => !compactedAt(all).includes(start));
      const [expected, got] = await Promise.all([real.watchFrom(known), model.watchFrom(known)]);
      expect(got, `watches from ${known.join(', ')}`).toEqual(expected);
      await real.end();
    }),
    {
      numRuns: RUNS,
      ...(process.env['ETCRON_MODEL_SEED'] ? { seed: Number(process.env['ETCRON_MODEL_SEED']) } : {}),
    },
  );
  expect(asked).toBeGreaterThan(RUNS);
});

test('a lease that ends takes its keys in one revision, sorted, and is unknown afterwards', async () => {
  const { etcd, prefix } = shared;
  let now = 0;
  const model = createEtcdModel({ now: () => now });
  const endOf = async (on: Etcd, expire: () => void): Promise<unknown> => {
    const { leaseId } = await on.leaseGrant(2);
    const key = (name: string): string => prefix + name;
    let revision = 0;
    for (const name of ['b', 'a', 'c']) revision = await put(on, key(name), name, leaseId);
    // Put anew without the lease, it stays.
    revision = await put(on, key('c'), 'stays');
    const told = new Promise((resolve) => {
      const watch = on.watch(
        { key: prefix, rangeEnd: `${prefix}zzz`, startRevision: revision + 1 },
        {
          onEvents(events) {
            watch.cancel();
            resolve(
              events.map(({ type, kv }) => [type, kv.key.slice(prefix.length), kv.modRevision - revision]),
            );
          },
          onProgress() {},
          onEnd: (end) => resolve(end),
        },
      );
    });
    expire();
    const events = await told;
    const late = await on
      .txn({
        compare: [],
        success: [{ type: 'put', key: key('late'), value: '', lease: leaseId }],
        failure: [],
      })
      .catch((error: { kind?: string }) => error.kind);
    return { events, late, again: await on.leaseRevoke(leaseId) };
  };
  const real = await endOf(etcd, () => {});
  const modelled = await endOf(directClient(model), () => {
    now += 2_001;
    model.expire();
  });
  expect(modelled).toEqual(real);
  expect(real).toMatchObject({
    events: [
      ['delete', 'a', 1],
      ['delete', 'b', 1],
    ],
    late: 'lease_not_found',
  });
});

test('with the quota alarm on both refuse the same requests, and carry out the others', async () => {
  const { server } = shared;
  const alarm = async (action: 'ACTIVATE' | 'DEACTIVATE'): Promise<void> => {
    const { members } = await shared.etcd.status();
    const memberID = String(BigInt(`0x${members[0]!.id}`));
    await gateway(server, 'maintenance/alarm', { action, alarm: 'NOSPACE', memberID });
  };
  shared.cleanup(() => alarm('DEACTIVATE'));
  const model = createEtcdModel({ now: () => 0 });
  const key = (name: string): string => shared.prefix + name;
  const putOp = (name: string): Op => ({ type: 'put', key: key(name), value: 'x' });
  const nested = (...success: Op[]): Op => ({ type: 'txn', txn: { compare: [], success, failure: [] } });
  const present: Compare = { key: key('there'), target: 'create', op: '>', value: 0 };

  const answers = async (on: Etcd, raise: () => Promise<void>): Promise<unknown[]> => {
    const ask = (asked: Promise<unknown>): Promise<unknown> =>
      asked.then(
        () => 'done',
        ({ kind, mayHaveApplied }: EtcdError) => ({ kind, mayHaveApplied }),
      );
    const txn = (...success: Op[]): Promise<unknown> => ask(on.txn({ compare: [], success, failure: [] }));
    const { leaseId } = await on.leaseGrant(60);
    await put(on, key('there'), 'x');
    await put(on, key('gone'), 'x');
    await raise();
    const told = [
      await txn(putOp('a')),
      await txn({ type: 'delete', key: key('gone') }),
      await txn({ type: 'range', key: key('there') }),
      // Only the outermost operations are looked at, of both branches, whichever is taken.
      await txn(nested(putOp('b'))),
      await txn(nested(nested(putOp('c'))), nested(putOp('d'))),
      await txn(nested(putOp('e')), putOp('f')),
      await ask(on.txn({ compare: [present], success: [], failure: [putOp('g')] })),
      await ask(on.range({ key: key('there') })),
      await ask(on.leaseGrant(60)),
      await ask(on.leaseRevoke(leaseId)),
    ];
    const { kvs } = await on.range({ key: key(''), rangeEnd: key('zzz') });
    return [...told, kvs.map((kv) => kv.key.slice(shared.prefix.length))];
  };
  const modelled = await answers(directClient(model), async () => void (model.noSpace = true));
  const real = await answers(shared.etcd, () => alarm('ACTIVATE'));
  expect(modelled).toEqual(real);
  expect(real.at(-1)).toEqual(['b', 'c', 'd', 'there']);
});
