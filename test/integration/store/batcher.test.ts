import { expect, test } from 'vitest';
import { startBatcher } from '../../../src/common/store/batcher.ts';
import { connectEtcd } from '../../../src/common/store/client.ts';
import { underPrefix, type Etcd, type Txn } from '../../../src/common/store/etcd.ts';
import type { Intent } from '../../../src/common/store/intent.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { startTcpProxy } from '../../support/tcp-proxy.ts';
import { waitFor } from '../../support/wait.ts';
import { rejection } from '../../support/writes.ts';

const shared = useEtcd();

/** Takes `lock/<job>` when nobody has it; answers with who has it. */
function claim(
  job: string,
  by: string,
  lease?: string,
): Intent<{ won: boolean; holder: string; revision: number }> {
  const key = `${shared.prefix}lock/${job}`;
  const txn: Txn = {
    compare: [{ key, target: 'create', op: '=', value: 0 }],
    success: [{ type: 'put', key, value: by, ...(lease === undefined ? {} : { lease }) }],
    failure: [{ type: 'range', key, limit: 1 }],
  };
  return {
    job,
    txn,
    read({ succeeded, responses, revision }) {
      const held = responses[0]?.type === 'range' ? responses[0].kvs[0]?.value : undefined;
      return { won: succeeded, holder: succeeded ? by : (held ?? ''), revision };
    },
  };
}

/** Counts the requests that carry the batches. */
function counting(etcd: Etcd): { etcd: Etcd; requests: Txn[] } {
  const requests: Txn[] = [];
  return {
    requests,
    etcd: {
      ...etcd,
      txn(txn, options) {
        requests.push(txn);
        return etcd.txn(txn, options);
      },
    },
  };
}

test('a thousand claims of different jobs take few requests and each gets its own answer', async () => {
  const { etcd, requests } = counting(shared.etcd);
  const batcher = startBatcher({ etcd });
  const jobs = Array.from({ length: 1_000 }, (_, i) => `j${i}`);
  await Promise.all(jobs.filter((_, i) => i % 3 === 0).map((job) => batcher.submit(claim(job, 'other'))));
  requests.length = 0;
  const answers = await Promise.all(jobs.map((job) => batcher.submit(claim(job, 'me'))));
  expect(answers.map(({ holder }) => holder)).toEqual(jobs.map((_, i) => (i % 3 === 0 ? 'other' : 'me')));
  expect(answers.map(({ won }) => won)).toEqual(jobs.map((_, i) => i % 3 !== 0));
  expect(requests).toHaveLength(10);
  expect(batcher.depth).toBe(0);
});

test('a single transaction goes at once and by itself', async () => {
  const { etcd, requests } = counting(shared.etcd);
  const batcher = startBatcher({ etcd });
  const intent = claim('alone', 'me');
  await batcher.submit(intent);
  expect(requests).toEqual([intent.txn]);
});

test('transactions of one job never share a request and keep their order', async () => {
  const { etcd, requests } = counting(shared.etcd);
  const batcher = startBatcher({ etcd, maxInFlight: 4 });
  const order: string[] = [];
  const submitted = ['first', 'second', 'third'].flatMap((by) =>
    ['a', 'b'].map(async (job) => {
      const { holder } = await batcher.submit(claim(job, by));
      order.push(`${job}:${by}`);
      return holder;
    }),
  );
  expect(await Promise.all(submitted)).toEqual(Array.from({ length: 6 }, () => 'first'));
  expect(order.filter((entry) => entry.startsWith('a'))).toEqual(['a:first', 'a:second', 'a:third']);
  expect(requests).toHaveLength(3);
});

test('one dead lease costs its own claim and no other', async () => {
  const batcher = startBatcher({ etcd: shared.etcd });
  const { leaseId } = await shared.etcd.leaseGrant(60);
  const dead = (await shared.etcd.leaseGrant(60)).leaseId;
  await shared.etcd.leaseRevoke(dead);
  const answers = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) => batcher.submit(claim(`j${i}`, 'me', i === 17 ? dead : leaseId))),
  );
  const failed = answers.flatMap((answer, i) =>
    answer.status === 'rejected' ? [[i, answer.reason.kind]] : [],
  );
  expect(failed).toEqual([[17, 'lease_not_found']]);
  expect((await shared.etcd.range({ ...underPrefix(shared.prefix), countOnly: true })).count).toBe(49);
});

test('large values are spread over requests that etcd takes', async () => {
  const batcher = startBatcher({ etcd: shared.etcd });
  const answers = await Promise.all(
    Array.from({ length: 60 }, (_, i) => batcher.submit(claim(`j${i}`, 'é'.repeat(30_000)))),
  );
  expect(answers.every(({ won }) => won)).toBe(true);
});

test('an answer lost after the commit rejects each with that doubt, and a second claim recognises its own', async () => {
  const proxy = await startTcpProxy(shared.server);
  shared.cleanup(() => proxy.stop());
  const etcd = connectEtcd({ endpoints: [proxy.address] });
  shared.cleanup(() => etcd.close());
  const batcher = startBatcher({ etcd });
  await etcd.range({ key: 'warm-up' });
  proxy.pause('down');
  const jobs = Array.from({ length: 20 }, (_, i) => `j${i}`);
  const lost = Promise.all(jobs.map((job) => rejection(batcher.submit(claim(job, 'run-1')))));
  const range = underPrefix(shared.prefix);
  await waitFor(async () => (await shared.etcd.range({ ...range, countOnly: true })).count === 20, {
    what: 'etcd has committed',
  });
  proxy.cutNow();
  for (const error of await lost) expect(error).toMatchObject({ kind: 'unavailable', mayHaveApplied: true });
  proxy.resume('down');
  const again = await waitFor(
    () => Promise.all(jobs.map((job) => batcher.submit(claim(job, 'run-1')))).catch(() => undefined),
    {
      what: 'the claims are asked for again',
    },
  );
  expect(again.every(({ won, holder }) => !won && holder === 'run-1')).toBe(true);
});

test('a full queue refuses at once, and stop() answers all that was taken', async () => {
  const batcher = startBatcher({ etcd: shared.etcd, maxQueued: 5 });
  const taken = Array.from({ length: 5 }, (_, i) => batcher.submit(claim(`j${i}`, 'me')));
  expect(await rejection(batcher.submit(claim('one-more', 'me')))).toMatchObject({
    kind: 'too_many_requests',
    mayHaveApplied: false,
  });
  await batcher.stop();
  expect(batcher.depth).toBe(0);
  expect((await Promise.all(taken)).every(({ won }) => won)).toBe(true);
  expect(await rejection(batcher.submit(claim('late', 'me')))).toMatchObject({ kind: 'closed' });
});
