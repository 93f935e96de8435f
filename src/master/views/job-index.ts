// All jobs in memory, small enough for 100,000 of them: the stored text, and what lists filter by. Parsed
// records live only as long as a page is made of them. A value that does not parse is kept and told.
import type { JobState } from '../../common/api/jobs.ts';
import { wishKey, wishOf, type Wish } from '../../common/core/eligible.ts';
import type { Change } from '../../common/store/follow.ts';
import type { KeyValue } from '../../common/store/etcd.ts';
import { jobNow } from '../intents/jobs.ts';

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
}

export interface JobWish extends Wish {
  /** How many jobs want it. */
  jobs: number;
}

export interface JobFilter {
  readonly q?: string | undefined;
  /** All must hold; undefined: the label is there, whatever its value. */
  readonly labels: readonly (readonly [key: string, value: string | undefined])[];
  readonly state?: JobState | undefined;
}

export interface JobIndex {
  apply(changes: readonly Change[]): void;
  readonly size: number;
  readonly brokenCount: number;
  /** What jobs that are not paused want of their workers. */
  wishes(): readonly Readonly<JobWish>[];
  /** Matching jobs by name, after `after`; `total` counts all that match, whatever the page. */
  find(
    filter: JobFilter,
    page: { after: string | undefined; limit: number },
  ): { entries: JobEntry[]; total: number };
}

const NO_LABELS = {};

/** `nameOf`: a key of etcd to the name of its job. `isRunning`: it holds a claim now. */
export function createJobIndex(
  nameOf: (key: string) => string,
  isRunning: (job: string) => boolean,
): JobIndex {
  const entries = new Map<string, JobEntry>();
  let broken = 0;
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

  const count = ({ wish }: JobEntry, change: 1 | -1): void => {
    if (wish === undefined) return;
    wish.jobs += change;
    if (wish.jobs === 0) wishes.delete(wishKey(wish));
  };

  const remove = (name: string): void => {
    const entry = entries.get(name);
    if (!entry) return;
    count(entry, -1);
    if (entry.broken) broken--;
    entries.delete(name);
  };

  const matches = (entry: JobEntry, filter: JobFilter): boolean => {
    if (filter.q !== undefined && !entry.text.includes(filter.q.toLowerCase())) return false;
    for (const [key, value] of filter.labels) {
      const own = Object.hasOwn(entry.labels, key) ? entry.labels[key] : undefined;
      if (own === undefined || (value !== undefined && own !== value)) return false;
    }
    switch (filter.state) {
      case undefined:
        return true;
      case 'broken':
        return entry.broken;
      case 'paused':
        return entry.paused;
      case 'running':
        return isRunning(entry.name);
      case 'active':
        return !entry.broken && !entry.paused;
    }
  };

  return {
    apply(changes) {
      for (const change of changes) {
        const name = nameOf(change.type === 'put' ? change.kv.key : change.key);
        const known = entries.has(name);
        remove(name);
        if (change.type === 'put') {
          const entry = toEntry(name, change.kv, shared);
          entries.set(name, entry);
          count(entry, 1);
          if (entry.broken) broken++;
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
    wishes: () => [...wishes.values()],
    find(filter, { after, limit }) {
      sorted ??= [...entries.keys()].sort((a, b) => (a < b ? -1 : 1));
      const found: JobEntry[] = [];
      let total = 0;
      for (const name of sorted) {
        const entry = entries.get(name)!;
        if (!matches(entry, filter)) continue;
        total++;
        if (found.length < limit && (after === undefined || name > after)) found.push(entry);
      }
      return { entries: found, total };
    },
  };
}

function toEntry(name: string, kv: KeyValue, shared: (wish: Wish) => JobWish): JobEntry {
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
    };
  }
  const { description = '', labels = NO_LABELS, paused } = record.definition;
  const wanted = wishOf(record.definition);
  const wantsNothing = paused || (wanted.labels === undefined && wanted.need === 'http');
  const wish = wantsNothing ? undefined : shared(wanted);
  return { name, kv, text: `${name} ${description}`.toLowerCase(), labels, paused, broken: false, wish };
}
