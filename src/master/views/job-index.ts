// All jobs in memory, small enough for 100,000 of them: the stored text, and what lists filter by. Parsed
// records live only as long as a page is made of them. A value that does not parse is kept and told.
import { compileSchedule } from '../../common/core/definition.ts';
import { wishKey, wishOf, type Wish } from '../../common/core/eligible.ts';
import type { Schedule, ScheduleCompiler } from '../../common/core/schedule.ts';
import { instant } from '../../common/model/time.ts';
import type { Change } from '../../common/store/follow.ts';
import type { KeyValue } from '../../common/store/etcd.ts';
import { jobNow } from '../intents/jobs.ts';
import { top } from '../top.ts';

export interface JobEntry {
  readonly name: string;
  readonly kv: KeyValue;
  /** Name and description in lower case. */
  readonly text: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly paused: boolean;
  readonly broken: boolean;
  /** What it wants of its workers, while it is not paused; undefined: any will do. Equal ones are one object. */
  readonly wish: JobWish | undefined;
  /** While it is not paused; undefined also of one that is not understood. Equal ones are mostly one object. */
  readonly schedule: Schedule | undefined;
  /** No tick at or before. */
  readonly since: number;
  /** Its next tick when it was last asked for (reads/next-ticks); Infinity: none. To be asked for anew once it is past. */
  next: number;
}

export interface JobWish extends Wish {
  /** How many jobs want it. */
  jobs: number;
}

export interface JobFilter {
  readonly q?: string | undefined;
  /** All must hold; undefined: the label is there, whatever its value. */
  readonly labels: readonly (readonly [key: string, value: string | undefined])[];
  /** Undefined: any. */
  readonly is?: ((entry: JobEntry) => boolean) | undefined;
}

/** Whether an entry is one of those that are looked for. */
export function matcher({ q, labels, is }: JobFilter): (entry: JobEntry) => boolean {
  const part = q?.toLowerCase();
  return (entry) => {
    if (part !== undefined && !entry.text.includes(part)) return false;
    for (const [key, value] of labels) {
      const own = Object.hasOwn(entry.labels, key) ? entry.labels[key] : undefined;
      if (own === undefined || (value !== undefined && own !== value)) return false;
    }
    return is === undefined || is(entry);
  };
}

export interface LabelCount {
  jobs: number;
  /** How many jobs have each value. */
  readonly values: Map<string, number>;
}

export interface JobIndex {
  apply(changes: readonly Change[]): void;
  readonly size: number;
  readonly brokenCount: number;
  readonly pausedCount: number;
  get(name: string): JobEntry | undefined;
  /** All, in no order. */
  entries(): Iterable<JobEntry>;
  /** In order. */
  names(): readonly string[];
  /** By key. */
  labels(): ReadonlyMap<string, Readonly<LabelCount>>;
  /** What jobs that are not paused want of their workers. */
  wishes(): readonly Readonly<JobWish>[];
  /** Matching jobs by name, after `after` and `skip` more; `total` counts all that match, whatever the page. */
  find(
    filter: JobFilter,
    page: { after: string | undefined; limit: number; skip?: number; descending?: boolean },
  ): { entries: JobEntry[]; total: number };
}

const NO_LABELS = {};

/** `nameOf`: a key of etcd to the name of its job. */
export function createJobIndex(nameOf: (key: string) => string, compiler: ScheduleCompiler): JobIndex {
  const entries = new Map<string, JobEntry>();
  let broken = 0;
  let paused = 0;
  /** Names in order; undefined after jobs came or went. */
  let sorted: string[] | undefined = [];

  /** By what is wanted, as text. */
  const wishes = new Map<string, JobWish>();

  const shared = (wish: Wish): JobWish => {
    const key = wishKey(wish);
    let known = wishes.get(key);
    if (!known) {
      known = { ...wish, jobs: 0 };
      wishes.set(key, known);
    }
    return known;
  };

  const labelCounts = new Map<string, LabelCount>();
  const countLabel = (key: string, value: string, change: 1 | -1): void => {
    const known = labelCounts.get(key) ?? { jobs: 0, values: new Map<string, number>() };
    known.jobs += change;
    const jobs = (known.values.get(value) ?? 0) + change;
    if (jobs === 0) known.values.delete(value);
    else known.values.set(value, jobs);
    if (known.jobs === 0) labelCounts.delete(key);
    else labelCounts.set(key, known);
  };

  const count = ({ wish, labels }: JobEntry, change: 1 | -1): void => {
    for (const [key, value] of Object.entries(labels)) countLabel(key, value, change);
    if (wish === undefined) return;
    wish.jobs += change;
    if (wish.jobs === 0) wishes.delete(wishKey(wish));
  };

  const inOrder = (): readonly string[] => (sorted ??= [...entries.keys()].sort((a, b) => (a < b ? -1 : 1)));

  /** Looks at no other names than those of the page. */
  const namedPage = (
    after: string | undefined,
    skip: number,
    limit: number,
    descending: boolean,
  ): JobEntry[] => {
    const names = inOrder();
    let low = 0;
    let high = names.length;
    if (after === undefined) low = descending ? high : 0;
    else
      while (low < high) {
        const middle = (low + high) >> 1;
        if (names[middle]! < after || (!descending && names[middle] === after)) low = middle + 1;
        else high = middle;
      }
    const from = descending ? Math.max(0, low - skip) : low + skip;
    const page = descending
      ? names.slice(Math.max(0, from - limit), from).toReversed()
      : names.slice(from, from + limit);
    return page.map((name) => entries.get(name)!);
  };

  const remove = (name: string): void => {
    const entry = entries.get(name);
    if (!entry) return;
    count(entry, -1);
    if (entry.broken) broken--;
    if (entry.paused) paused--;
    entries.delete(name);
  };

  return {
    apply(changes) {
      for (const change of changes) {
        const name = nameOf(change.type === 'put' ? change.kv.key : change.key);
        const known = entries.has(name);
        remove(name);
        if (change.type === 'put') {
          const entry = toEntry(name, change.kv, shared, compiler);
          entries.set(name, entry);
          count(entry, 1);
          if (entry.broken) broken++;
          if (entry.paused) paused++;
        }
        if (known !== entries.has(name)) sorted = undefined;
      }
    },
    get size() {
      return entries.size;
    },
    get brokenCount() {
      return broken;
    },
    get pausedCount() {
      return paused;
    },
    get: (name) => entries.get(name),
    entries: () => entries.values(),
    names: inOrder,
    labels: () => labelCounts,
    wishes: () => [...wishes.values()],
    find(filter, { after, limit, skip = 0, descending = false }) {
      const isAny = filter.q === undefined && filter.labels.length === 0 && filter.is === undefined;
      if (isAny) return { entries: namedPage(after, skip, limit, descending), total: entries.size };
      const matches = matcher(filter);
      const first = top<JobEntry>(skip + limit, descending ? (a, b) => -byName(a, b) : byName);
      let total = 0;
      for (const entry of entries.values()) {
        if (!matches(entry)) continue;
        total++;
        const { name } = entry;
        if (after === undefined || (descending ? name < after : name > after)) first.add(entry);
      }
      return { entries: first.list().slice(skip), total };
    },
  };
}

const byName = (a: JobEntry, b: JobEntry): number => (a.name < b.name ? -1 : 1);

function toEntry(
  name: string,
  kv: KeyValue,
  shared: (wish: Wish) => JobWish,
  compiler: ScheduleCompiler,
): JobEntry {
  const { record } = jobNow(kv);
  // A record that stands under another's key would be run, shown and deleted under the wrong name.
  if (!record || record.definition.name !== name) {
    return {
      name,
      kv,
      text: name.toLowerCase(),
      labels: NO_LABELS,
      paused: false,
      broken: true,
      wish: undefined,
      schedule: undefined,
      since: 0,
      next: Infinity,
    };
  }
  const { description = '', labels = NO_LABELS, paused } = record.definition;
  const wanted = wishOf(record.definition);
  const wantsNothing = paused || (wanted.labels === undefined && wanted.need === 'http');
  const compiled = paused ? undefined : compileSchedule(record.definition, instant(record.anchor), compiler);
  const schedule = compiled?.ok ? compiled.value : undefined;
  return {
    name,
    kv,
    text: `${name} ${description}`.toLowerCase(),
    labels,
    paused,
    broken: false,
    wish: wantsNothing ? undefined : shared(wanted),
    schedule,
    since: record.since,
    // Past: it has not been asked for.
    next: schedule === undefined || schedule.isManual ? Infinity : -Infinity,
  };
}
