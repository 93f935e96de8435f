// Who of the registered workers a job goes to, and who is counted as there for it.
import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { needOf, wishKey } from '../../../src/common/core/eligible.ts';
import { fnv1a } from '../../../src/common/core/hash.ts';
import type { Task, WantedLabels } from '../../../src/common/model/job.ts';
import type { WorkerRecord } from '../../../src/common/model/worker.ts';
import { codecs, keyspace } from '../../../src/common/store/keyspace.ts';
import { createUnreadable } from '../../../src/common/store/unreadable.ts';
import { createPeers, type Peers, type Wish } from '../../../src/worker/peers.ts';
import { createTestClock } from '../../support/test-clock.ts';

const keys = keyspace('/peers/');
const HASHES = Array.from({ length: 200 }, (_, i) => fnv1a(`job-${i}`));

const PLAIN = { processes: true, handlers: [] };
const MAILER = { processes: false, handlers: ['mail.send', 'mail.sort'] };

const worker = (name: string, rest: Partial<WorkerRecord> = {}): WorkerRecord => ({
  id: `${name}-000001`,
  name,
  host: 'h',
  pid: 1,
  version: '0.0.0',
  labels: {},
  slots: 8,
  running: 0,
  state: 'ready',
  http: 'http://127.0.0.1:9',
  token: 'token',
  startedAt: 0,
  wallClock: 0,
  ...rest,
});

const tell = (peers: Peers, record: WorkerRecord) =>
  peers.take([
    {
      type: 'put',
      kv: {
        key: keys.worker(record.id),
        value: codecs.worker.encode(record),
        modRevision: 1,
        createRevision: 1,
        version: 1,
        lease: '1',
      },
    },
  ]);

function peersOf(...records: WorkerRecord[]): Peers {
  const peers = createPeers(keys, createTestClock(), createUnreadable(pino({ level: 'silent' })));
  for (const record of records) tell(peers, record);
  return peers;
}

function wish(task: Task, labels?: WantedLabels): Wish {
  const need = needOf(task);
  return { labels, need, wants: wishKey({ labels, need }) };
}
const shell = wish({ kind: 'shell', command: 'true', shell: '/bin/sh' });
const mail = wish({ kind: 'handler', name: 'mail.send' });
const nobodys = wish({ kind: 'handler', name: 'mail.burn' });
const request: Wish = { labels: undefined, need: 'http', wants: 'http' };

/** Names of the workers that 200 jobs of that wish go to. */
const goTo = (peers: Peers, each: Wish): string[] =>
  [...new Set(HASHES.map((hash) => peers.firstFor(hash, each)?.slice(0, -7) ?? 'nobody'))].sort();

describe('the first for a job', () => {
  const peers = peersOf(
    worker('plain', { can: PLAIN }),
    worker('app-1', { can: MAILER }),
    worker('app-2', { can: MAILER }),
  );

  test.each([
    ['of processes is a worker that runs them', shell, ['plain']],
    ['of a function is any worker that has it', mail, ['app-1', 'app-2']],
    ['of a request is any worker', request, ['app-1', 'app-2', 'plain']],
    ['of a function that none has is nobody', nobodys, ['nobody']],
  ])('%s', (_, each, names) => {
    expect(goTo(peers, each)).toEqual(names);
  });

  test('is the same for what all can do, whatever that is', () => {
    const all = peersOf(
      worker('a', { can: { processes: true, handlers: ['mail.send'] } }),
      worker('b', { can: { processes: true, handlers: ['mail.send'] } }),
    );
    for (const hash of HASHES) {
      expect(all.firstFor(hash, shell)).toBe(all.firstFor(hash, request));
      expect(all.firstFor(hash, mail)).toBe(all.firstFor(hash, request));
    }
  });

  test('does not move between those that are able when one comes that is not', () => {
    const apps = [worker('app-1', { can: MAILER }), worker('app-2', { can: MAILER })];
    const before = peersOf(...apps);
    const after = peersOf(...apps, worker('plain', { can: PLAIN }));
    for (const hash of HASHES) expect(after.firstFor(hash, mail)).toBe(before.firstFor(hash, mail));
  });

  test('is a full worker that is able rather than a free one that is not', () => {
    const full = peersOf(worker('plain', { can: PLAIN }), worker('app', { can: MAILER, state: 'full' }));
    expect(goTo(full, mail)).toEqual(['app']);
  });

  test('may be a worker of a version that does not tell', () => {
    const mixed = peersOf(worker('older'), worker('app', { can: MAILER }));
    expect(goTo(mixed, shell)).toEqual(['older']);
    expect(goTo(mixed, mail)).toEqual(['app', 'older']);
    expect(mixed.nobodyFor(nobodys)).toBeUndefined();
  });

  test('must have the labels as well', () => {
    const gpu = { gpu: 'yes' };
    const labelled = peersOf(
      worker('plain', { can: PLAIN, labels: gpu }),
      worker('app', { can: MAILER }),
      worker('gpu-app', { can: MAILER, labels: gpu }),
    );
    expect(goTo(labelled, wish({ kind: 'handler', name: 'mail.send' }, gpu))).toEqual(['gpu-app']);
  });
});

describe('of a job that runs on all', () => {
  const peers = peersOf(
    worker('a', { can: MAILER, joinedAt: 300 }),
    worker('b', { can: PLAIN, joinedAt: 100 }),
    worker('c', { can: MAILER, joinedAt: 200 }),
    worker('d', { can: MAILER, state: 'draining', joinedAt: 250 }),
  );

  test('shards are counted among those that are able', () => {
    expect(peers.shardOf('a-000001', mail)).toEqual({ index: 0, total: 2 });
    expect(peers.shardOf('c-000001', mail)).toEqual({ index: 1, total: 2 });
    expect(peers.shardOf('b-000001', shell)).toEqual({ index: 0, total: 1 });
  });

  test('those take it that are able and do not leave', () => {
    const takers = (each: Wish) =>
      ['a', 'b', 'c', 'd', 'e'].filter((name) => peers.takes(`${name}-000001`, each));
    expect(takers(mail)).toEqual(['a', 'c']);
    expect(takers(shell)).toEqual(['b']);
    expect(takers(request)).toEqual(['a', 'b', 'c']);
  });

  test('it is there from when the first of those was that are able', () => {
    expect(peers.earliestFor(mail)).toBe(200);
    expect(peers.earliestFor(shell)).toBe(100);
    expect(peers.earliestFor(nobodys)).toBeUndefined();
  });
});

describe('nobody', () => {
  test('is there until one comes that is able, whoever else comes', () => {
    const peers = peersOf(worker('plain', { can: PLAIN }));
    expect(peers.nobodyFor(mail)).toBe(0);
    expect(peers.missingFor(mail)).toBe(' that has the handler "mail.send"');
    expect(tell(peers, worker('plain-2', { can: PLAIN })).rankingChanged).toBe(true);
    expect(peers.nobodyFor(mail)).toBe(0);
    tell(peers, worker('app', { can: MAILER }));
    expect(peers.nobodyFor(mail)).toBeUndefined();
    expect(goTo(peers, mail)).toEqual(['app']);
    peers.take([{ type: 'delete', key: keys.worker('app-000001'), modRevision: 2 }]);
    expect(peers.nobodyFor(mail)).toBe(0);
  });
});

test('a registration that is written again as it was changes no ranking', () => {
  const peers = peersOf(worker('app', { can: MAILER }));
  expect(tell(peers, worker('app', { can: { ...MAILER }, running: 3, wallClock: 9 })).rankingChanged).toBe(
    false,
  );
  expect(tell(peers, worker('app', { can: { ...MAILER, handlers: ['mail.send'] } })).rankingChanged).toBe(
    true,
  );
});
