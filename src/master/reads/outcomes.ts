// What became of a job's ticks: definition, cursor, claims and history of one job, read at one revision, and
// judged by core/outcomes. Bounded by what a history may hold, whatever the stretch that is asked about.
import type { Clock } from '../../common/core/clock.ts';
import { erasOf, limitsSince, type Era } from '../../common/core/outcome-eras.ts';
import { evidenceOf } from '../../common/core/outcome-evidence.ts';
import {
  historyEdge,
  historyHint,
  instantOfRunId,
  type HistoryEdge,
} from '../../common/core/outcome-history.ts';
import {
  outcomesOf,
  type Nobody,
  type Segment,
  type TickOutcome,
  type TickQuestion,
} from '../../common/core/outcomes.ts';
import type { ScheduleCompiler } from '../../common/core/schedule.ts';
import { durationMs } from '../../common/model/duration.ts';
import type { JobDefinition, JobRecord } from '../../common/model/job.ts';
import type { RunRecord } from '../../common/model/run.ts';
import type { WorkerRecord } from '../../common/model/worker.ts';
import { instant, type Instant, type Millis } from '../../common/model/time.ts';
import { EtcdError, type Etcd, type KeyValue, type Op, type Revision } from '../../common/store/etcd.ts';
import { codecs, type Keyspace } from '../../common/store/keyspace.ts';
import { listPages } from '../../common/store/queries.ts';
import { VERSIONS_KEPT } from '../../common/store/transactions/jobs.ts';
import { get, getSome, kvAt, kvsOf } from '../../common/store/transactions/parts.ts';
import { brokenJob, jobNow, noSuchJob } from '../intents/jobs.ts';
import type { Views } from '../views/views.ts';
import { CATCH_UP_MS } from './runs.ts';
import { nobodyFor } from './why-waits.ts';

/** Both ends included. */
export interface AskedStretch {
  readonly from: Instant;
  readonly to: Instant;
}

export interface OutcomeQuery {
  /** Called once, with the instant of the look and the job as it is; what it throws is thrown. */
  readonly stretch: (now: Instant, definition: JobDefinition) => AskedStretch;
  readonly grace: Millis;
}

export interface JobOutcomes extends AskedStretch {
  readonly now: Instant;
  readonly segments: readonly Segment[];
  readonly createdAt: number;
  readonly scheduleKnownFrom: Instant;
  /** -Infinity: all records are there. */
  readonly knownAfter: number;
  /** What would let it be known from earlier on. */
  readonly historyHint: string | undefined;
}

export interface OutcomeReader {
  /** Throws job_not_found, job_broken. */
  read(job: string, query: OutcomeQuery): Promise<JobOutcomes>;
}

export interface OutcomeReaderDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly views: Views;
  readonly compiler: ScheduleCompiler;
}

/** A history holds 1,000 records and some; of a longer one the newest. */
const MOST_RECORDS = 5_000;
const RECORDS_PER_PAGE = 500;
const MOST_CLAIMS = 1_000;
const KEYS_PER_REQUEST = 100;
const TRIES = 3;

interface JobRead {
  readonly revision: Revision;
  readonly records: readonly JobRecord[];
  readonly created: Revision;
  readonly eras: readonly Era[];
  readonly cursor: Instant | undefined;
  readonly held: { readonly runId: string; readonly startAt: number } | undefined;
  readonly retriesAsked: ReadonlySet<string>;
  readonly cutAt: number;
  /** Of claims that are on. */
  readonly claims: readonly string[];
}

export function outcomeReader({ etcd, keys, clock, views, compiler }: OutcomeReaderDeps): OutcomeReader {
  const readJob = async (job: string): Promise<JobRead> => {
    const result = await etcd.txn({
      compare: [],
      success: [
        get(keys.job(job)),
        get(keys.cursor(job)),
        get(keys.lock(job)),
        getSome(keys.locksBelow(job), MOST_CLAIMS),
        getSome(keys.triggersOf(job), MOST_CLAIMS),
        get(keys.historyCut),
        get(keys.cursorOfAll(job)),
        { ...getSome(keys.versionsOf(job), VERSIONS_KEPT), descending: true },
      ],
      failure: [],
    });
    const kv = kvAt(result, 0);
    if (!kv) throw noSuchJob(job);
    const { record, error } = jobNow(kv);
    if (!record) throw brokenJob(job, error);
    const versions = kvsOf(result.responses[7]).flatMap((each) => jobNow(each).record ?? []);
    const records = [...versions.filter(({ generation }) => generation < record.generation), record];
    const eras = erasOf(records, compiler);
    if (!eras) throw brokenJob(job, 'its schedule is not understood');
    // That of the mode, and that of the other mode, up to which nothing is due either.
    const cursors = [1, 6].flatMap((index) => instantIn(kvAt(result, index)) ?? []);
    const locks = [2, 3]
      .flatMap((index) => kvsOf(result.responses[index]))
      .flatMap((each) => readLock(each) ?? []);
    const isHeld = kvAt(result, 2) !== undefined || record.definition.workers.mode === 'all';
    return {
      revision: result.revision,
      records,
      created: kv.createRevision,
      eras,
      cursor: cursors.length === 0 ? undefined : instant(Math.max(...cursors)),
      held: isHeld ? locks[0] : undefined,
      retriesAsked: new Set(kvsOf(result.responses[4]).flatMap((each) => retryOf(each) ?? [])),
      cutAt: instantIn(kvAt(result, 5)) ?? -Infinity,
      claims: locks.map(({ worker, runId }) => keys.active(worker, job, runId)),
    };
  };

  const readHistory = async (job: string, revision: Revision): Promise<KeyValue[]> => {
    const found: KeyValue[] = [];
    const options = { revision, descending: true, limit: RECORDS_PER_PAGE };
    for await (const page of listPages(etcd, keys.runsOf(job), options)) {
      found.push(...page.kvs);
      if (found.length >= MOST_RECORDS) break;
    }
    return found;
  };

  /** Of these keys of active records, and whether their workers are registered, as of a revision. */
  const readActive = async (claims: readonly string[], revision: Revision): Promise<Active[]> => {
    const found: Active[] = [];
    for (let i = 0; i < claims.length; i += KEYS_PER_REQUEST / 2) {
      const some = claims.slice(i, i + KEYS_PER_REQUEST / 2);
      const success = some.flatMap((key): Op[] => [
        { type: 'range', key, revision },
        { type: 'range', key: keys.worker(keys.partsOf(key)[0]!), revision, keysOnly: true },
      ]);
      const { responses } = await etcd.txn({ compare: [], success, failure: [] });
      for (const index of some.keys()) {
        const kv = kvsOf(responses[index * 2])[0];
        if (kv) found.push({ kv, isAlive: kvsOf(responses[index * 2 + 1]).length > 0 });
      }
    }
    return found;
  };

  /** All claims of the job, whoever holds them: of a worker that is dead they have no lock. */
  const allClaims = async (job: string, revision: Revision): Promise<string[]> => {
    const found: string[] = [];
    for await (const page of listPages(etcd, keys.actives, { revision, keysOnly: true }))
      for (const { key } of page.kvs) if (keys.partsOf(key)[1] === job) found.push(key);
    return found;
  };

  /** As of a revision: who is free in it, and has left a tick, has done so. */
  const readWorkers = async (revision: Revision): Promise<WorkerRecord[]> => {
    const found: WorkerRecord[] = [];
    for await (const page of listPages(etcd, keys.workers, { revision }))
      for (const kv of page.kvs) {
        const decoded = codecs.worker.decode(kv.value);
        if (decoded.ok) found.push(decoded.value);
      }
    return found;
  };

  const look = async (job: string, query: OutcomeQuery): Promise<JobOutcomes> => {
    // Before the read: what is due by now was there to be settled when it was read.
    const now = clock.now();
    const read = await readJob(job);
    const { from, to } = query.stretch(now, read.records.at(-1)!.definition);
    const history = await readHistory(job, read.revision);
    const judge = async (
      claims: readonly string[],
      nobody?: Nobody,
    ): Promise<[readonly Segment[], HistoryEdge]> => {
      const active = await readActive([...new Set(claims)], read.revision);
      const asked = { from, to, now, grace: query.grace, nobody };
      const [question, edge] = questionOf(read, history, active, asked);
      return [outcomesOf(question), edge];
    };
    let claims: readonly string[] = [...read.claims, ...views.runs.of(job).map(({ key }) => key)];
    let answer = await judge(claims);
    const has = (wanted: TickOutcome): boolean => answer[0].some(({ outcome }) => outcome === wanted);
    // The view of claims may be a moment older or newer than the revision: before an alarm, all are read.
    if (has('unexplained')) answer = await judge((claims = await allClaims(job, read.revision)));
    // Most often nothing waits.
    if (has('unexplained') || has('waiting')) {
      const nobody = nobodyFor(read.records.at(-1)!.definition, await readWorkers(read.revision), now);
      if (nobody) answer = await judge(claims, nobody);
    }
    const [segments, { knownAfter, cutBy }] = answer;
    const { createdAt, definition } = read.records.at(-1)!;
    return {
      from,
      to,
      now,
      segments,
      createdAt,
      scheduleKnownFrom: read.eras[0]!.after,
      knownAfter,
      historyHint: cutBy && historyHint(cutBy, definition.history),
    };
  };

  return {
    async read(job, query) {
      await views.caughtUp(CATCH_UP_MS);
      for (let tries = 1; ; tries++) {
        try {
          return await look(job, query);
        } catch (error) {
          if (!(error instanceof EtcdError) || error.kind !== 'compacted' || tries === TRIES) throw error;
        }
      }
    },
  };
}

interface Active {
  readonly kv: KeyValue;
  readonly isAlive: boolean;
}

const readLock = (kv: KeyValue): { runId: string; worker: string; startAt: number } | undefined => {
  const decoded = codecs.lock.decode(kv.value);
  return decoded.ok ? decoded.value : undefined;
};

const instantIn = (kv: KeyValue | undefined): number | undefined => {
  const decoded = kv && codecs.cursor.decode(kv.value);
  return decoded?.ok ? decoded.value : undefined;
};

const retryOf = (kv: KeyValue): string | undefined => {
  const decoded = codecs.trigger.decode(kv.value);
  return decoded.ok ? decoded.value.retryOf : undefined;
};

/** `unreadable`: the instants of records that do not parse, which their keys tell. */
function parse(kvs: readonly KeyValue[], unreadable: Set<number>): RunRecord[] {
  return kvs.flatMap((kv) => {
    const decoded = codecs.run.decode(kv.value);
    if (decoded.ok) return [decoded.value];
    unreadable.add(instantOfRunId(idOf(kv)));
    return [];
  });
}

const idOf = ({ key }: KeyValue): string => key.slice(key.lastIndexOf('/') + 1);

function questionOf(
  read: JobRead,
  history: readonly KeyValue[],
  active: readonly Active[],
  asked: Pick<TickQuestion, 'from' | 'to' | 'now' | 'grace' | 'nobody'>,
): [TickQuestion, HistoryEdge] {
  const unreadable = new Set<number>();
  const ended = parse(history, unreadable);
  const isOfJob = ({ jobCreated }: RunRecord): boolean => jobCreated === read.created;
  const on = parse(
    active.map(({ kv }) => kv),
    unreadable,
  ).filter(isOfJob);
  const dead = new Set(active.flatMap(({ kv, isAlive }) => (isAlive ? [] : [idOf(kv)])));
  const evidence = evidenceOf(ended, on);
  const { definition, createdAt } = read.records.at(-1)!;
  const edge = historyEdge({
    limits: {
      keep: definition.history.keep,
      maxAge: durationMs(definition.history.for) ?? Infinity,
      limitsSince: limitsSince(read.records, durationMs),
      cutAt: read.cutAt,
      createdAt,
    },
    ids: history.map(idOf),
    evidence,
    now: asked.now,
  });
  const question: TickQuestion = {
    ...asked,
    eras: read.eras,
    evidence,
    allRuns: [...ended, ...on],
    cursor: read.cursor,
    knownAfter: edge.knownAfter,
    held: read.held,
    retriesAsked: read.retriesAsked,
    ownerGone: dead,
    unreadable,
  };
  return [question, edge];
}
