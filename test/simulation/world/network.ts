// The way from one process to etcd: requests and answers take time, get lost either way, come late, and
// streams stall or break. A request that was lost on its way back has been carried out all the same.
import {
  EtcdError,
  type CallOptions,
  type Etcd,
  type LeaseId,
  type Txn,
  type WatchEvent,
} from '../../../src/common/store/etcd.ts';
import type { Millis } from '../../../src/common/model/time.ts';
import type { EtcdModel } from '../model/etcd.ts';
import type { Coverage } from './coverage.ts';
import type { SimProcess, World } from './world.ts';

/** How the way is at the moment; the nemesis changes it. */
export interface Link {
  /** Longest time on the way, in one direction. */
  delay: Millis;
  /** Probability that a message is lost. */
  loss: number;
  /** Nothing passes: from the process to etcd (`out`), or back (`in`). */
  cut: { out: boolean; in: boolean };
  /** Probability that a request or an answer comes much later than the others. */
  straggle: number;
}

export const goodLink = (): Link => ({ delay: 3, loss: 0, cut: { out: false, in: false }, straggle: 0 });

/** The client's deadline of a call. */
const TIMEOUT: Millis = 5_000;
/** Later than the deadline of the call, and than a lease: the request is carried out when nobody expects it. */
const LONGEST_STRAGGLE: Millis = 9_000;
/** After so long without a sign of life a stream is given up. */
const STREAM_TIMEOUT: Millis = 8_000;

/** A change to what passes: for taking a protection out. */
export interface Tamper {
  txn?(txn: Txn): Txn;
  answer?<T>(request: Txn, answer: T): T;
}

/** The one etcd of a simulation, and those who are connected to it. */
export interface SimEtcd {
  readonly model: EtcdModel;
  /** It restarts, or elects a leader: nothing is served. */
  isAway: boolean;
  readonly streams: Set<() => void>;
  readonly coverage: Coverage;
}

export const startSimEtcd = (model: EtcdModel, coverage: Coverage): SimEtcd => ({
  model,
  isAway: false,
  streams: new Set(),
  coverage,
});

/** All connections break at once. */
export function breakStreams({ streams }: SimEtcd): void {
  for (const breakOff of streams) breakOff();
}

export function connectSimulated(
  world: World,
  process: SimProcess,
  etcd: SimEtcd,
  link: Link,
  tamper: Tamper = {},
): Etcd {
  const { random } = world;
  const { model } = etcd;
  const { hit } = etcd.coverage;
  const travel = (): Millis =>
    random.chance(link.straggle) ? random.between(10, LONGEST_STRAGGLE) : random.between(0.1, link.delay);
  const isLost = (direction: 'out' | 'in'): boolean => link.cut[direction] || random.chance(link.loss);

  const call = <T>(writes: boolean, options: CallOptions | undefined, serve: () => T): Promise<T> =>
    new Promise((resolve, reject) => {
      const fail = (kind: 'deadline' | 'unavailable', applied: boolean): void => {
        deadline.cancel();
        reject(new EtcdError(kind, `simulated: ${kind}`, { mayHaveApplied: applied && writes }));
      };
      const lose = (): void => {
        // The connection breaks, or the call hangs until its deadline.
        if (random.chance(0.5)) process.post(random.between(1, 1_000), () => fail('unavailable', true));
      };
      let isLate = false;
      const deadline = process.clock.setTimer(options?.timeoutMs ?? TIMEOUT, () => {
        isLate = true;
        fail('deadline', true);
      });
      if (link.cut.out && random.chance(0.3)) return process.post(1, () => fail('unavailable', false));
      if (isLost('out')) {
        hit('network: a request is lost');
        return lose();
      }
      world.after(travel(), () => {
        if (etcd.isAway) {
          hit('network: a request finds no leader');
          return lose();
        }
        let settle: () => void;
        try {
          const { revision } = model;
          const answer = serve();
          const hasWritten = model.revision > revision;
          if (hasWritten && isLate) hit('network: a write is carried out after its deadline');
          if (hasWritten && !process.isAlive) hit('network: a write is carried out after its sender died');
          settle = () => {
            deadline.cancel();
            resolve(answer);
          };
          if (!isLost('in')) return process.post(travel(), settle);
          hit(
            hasWritten ? 'network: the answer to a write is lost' : 'network: the answer to a read is lost',
          );
          lose();
        } catch (error) {
          if (error instanceof EtcdError) hit(`etcd refuses: ${error.kind}`);
          process.post(travel(), () => {
            deadline.cancel();
            reject(error);
          });
        }
      });
    });

  /** Messages of one stream towards the process: in order, stalled while the way is cut. */
  const openStream = (onBroken: (error: EtcdError) => void) => {
    let isOver = false;
    /** A message was lost: nothing behind it arrives. */
    let isTorn = false;
    let free: Millis = 0;
    let stalled: (() => void)[] = [];
    const end = (): void => {
      isOver = true;
      stalled = [];
      etcd.streams.delete(breakLater);
    };
    const breakOff = (): void => {
      if (isOver) return;
      end();
      onBroken(new EtcdError('unavailable', 'simulated: the stream broke', { mayHaveApplied: false }));
    };
    const breakLater = (): void => process.post(random.between(0, 5), breakOff);
    etcd.streams.add(breakLater);
    const pass = (deliver: () => void): void => {
      free = Math.max(free, world.now + travel());
      process.post(free - world.now, () => void (isOver || deliver()));
    };
    const look = (since: Millis): void => {
      if (isOver) return;
      if (!link.cut.in) for (const deliver of stalled.splice(0)) pass(deliver);
      else if (world.now - since > STREAM_TIMEOUT) process.post(0, breakOff);
      else world.after(random.between(20, 300), () => look(since));
    };
    return {
      get isOver() {
        return isOver;
      },
      end,
      breakOff,
      send(deliver: () => void): void {
        if (isOver || isTorn) return;
        if (!link.cut.in && stalled.length === 0) {
          if (random.chance(link.loss)) {
            isTorn = true;
            hit('network: a stream is torn');
            process.post(random.between(1, 500), breakOff);
          } else pass(deliver);
        } else if (stalled.push(deliver) === 1) {
          hit('network: a stream stalls');
          if (random.chance(0.3)) process.post(random.between(0, 500), breakOff);
          look(world.now);
        }
      },
    };
  };

  return {
    range: (request, options) => call(false, options, () => model.range(request)),
    txn(txn, options) {
      const sent = tamper.txn?.(txn) ?? txn;
      return call(true, options, () => {
        const answer = model.txn(sent);
        return tamper.answer?.(txn, answer) ?? answer;
      });
    },
    leaseGrant: (ttl, options) => call(true, options, () => model.grant(ttl)),
    leaseRevoke: (lease, options) => call(true, options, () => model.revoke(lease)),
    compact: (revision, options) => call(true, options, () => model.compact(revision)),

    watch(request, handlers) {
      let stop = (): void => {};
      let isCreated = false;
      const stream = openStream((error) => {
        stop();
        handlers.onEnd({ kind: 'broken', error });
      });
      let last: { events: readonly WatchEvent[]; revision: number } | undefined;
      if (isLost('out')) process.post(random.between(1, TIMEOUT), stream.breakOff);
      else {
        world.after(travel(), () => {
          if (etcd.isAway) return process.post(travel(), stream.breakOff);
          if (stream.isOver || !process.isAlive) return;
          isCreated = true;
          stop = model.watch(request, (news) => {
            if (news.kind === 'compacted') {
              hit('watch: begins at a revision that is compacted');
              stream.send(() => {
                stream.end();
                handlers.onEnd(news);
              });
              return;
            }
            const told = { events: news.events, revision: news.revision };
            stream.send(() => handlers.onEvents(told.events, told.revision));
            // Told twice, and the older after the newer: a follower must not mind.
            const again = last;
            if (again && random.chance(0.02)) {
              hit('watch: told twice');
              stream.send(() => handlers.onEvents(again.events, again.revision));
            }
            last = told;
          });
        });
      }
      return {
        requestProgress() {
          if (isLost('out')) return;
          world.after(travel(), () => {
            // One stream: etcd reads the request for the watch first.
            if (!isCreated || etcd.isAway) return;
            const { revision } = model;
            stream.send(() => handlers.onProgress(revision));
          });
        },
        cancel() {
          stream.end();
          stop();
        },
      };
    },

    keepAlive(leaseId: LeaseId, handlers) {
      const stream = openStream((error) => handlers.onEnd(error));
      return {
        send() {
          if (isLost('out')) {
            if (random.chance(0.5)) process.post(random.between(1, 2_000), stream.breakOff);
            return;
          }
          world.after(travel(), () => {
            if (etcd.isAway) return process.post(travel(), stream.breakOff);
            if (stream.isOver) return;
            const ttl = model.keepAlive(leaseId);
            if (ttl === 0) hit('session: a keep-alive finds its lease gone');
            stream.send(() => handlers.onAnswer(ttl));
          });
        },
        close: () => stream.end(),
      };
    },

    status: (options) =>
      call(false, options, () => ({
        members: [
          {
            id: '1',
            name: 'simulated',
            endpoint: '',
            version: '3.4.23',
            isLeader: true,
            isLearner: false,
            raftTerm: 1,
            dbSize: model.bytes,
            dbSizeInUse: model.bytes,
          },
        ],
        leaderId: '1',
        raftTerm: 1,
        alarms: model.noSpace ? [{ memberId: '1', kind: 'NOSPACE' as const }] : [],
      })),
    close() {},
  };
}
