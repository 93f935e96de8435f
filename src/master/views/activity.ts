// How runs fare, from the records of history as they are written: minute by minute for a day, each job's last end, the
// jobs that failed lately, the runs of the last hour. Bounded by jobs and minutes, whatever runs. What was before this
// master began to watch it learns from what etcd keeps, little by little; that may be a part of what there was.
import { createActivityLog, type ActivityBucket, type End } from '../../common/core/activity.ts';
import type { Clock } from '../../common/core/clock.ts';
import { createRecentRuns, type RecentRuns } from '../../common/core/recent-runs.ts';
import { JOB_NAME, RUN_ID } from '../../common/model/ids.ts';
import type { Instant } from '../../common/model/time.ts';
import type { Etcd, KeyValue, Revision } from '../../common/store/etcd.ts';
import { startFollowPuts } from '../../common/store/follow-puts.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { startLearning, type Learning } from './activity-past.ts';
import { endedRun, type EndedRun } from './ended-run.ts';
import type { Views } from './views.ts';

/** Jobs whose last failure is kept. */
const MOST_FAILURES = 500;
/** Jobs whose growing record is known. */
const MOST_GROWING = 10_000;

/** Of each job. */
export interface JobLast {
  readonly id: string;
  readonly state: End;
  readonly endedAt: number;
  readonly durationMs: number | undefined;
  /** Its last run that was neither skipped nor killed went wrong, or was missed. */
  readonly failing: boolean;
}

export interface JobFailure {
  readonly run: EndedRun;
  /** Failures since `firstAt`, this one among them. */
  readonly count: number;
  readonly firstAt: number;
}

export interface Activity {
  /** From then on everything was seen; before it, what etcd kept. Undefined: nothing has been seen yet. */
  readonly since: Instant | undefined;
  /** Of all jobs the last end is known. */
  readonly isLearned: boolean;
  buckets(from: number, now: number, minutes: number): ActivityBucket[];
  lastOf(job: string): JobLast | undefined;
  /** Names of jobs. */
  readonly failing: ReadonlySet<string>;
  /** Newest first, one a job. */
  failures(limit: number): JobFailure[];
  recent: Pick<RecentRuns<EndedRun>, 'between'>;
  /** Called with each record as it is written; answers how to stop it. */
  listen(listener: (run: EndedRun, kv: KeyValue) => void): () => void;
  /** Called when records were written that it was not told of, or may not have been; answers how to stop it. */
  onGap(listener: () => void): () => void;
  stop(): void;
}

export interface ActivityDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
}

const WENT_WRONG: ReadonlySet<End> = new Set(['failed', 'timed_out', 'lost', 'missed']);

export function startActivity({ etcd, keys, clock, views }: ActivityDeps): Activity {
  const log = createActivityLog();
  const recent = createRecentRuns<EndedRun>();
  const lasts = new Map<string, JobLast>();
  const failing = new Set<string>();
  /** In the order of their last failures. */
  const failures = new Map<string, JobFailure>();
  /** Records that may grow, by job: how many ticks the last one stood for. */
  const growing = new Map<string, { readonly id: string; readonly count: number }>();
  const listeners = new Set<(run: EndedRun, kv: KeyValue) => void>();
  const gapListeners = new Set<() => void>();
  let since: Instant | undefined;
  let learning: Learning | undefined;
  /** Of the last record that was told. */
  let toldUpTo: Revision = 0;

  const noteLast = ({ job, id, state, endedAt, durationMs }: EndedRun): void => {
    const before = lasts.get(job);
    if (before && before.endedAt > endedAt) return;
    const isPassedOver = state === 'skipped' || state === 'killed';
    const isFailing = isPassedOver ? (before?.failing ?? false) : WENT_WRONG.has(state);
    lasts.set(job, { id, state, endedAt, durationMs, failing: isFailing });
    if (isFailing) failing.add(job);
    else failing.delete(job);
  };

  const noteFailure = (run: EndedRun): void => {
    if (!WENT_WRONG.has(run.state)) return;
    const before = failures.get(run.job);
    if (before && before.run.endedAt > run.endedAt) return;
    const isAgain = before?.run.id === run.id;
    failures.delete(run.job);
    failures.set(run.job, {
      run,
      count: (before?.count ?? 0) + (isAgain ? 0 : 1),
      firstAt: before?.firstAt ?? run.endedAt,
    });
    if (failures.size > MOST_FAILURES) failures.delete(failures.keys().next().value!);
  };

  /** How many ticks this writing of a record tells of that the one before did not. */
  const newTicks = (run: EndedRun): number => {
    if (run.startedAt !== undefined || (run.state !== 'skipped' && run.state !== 'missed'))
      return run.version > 1 ? 0 : 1;
    const count = run.ticks?.count ?? 1;
    const before = growing.get(run.job);
    growing.delete(run.job);
    growing.set(run.job, { id: run.id, count });
    if (growing.size > MOST_GROWING) growing.delete(growing.keys().next().value!);
    if (run.version <= 1) return count;
    // One that grew before we saw it grows by one at a time.
    return before?.id === run.id ? Math.max(0, count - before.count) : 1;
  };

  const note = (run: EndedRun, now: number): void => {
    const count = newTicks(run);
    const isLate = run.cause === 'schedule' || run.cause === 'catch_up';
    if (count > 0) {
      const stretch = run.version <= 1 ? run.ticks : undefined;
      const startLagMs = isLate ? run.startLagMs : undefined;
      const { state, endedAt, startedAt } = run;
      log.note({ state, endedAt, count, stretch, startedAt, startLagMs }, now);
    }
    if (run.version <= 1) recent.note(run, now);
    noteLast(run);
    noteFailure(run);
  };

  const read = (kv: KeyValue): EndedRun | undefined => {
    const [job = '', id = ''] = keys.partsOf(kv.key);
    return JOB_NAME.test(job) && RUN_ID.test(id) ? endedRun(kv, job, id) : undefined;
  };

  const forget = (gone: ReadonlySet<string>): void => {
    for (const job of gone) {
      lasts.delete(job);
      failing.delete(job);
      failures.delete(job);
      growing.delete(job);
    }
  };

  const clear = (): void => {
    log.clear();
    recent.clear();
    for (const each of [lasts, failing, failures, growing]) each.clear();
  };

  const begin = (revision: Revision): void => {
    if (since !== undefined) for (const listener of gapListeners) listener();
    since = clock.now();
    // What was noted before a gap stands, when it was all there was; a restored snapshot is another story.
    const noted = learning?.isDone === true && revision >= toldUpTo ? toldUpTo : 0;
    if (noted === 0) clear();
    toldUpTo = revision;
    learning?.stop();
    learning = startLearning({
      etcd,
      keys,
      clock,
      views,
      // What is written later is told by the watch.
      onRecord(kv) {
        const run = kv.modRevision > revision || kv.modRevision <= noted ? undefined : read(kv);
        if (run) note({ ...run, version: 1 }, clock.now());
      },
    });
  };

  const follow = startFollowPuts({
    etcd,
    clock,
    range: keys.runs,
    onBegin: begin,
    onPuts(kvs) {
      const now = clock.now();
      toldUpTo = kvs.at(-1)!.modRevision;
      for (const kv of kvs) {
        const run = read(kv);
        if (!run) continue;
        note(run, now);
        for (const listener of listeners) listener(run, kv);
      }
    },
  });
  const deaf = views.listen((family, changes) => {
    if (family !== 'jobs') return;
    const gone = new Set(
      changes.flatMap((change) => (change.type === 'delete' ? (keys.partsOf(change.key)[0] ?? []) : [])),
    );
    if (gone.size > 0) forget(gone);
  });

  return {
    get since() {
      return since;
    },
    get isLearned() {
      return learning?.isDone ?? false;
    },
    buckets: (from, now, minutes) => log.read(from, now, minutes),
    lastOf: (job) => lasts.get(job),
    failing,
    failures(limit) {
      const newest: JobFailure[] = [];
      for (const failure of failures.values()) newest.push(failure);
      return newest.sort((a, b) => b.run.endedAt - a.run.endedAt).slice(0, limit);
    },
    recent,
    listen(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    onGap(listener) {
      gapListeners.add(listener);
      return () => void gapListeners.delete(listener);
    },
    stop() {
      deaf();
      follow.stop();
      learning?.stop();
    },
  };
}
