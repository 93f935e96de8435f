// Every job as this worker knows it: what etcd holds, and what planning needs of it. Compact, for there may
// be 100,000: the definition is kept as text and read in full only when a run of it is claimed.
import type { Logger } from 'pino';
import type { Agenda, AgendaItem } from '../common/core/agenda.ts';
import type { TickSource } from '../common/core/due.ts';
import { wishKey, wishOf, type Wish } from '../common/core/eligible.ts';
import { fnv1a } from '../common/core/hash.ts';
import { compileSchedule } from '../common/core/definition.ts';
import { createScheduleCompiler } from '../common/core/schedule.ts';
import { durationMs } from '../common/model/duration.ts';
import type { CatchUpPolicy, JobRecord, OverlapPolicy } from '../common/model/job.ts';
import { instant, monotonic, type Instant, type Millis, type Monotonic } from '../common/model/time.ts';
import type { KeyValue, Revision } from '../common/store/etcd.ts';
import { codecs } from '../common/store/keyspace.ts';
import type { CursorMove } from '../common/store/transactions/cursor-moves.ts';

/** The part of a definition that planning goes by. Equal ones are one object. */
export interface PlanningRule extends Wish {
  readonly overlap: OverlapPolicy;
  readonly catchUp: { readonly policy: CatchUpPolicy; readonly window: Millis };
  /** What it wants of its workers as text: equal for equal wishes. */
  readonly wants: string;
  /** Each matching worker runs each tick, by a lock and a cursor of its own. */
  readonly all: boolean;
  readonly paused: boolean;
}

/** Why an entry is not planned at the moment. `held`: a run of it is on here, and holds the lock. */
export type Busy = 'no' | 'asking' | 'held' | 'full';

export interface JobEntry extends AgendaItem {
  readonly name: string;
  readonly hash: number;
  /** Mod and create revision of its key. */
  revision: Revision;
  created: Revision;
  /** The record with every default filled in, written by us: it parses. */
  text: string;
  /** The text has every default in it: it was written by this process. */
  isComplete: boolean;
  rule: PlanningRule;
  ticks: TickSource;
  since: Instant;
  generation: number;
  /** Nothing up to here is this worker's to run: by its cursor, by the floor, by its session under `mode: all`. */
  cursor: Instant | undefined;
  cursorRevision: Revision;
  /** False: the cursor is another worker's affair and may have moved. */
  cursorKnown: boolean;
  /** Whose cursor it is: of this worker id under `mode: all`; undefined: the job's. */
  cursorOwner: string | undefined;
  /** The other mode's cursor, when the job has one. */
  floor: CursorMove['floor'];
  /** This worker claims its ticks: the first of the ranking, or under `mode: all` each that matches. */
  owned: boolean;
  /** This worker records the ticks that no worker is there for. */
  kept: boolean;
  busy: Busy;
  /** Run that makes it `held`. */
  holder: string | undefined;
  on: Agenda<JobEntry> | undefined;
  /** When it last used a slot of this worker. */
  usedAt: Monotonic;
}

export interface JobTable {
  readonly entries: ReadonlyMap<string, JobEntry>;
  /** Jobs whose value does not parse, with the reason. */
  readonly broken: ReadonlyMap<string, string>;
  get(job: string): JobEntry | undefined;
  /** Takes a definition; undefined: it does not parse, which is told, and the job is not planned any more. */
  put(job: string, kv: KeyValue): JobEntry | undefined;
  /** The entry that was there. */
  remove(job: string): JobEntry | undefined;
  recordOf(entry: JobEntry): JobRecord;
}

export function createJobTable(logger: Logger): JobTable {
  const entries = new Map<string, JobEntry>();
  const broken = new Map<string, string>();
  const rules = new Map<string, PlanningRule>();
  const compiler = createScheduleCompiler();

  const refuse = (job: string, reason: string): undefined => {
    if (broken.get(job) !== reason)
      logger.error({ job, reason }, 'job skipped: its value in etcd is not a job definition');
    broken.set(job, reason);
    entries.delete(job);
  };

  const ruleOf = ({ definition }: JobRecord): PlanningRule => {
    const { overlap, catchUp, workers, paused } = definition;
    const { mode } = workers;
    const wish = wishOf(definition);
    const wants = wishKey(wish);
    const key = JSON.stringify([overlap, catchUp.policy, catchUp.window, wants, mode, paused]);
    let rule = rules.get(key);
    if (!rule) {
      const window = durationMs(catchUp.window)!;
      rule = {
        overlap,
        catchUp: { policy: catchUp.policy, window },
        labels: wish.labels,
        need: wish.need,
        wants,
        all: mode === 'all',
        paused,
      };
      rules.set(key, rule);
    }
    return rule;
  };

  const fill = (entry: JobEntry, kv: KeyValue, record: JobRecord, ticks: TickSource): JobEntry => {
    // Changed from one mode to the other, and perhaps back, other cursors have moved. Read from now on they stand
    // as the last claim of an older definition left them.
    entry.cursorKnown = false;
    // Deleted and created again: the old cursor is not this job's.
    if (entry.created !== kv.createRevision) {
      entry.cursor = undefined;
      entry.cursorRevision = 0;
      entry.cursorOwner = undefined;
      entry.floor = undefined;
    }
    entry.revision = kv.modRevision;
    entry.created = kv.createRevision;
    entry.text = kv.value;
    entry.isComplete = false;
    entry.rule = ruleOf(record);
    entry.ticks = ticks;
    entry.since = instant(record.since);
    entry.generation = record.generation;
    return entry;
  };

  const remove = (job: string): JobEntry | undefined => {
    const entry = entries.get(job);
    entries.delete(job);
    broken.delete(job);
    return entry;
  };

  return {
    entries,
    broken,
    get: (job) => entries.get(job),
    put(job, kv) {
      const decoded = codecs.job.decode(kv.value);
      if (!decoded.ok) return refuse(job, decoded.error);
      const { definition, anchor } = decoded.value;
      if (definition.name !== job)
        return refuse(job, `name: the definition is named ${JSON.stringify(definition.name)}`);
      const compiled = compileSchedule(definition, instant(anchor), compiler);
      if (!compiled.ok)
        return refuse(job, compiled.issues.map((issue) => `${issue.path}: ${issue.message}`).join('; '));
      broken.delete(job);
      const known = entries.get(job);
      if (known) return fill(known, kv, decoded.value, compiled.value);
      const entry: JobEntry = {
        name: job,
        hash: fnv1a(job),
        revision: kv.modRevision,
        created: kv.createRevision,
        text: kv.value,
        isComplete: false,
        rule: ruleOf(decoded.value),
        ticks: compiled.value,
        since: instant(decoded.value.since),
        generation: decoded.value.generation,
        cursor: undefined,
        cursorRevision: 0,
        cursorKnown: false,
        cursorOwner: undefined,
        floor: undefined,
        owned: false,
        kept: false,
        busy: 'no',
        holder: undefined,
        on: undefined,
        usedAt: monotonic(-Infinity),
        due: instant(0),
        place: -1,
      };
      entries.set(job, entry);
      return entry;
    },
    remove,
    recordOf(entry) {
      // The schema is asked once more, for what it fills in; not at each claim, and not for jobs that are never due.
      if (entry.isComplete) return JSON.parse(entry.text) as JobRecord;
      const decoded = codecs.job.decode(entry.text);
      if (!decoded.ok) throw new Error(`${entry.name} was put, and does not parse: ${decoded.error}`);
      entry.text = codecs.job.encode(decoded.value);
      entry.isComplete = true;
      return decoded.value;
    },
  };
}
