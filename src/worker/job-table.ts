// Every job as this worker knows it: what etcd holds, and what planning needs of it. Compact, for there may
// be 100,000: the definition is kept as text and read in full only when the job is first acted on.
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
import { codecs, type Decoded } from '../common/store/keyspace.ts';
import type { CursorMove } from '../common/store/transactions/cursor-moves.ts';
import { glanceAt, type PlannedJob } from './glance.ts';

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
  /** The record as it is stored; once the schema has taken it, with every default filled in. */
  text: string;
  /** The schema has taken the text. */
  isSound: boolean;
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
  /**
   * Whether the whole definition is one: to be asked before the job is acted on, for put() looks at what planning
   * needs. False: it does not parse; it is told, and the entry is gone.
   */
  isSound(entry: JobEntry): boolean;
  /** Undefined: not sound, or no entry any more. */
  recordOf(entry: JobEntry): JobRecord | undefined;
}

export interface JobTableOptions {
  readonly logger: Logger;
  /** It was not sound. */
  readonly onRefused: (entry: JobEntry) => void;
}

function planned(text: string): Decoded<PlannedJob> {
  const value = glanceAt(text);
  return value ? { ok: true, value } : codecs.job.decode(text);
}

export function createJobTable({ logger, onRefused }: JobTableOptions): JobTable {
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

  const ruleOf = ({ definition }: PlannedJob): PlanningRule => {
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

  const fill = (entry: JobEntry, kv: KeyValue, record: PlannedJob, ticks: TickSource): JobEntry => {
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
    entry.isSound = false;
    entry.rule = ruleOf(record);
    entry.ticks = ticks;
    entry.since = instant(record.since);
    entry.generation = record.generation;
    return entry;
  };

  /** The schema is asked once, for what it refuses and what it fills in; not for jobs that are never due. */
  const isSound = (entry: JobEntry): boolean => {
    if (entry.isSound) return true;
    if (entries.get(entry.name) !== entry) return false;
    const decoded = codecs.job.decode(entry.text);
    if (decoded.ok) {
      entry.text = codecs.job.encode(decoded.value);
      entry.isSound = true;
      return true;
    }
    refuse(entry.name, decoded.error);
    onRefused(entry);
    return false;
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
      const read = planned(kv.value);
      if (!read.ok) return refuse(job, read.error);
      const { definition, anchor } = read.value;
      if (definition.name !== job)
        return refuse(job, `name: the definition is named ${JSON.stringify(definition.name)}`);
      const compiled = compileSchedule(definition, instant(anchor), compiler);
      if (!compiled.ok)
        return refuse(job, compiled.issues.map((issue) => `${issue.path}: ${issue.message}`).join('; '));
      broken.delete(job);
      const known = entries.get(job);
      if (known) return fill(known, kv, read.value, compiled.value);
      const entry: JobEntry = {
        name: job,
        hash: fnv1a(job),
        revision: kv.modRevision,
        created: kv.createRevision,
        text: kv.value,
        isSound: false,
        rule: ruleOf(read.value),
        ticks: compiled.value,
        since: instant(read.value.since),
        generation: read.value.generation,
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
    isSound,
    recordOf: (entry) => (isSound(entry) ? (JSON.parse(entry.text) as JobRecord) : undefined),
  };
}
