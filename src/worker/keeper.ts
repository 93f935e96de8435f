// Keeps the record of ticks that no worker is there for, by one worker for all. Of a job that no registered worker
// matches: those that `catchUp` gives up, whoever comes; the others are left to who comes, as if nobody at all were
// there. Of a job of `mode: all`: those from before the first session of the workers that match, for each of these
// has its own ticks in hand since. It claims nothing; two that believe to keep the same job do no harm: each
// settlement compares the cursor.
import type { Timer } from '../common/core/clock.ts';
import { lapsedAt, settledUntil, ticksWithin, type Lapsed } from '../common/core/due.ts';
import { firstGap, type Told } from '../common/core/gaps.ts';
import { passedTicks } from '../common/core/lifecycle.ts';
import { instant, type Instant, type Millis, type Monotonic } from '../common/model/time.ts';
import type { Stretch } from '../common/model/run.ts';
import type { KeyValue, Revision } from '../common/store/etcd.ts';
import { codecs } from '../common/store/keyspace.ts';
import { getMany, listPages } from '../common/store/queries.ts';
import { settleTicks } from '../common/store/transactions/claims.ts';
import type { CursorMove } from '../common/store/transactions/cursor-moves.ts';
import type { JobEntry } from './job-table.ts';
import type { Overlaps } from './overlaps.ts';
import type { Peers } from './peers.ts';
import { carryThrough } from './persist.ts';
import type { Membership, WorkerPorts } from './ports.ts';
import type { Requests } from './requests.ts';

/**
 * A worker that restarts is gone for some seconds: only when nobody has matched for this long are ticks given
 * up. Also the least time between two records of a job.
 */
export const NOBODY_FOR: Millis = 10_000;
const RETRY: Millis = 1_000;
/** A wall clock that is stepped is noticed after this. */
const LONGEST_SLEEP: Millis = 30_000;
/** Gathers what one change of membership asks for. */
const GATHER: Millis = 5;
/** A record that grows with the ticks is followed by a new one after this. */
const LONGEST_RECORD: Millis = 86_400_000;
const NO_SESSIONS = { sessions: [], sessionsAt: 0 };

export interface KeeperOptions {
  readonly ports: WorkerPorts;
  readonly peers: Peers;
  readonly requests: Requests;
  readonly overlaps: Overlaps;
  readonly membership: () => Membership | undefined;
  /** Asked before ticks of the job are recorded. */
  readonly isSound: (entry: JobEntry) => boolean;
}

export interface Keeper {
  /** The job is kept by this worker, and something about it or about the workers has changed. */
  look(entry: JobEntry): void;
  letGo(entry: JobEntry): void;
  stop(): void;
}

interface KeptCursor {
  readonly settled: Instant | undefined;
  readonly revision: Revision;
  readonly floor: CursorMove['floor'];
  /** Under `mode: all`: what sessions have told of ticks that the cursor of all has not reached, read at a revision. */
  readonly sessions: readonly (Told & { readonly workerId: string })[];
  readonly sessionsAt: Revision;
}

interface Kept {
  /** Undefined: to be read. */
  cursor: KeptCursor | undefined;
  /** Mod revision of the definition that the cursor was read under. */
  jobRevision: Revision;
  isBusy: boolean;
  timer: Timer | undefined;
  notBefore: Monotonic | 0;
  /** The last record: it grows while the ticks follow each other. */
  record: { readonly id: string; readonly ticks: Stretch; readonly jobCreated: Revision } | undefined;
}

export function createKeeper(options: KeeperOptions): Keeper {
  const { ports, peers, requests, overlaps, membership } = options;
  const { etcd, keys, clock, logger, batcher } = ports;
  const submit = batcher.submit.bind(batcher);
  const kept = new Map<JobEntry, Kept>();
  let wanted = new Set<JobEntry>();
  let isReading = false;
  let stopped = false;

  const stateOf = (entry: JobEntry): Kept => {
    let state = kept.get(entry);
    if (!state) {
      state = {
        cursor: undefined,
        jobRevision: 0,
        isBusy: false,
        timer: undefined,
        notBefore: 0,
        record: undefined,
      };
      kept.set(entry, state);
    }
    return state;
  };

  const lookIn = (entry: JobEntry, state: Kept, delay: Millis): void => {
    state.timer?.cancel();
    state.timer = clock.setTimer(Math.min(delay, LONGEST_SLEEP), () => look(entry));
  };

  /** Slept in pieces, none of which asks the schedule anything: there may be 100,000 such jobs. */
  const lookAt = (entry: JobEntry, state: Kept, at: Instant): void => {
    const wait = at - clock.now();
    if (wait <= LONGEST_SLEEP) return lookIn(entry, state, wait);
    state.timer?.cancel();
    state.timer = clock.setTimer(LONGEST_SLEEP, () => lookAt(entry, state, at));
  };

  const look = (entry: JobEntry): void => {
    if (stopped || !entry.kept) return;
    const state = stateOf(entry);
    state.timer?.cancel();
    if (state.isBusy || !membership()?.isValid()) return;
    endStrays(entry);
    if (entry.rule.paused) return;
    const idle = peers.nobodyFor(entry.rule);
    const until = idle === undefined ? startOfOthers(entry) : clock.now();
    if (until === undefined) return;
    if (state.jobRevision !== entry.revision) state.cursor = undefined;
    const { missed, next } = lapsedBy(entry, state, until);
    if (!missed) {
      if (idle !== undefined && next !== undefined) lookAt(entry, state, next);
      return;
    }
    const early = Math.max(NOBODY_FOR - (idle ?? NOBODY_FOR), state.notBefore - clock.monotonic());
    if (idle !== undefined && early > 0) return lookIn(entry, state, early);
    if (!options.isSound(entry)) return;
    if (state.cursor === undefined) return want(entry, state);
    void settle(entry, state, missed);
  };

  /** Under `mode: all` nobody catches up what came before it joined. */
  const lapsedBy = (entry: JobEntry, { cursor }: Kept, until: Instant): Lapsed => {
    const { ticks, since, rule } = entry;
    if (!rule.all) return lapsedAt({ ticks, since, cursor: cursor?.settled, catchUp: rule.catchUp }, until);
    const settled = settledUntil({ since, cursor: cursor?.settled });
    return { missed: ticksWithin(ticks, settled, until), next: ticks.nextAfter(settled) };
  };

  /** Under `mode: all` the ticks since then are the affair of those that were there. */
  const startOfOthers = (entry: JobEntry): Instant | undefined =>
    entry.rule.all ? peers.earliestFor(entry.rule) : undefined;

  /** Requests to run on a worker that is gone, or that leaves: nobody else takes them. */
  const endStrays = (entry: JobEntry): void => {
    for (const each of requests.of(entry.name) ?? []) {
      const { worker } = each.record;
      if (worker !== undefined && entry.rule.all && !peers.takes(worker, entry.rule))
        overlaps.skipTrigger(
          entry,
          each,
          `it was asked of ${worker}, which is gone, takes no more work, or no longer may run it`,
        );
    }
  };

  const settle = async (entry: JobEntry, state: Kept, passed: Stretch): Promise<void> => {
    const member = membership();
    const { cursor } = state;
    if (!member || !cursor) return;
    // What comes after the last settled tick, and of that what no session has told of.
    const after = settledUntil({ since: entry.since, cursor: cursor.settled });
    const until = instant(passed.to);
    const gap = firstGap(entry.ticks, after, until, cursor.sessions);
    const untold = ticksWithin(entry.ticks, gap.after, gap.until);
    const to = untold?.to ?? until;
    const told = untold && recordOf(entry, state, untold, gap.after);
    const { floor, sessions, sessionsAt } = cursor;
    const intent = settleTicks(keys, {
      job: entry.name,
      jobRevision: entry.revision,
      cursor: { revision: cursor.revision, to, ...(floor ? { floor } : {}) },
      records: told ? [told.record] : [],
      ...(entry.rule.all
        ? {
            all: 'nobody',
            known: {
              workersAt: peers.knownAt,
              sessionsAt,
              passed: sessions
                .filter((each) => each.to > after && each.since < to)
                .map(({ workerId }) => workerId),
            },
          }
        : {}),
    });
    state.isBusy = true;
    let retry = 0;
    try {
      const outcome = await carryThrough(intent, { clock, submit, goesOn: () => member.isValid() });
      if (outcome.ok) {
        state.cursor = { ...cursor, settled: instant(to), revision: outcome.cursor.revision };
        if (told) state.record = { id: told.record.id, ticks: told.ticks, jobCreated: entry.created };
        if (gap.until === until) state.notBefore = (clock.monotonic() + NOBODY_FOR) as Monotonic;
      } else state.cursor = undefined;
      // The change is on its way to us; or a new registration is; or what a dead worker had claimed is not settled yet.
      if (!outcome.ok && (outcome.reason === 'definition-changed' || outcome.reason === 'lock-moved'))
        retry = RETRY;
    } catch (error) {
      logger.warn({ err: error, job: entry.name }, 'record of missed ticks without an answer');
      state.cursor = undefined;
      retry = RETRY;
    }
    state.isBusy = false;
    if (retry > 0) lookIn(entry, state, retry);
    else look(entry);
  };

  /** The last record goes on when these ticks follow its own. */
  const recordOf = (entry: JobEntry, { record: before }: Kept, untold: Stretch, after: Instant) => {
    const goesOn =
      before !== undefined &&
      before.jobCreated === entry.created &&
      before.ticks.to === after &&
      untold.to - before.ticks.from < LONGEST_RECORD;
    const ticks = goesOn
      ? { count: before.ticks.count + untold.count, from: before.ticks.from, to: untold.to }
      : untold;
    const record = passedTicks(
      { job: entry.name, generation: entry.generation, jobCreated: entry.created },
      'missed',
      ticks,
      {
        reason: whyNobody(entry),
        at: clock.now(),
        ...(goesOn ? { id: before.id } : { suffix: ports.randomSuffix() }),
      },
    );
    return { record, ticks };
  };

  const whyNobody = ({ rule }: JobEntry): string => `no worker${peers.missingFor(rule)} was there to run it`;

  const want = (entry: JobEntry, state: Kept): void => {
    state.isBusy = true;
    wanted.add(entry);
    if (isReading) return;
    isReading = true;
    clock.setTimer(GATHER, () => void read());
  };

  const keysOf = ({ name, rule }: JobEntry): [own: string, floor: string] =>
    rule.all ? [keys.cursorOfAll(name), keys.cursor(name)] : [keys.cursor(name), keys.cursorOfAll(name)];

  const read = async (): Promise<void> => {
    const batch = [...wanted].map((entry) => ({ entry, revision: entry.revision, at: keysOf(entry) }));
    wanted = new Set();
    let found: ReadonlyMap<string, KeyValue> | undefined;
    const sessions = new Map<JobEntry, Pick<KeptCursor, 'sessions' | 'sessionsAt'>>();
    try {
      for (const { entry } of batch) if (entry.rule.all) sessions.set(entry, await readSessions(entry.name));
      found = await getMany(
        etcd,
        batch.flatMap(({ at }) => at),
      );
    } catch (error) {
      logger.warn({ err: error, jobs: batch.length }, 'cursors could not be read; trying again');
    }
    isReading = false;
    for (const { entry, revision, at } of batch) {
      const state = kept.get(entry);
      if (!state) continue;
      state.isBusy = false;
      if (found) take(state, found, at, revision, sessions.get(entry));
      lookIn(entry, state, found ? 0 : RETRY);
    }
    if (wanted.size > 0 && !stopped) {
      isReading = true;
      clock.setTimer(GATHER, () => void read());
    }
  };

  const readSessions = async (job: string): Promise<Pick<KeptCursor, 'sessions' | 'sessionsAt'>> => {
    const sessions: (Told & { workerId: string })[] = [];
    let sessionsAt: Revision = 0;
    for await (const page of listPages(etcd, keys.cursorsOfSessions(job))) {
      sessionsAt = page.revision;
      for (const kv of page.kvs) {
        const { workerId, since } = keys.sessionOf(kv.key);
        const to = codecs.cursor.decode(kv.value);
        // What can't be read must not have ticks told as missed.
        sessions.push({ workerId, since: since || 0, to: to.ok ? to.value : clock.now() });
      }
    }
    return { sessions, sessionsAt };
  };

  const take = (
    state: Kept,
    found: ReadonlyMap<string, KeyValue>,
    [own, floor]: readonly [string, string],
    revision: Revision,
    { sessions, sessionsAt }: Pick<KeptCursor, 'sessions' | 'sessionsAt'> = NO_SESSIONS,
  ): void => {
    const ownKv = found.get(own);
    const floorKv = found.get(floor);
    const ticks = [ownKv, floorKv].flatMap((kv) => {
      const decoded = kv && codecs.cursor.decode(kv.value);
      // A cursor that can't be read must not have old ticks told as missed.
      return decoded ? [decoded.ok ? decoded.value : clock.now()] : [];
    });
    state.cursor = {
      settled: ticks.length === 0 ? undefined : instant(Math.max(...ticks)),
      revision: ownKv?.modRevision ?? 0,
      floor: floorKv && { key: floor, revision: floorKv.modRevision },
      sessions,
      sessionsAt,
    };
    state.jobRevision = revision;
  };

  return {
    look,
    letGo(entry) {
      kept.get(entry)?.timer?.cancel();
      kept.delete(entry);
      wanted.delete(entry);
    },
    stop() {
      stopped = true;
      for (const { timer } of kept.values()) timer?.cancel();
    },
  };
}
