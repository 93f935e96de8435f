// Which jobs a list shows, and in what order. One look at each job, whatever is asked for; only a page of them is put
// in order. Sorted by what changes, a page follows the one before by the value that its last job had.
import { JOB_SORTS, type JobFilterState, type JobSort } from '../../common/api/jobs.ts';
import { decodeCursor, encodeCursor } from '../../common/api/paging.ts';
import { invalidInput } from '../../common/api/problems.ts';
import type { End } from '../../common/core/activity.ts';
import { mayRun } from '../../common/core/eligible.ts';
import type { Activity } from '../views/activity.ts';
import { matcher, type JobEntry, type JobFilter } from '../views/job-index.ts';
import type { Views } from '../views/views.ts';
import type { NextTicks } from './next-ticks.ts';
import { top } from '../top.ts';

export interface JobSearch {
  readonly q?: string | undefined;
  readonly label?: string | readonly string[] | undefined;
  readonly state: readonly JobFilterState[];
}

export interface JobPageQuery extends JobSearch {
  readonly name: readonly string[];
  readonly sort: JobSort;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
  readonly cursor?: string | undefined;
  readonly offset?: number | undefined;
}

export interface FoundJobs {
  readonly entries: readonly JobEntry[];
  readonly nextCursor: string | null;
  readonly total: number;
}

export interface SearchDeps {
  readonly views: Views;
  readonly activity: Activity;
  readonly nextTicks: NextTicks;
}

/** `['team=data,tier', 'x=1']` -> [['team','data'],['tier',undefined],['x','1']]. */
export function labelsOf(label: JobSearch['label']): JobFilter['labels'] {
  const texts = label === undefined ? [] : typeof label === 'string' ? [label] : label;
  return texts
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '')
    .map((text) => {
      const at = text.indexOf('=');
      return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
    });
}

/** What the words of a search mean now. */
export const filterOf = ({ q, label, state }: JobSearch, deps: SearchDeps): JobFilter => ({
  q,
  labels: labelsOf(label),
  is: stateTest(state, deps),
});

function stateTest(
  states: readonly JobFilterState[],
  { views, activity }: SearchDeps,
): ((entry: JobEntry) => boolean) | undefined {
  if (states.length === 0) return undefined;
  const workers = views.workers.records();
  const unmet = new Set(
    views.jobs.wishes().filter((wish) => !workers.some((worker) => mayRun(wish, worker))),
  );
  const tests: Record<JobFilterState, (entry: JobEntry) => boolean> = {
    active: ({ broken, paused }) => !broken && !paused,
    running: ({ name }) => views.runs.countOf(name) > 0,
    paused: ({ paused }) => paused,
    broken: ({ broken }) => broken,
    failing: ({ name }) => activity.failing.has(name),
    unschedulable: ({ broken, paused, wish }) =>
      !broken && !paused && (workers.length === 0 || (wish !== undefined && unmet.has(wish))),
  };
  const asked = states.map((state) => tests[state]);
  return (entry) => asked.some((test) => test(entry));
}

/** What went wrong first; what is not known last. */
const SEVERITY: Readonly<Record<End, number>> = {
  lost: 0,
  failed: 1,
  timed_out: 2,
  missed: 3,
  killed: 4,
  skipped: 5,
  succeeded: 6,
};

type Key = (entry: JobEntry) => number | undefined;

function keyOf(sort: Exclude<JobSort, 'name'>, activity: Activity): Key {
  switch (sort) {
    case 'nextTick':
      return ({ next }) => (next === Infinity ? undefined : next);
    case 'lastRun':
      return ({ name }) => activity.lastOf(name)?.endedAt;
    case 'lastOutcome':
      return ({ name }) => {
        const last = activity.lastOf(name);
        return last && SEVERITY[last.state];
      };
    case 'duration':
      return ({ name }) => activity.lastOf(name)?.durationMs;
  }
}

export async function searchJobs(query: JobPageQuery, deps: SearchDeps): Promise<FoundJobs> {
  const { sort, order, limit, offset: skip = 0 } = query;
  if (query.offset !== undefined && query.cursor !== undefined)
    throw invalidInput([{ path: 'offset', message: 'not with `cursor`: leave one of them out' }]);
  const filter = filterOf(query, deps);
  if (query.name.length > 0) return namedJobs(query, matcher(filter), deps);
  const isDescending = order === 'desc';
  if (sort === 'name') {
    const after = decodeCursor('jobs', query.cursor);
    const page = { after, skip, limit: limit + 1, descending: isDescending };
    const { entries, total } = deps.views.jobs.find(filter, page);
    const items = entries.slice(0, limit);
    const nextCursor = entries.length > limit ? encodeCursor('jobs', items.at(-1)!.name) : null;
    return { entries: items, total, nextCursor };
  }
  const after = placeIn(query.cursor, sort, order);
  if (sort === 'nextTick') await deps.nextTicks.refresh();
  const key = keyOf(sort, deps.activity);
  const direction = isDescending ? -1 : 1;
  const { places, total } = firstPlaces(deps.views.jobs.entries(), {
    matches: matcher(filter),
    placeOf: (entry) => {
      const value = key(entry);
      return { entry, name: entry.name, value: value === undefined ? Infinity : direction * value };
    },
    after,
    limit: skip + limit + 1,
  });
  const items = places.slice(skip, skip + limit);
  const last = items.at(-1);
  return {
    entries: items.map(({ entry }) => entry),
    total,
    nextCursor: places.length > skip + limit && last ? cursorOf(sort, order, last) : null,
  };
}

/** All on one page: they are few. */
function namedJobs(
  { name, cursor, offset }: JobPageQuery,
  matches: (entry: JobEntry) => boolean,
  { views }: SearchDeps,
): FoundJobs {
  if (cursor !== undefined || offset !== undefined) {
    const path = cursor === undefined ? 'offset' : 'cursor';
    throw invalidInput([{ path, message: 'jobs that are asked for by name are on one page' }]);
  }
  const entries = [...new Set(name)].sort().flatMap((each) => views.jobs.get(each) ?? []);
  const found = entries.filter(matches);
  return { entries: found, total: found.length, nextCursor: null };
}

interface Place {
  readonly value: number;
  readonly name: string;
}
interface PlaceOfJob extends Place {
  readonly entry: JobEntry;
}

const byPlace = (a: Place, b: Place): number =>
  a.value === b.value ? (a.name < b.name ? -1 : a.name > b.name ? 1 : 0) : a.value < b.value ? -1 : 1;

/** The first `limit` after a place, and how many match at all. */
function firstPlaces(
  entries: Iterable<JobEntry>,
  page: {
    matches: (entry: JobEntry) => boolean;
    placeOf: (entry: JobEntry) => PlaceOfJob;
    after: Place | undefined;
    limit: number;
  },
): { places: PlaceOfJob[]; total: number } {
  const { matches, placeOf, after, limit } = page;
  const first = top<PlaceOfJob>(limit, byPlace);
  let total = 0;
  for (const entry of entries) {
    if (!matches(entry)) continue;
    total++;
    const place = placeOf(entry);
    if (!after || byPlace(place, after) > 0) first.add(place);
  }
  return { places: first.list(), total };
}

const listOf = (sort: JobSort, order: string): string => `${JOB_SORTS.indexOf(sort)}${order}`;

const cursorOf = (sort: JobSort, order: string, { value, name }: Place): string =>
  encodeCursor('jobs', `${listOf(sort, order)} ${value} ${name}`);

/** Throws invalid_input for a cursor of another order. */
function placeIn(cursor: string | undefined, sort: JobSort, order: string): Place | undefined {
  const text = decodeCursor('jobs', cursor);
  if (text === undefined) return undefined;
  const [list, value = '', ...name] = text.split(' ');
  if (list !== listOf(sort, order) || name.length === 0 || Number.isNaN(Number(value)))
    throw invalidInput([
      {
        path: 'cursor',
        message: 'a cursor of another order: give back nextCursor with the same sort and order',
      },
    ]);
  return { value: Number(value), name: name.join(' ') };
}
