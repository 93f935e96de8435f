// The runs that the timeline knows, as bars: from the master's answers, and from its news between two of them. Bounded
// whatever happens. Knows no React, no canvas and no clock.
import type { EventBatch } from '../../../../../src/common/api/events.ts';
import type { RunBrief } from '../../../../../src/common/api/overview.ts';
import type { Timeline } from '../../../../../src/common/api/timeline.ts';
import { toneOf, type Tone } from '../../../components/tone.ts';

const WRONG: ReadonlySet<RunBrief['state']> = new Set(['failed', 'timed_out', 'lost', 'missed']);

/** More than can be told apart; a storm brings more than that in a minute. */
export const MOST_BARS = 12_000;
/** How far back anything is kept. */
export const KEPT_MS = 20 * 60_000;

export interface Bar {
  readonly key: string;
  readonly run: RunBrief;
  readonly tone: Tone;
  /** When it began; where nothing began, when it was due. */
  readonly start: number;
  /** Undefined: it is on. */
  readonly end: number | undefined;
  /** Nothing ran, or not yet: a mark instead of a bar. */
  readonly isMark: boolean;
  readonly isWrong: boolean;
}

export interface Bars {
  /** A whole answer of the master: what is on there no more was given back. */
  readonly renew: (answer: Timeline) => void;
  readonly take: (batch: EventBatch) => void;
  /** By start. The same array until something changes. */
  readonly all: () => readonly Bar[];
}

const keyOf = (job: string, id: string): string => `${job} ${id}`;

export function barOf(run: RunBrief): Bar {
  const start = Date.parse(run.startedAt ?? run.scheduledFor);
  return {
    key: keyOf(run.job, run.id),
    run,
    tone: toneOf[run.state],
    start,
    end: run.endedAt === undefined ? undefined : Math.max(start, Date.parse(run.endedAt)),
    isMark: run.startedAt === undefined,
    isWrong: WRONG.has(run.state),
  };
}

/** What is left out first comes last: that which went well, and of it what was short. */
const byWorth = (a: Bar, b: Bar): number =>
  Number(b.isWrong) - Number(a.isWrong) ||
  Number(b.end === undefined) - Number(a.end === undefined) ||
  (b.end ?? 0) - b.start - ((a.end ?? 0) - a.start);

export function createBars(most = MOST_BARS): Bars {
  const known = new Map<string, { readonly bar: Bar; readonly toldAt: number }>();
  let sorted: readonly Bar[] | undefined = [];

  const put = (run: RunBrief, toldAt: number): void => {
    const key = keyOf(run.job, run.id);
    const before = known.get(key);
    // An answer may be older than the news that came before it.
    if (before?.bar.end !== undefined && run.endedAt === undefined) return;
    known.set(key, { bar: barOf(run), toldAt });
    sorted = undefined;
  };

  const forgetOld = (now: number): void => {
    for (const [key, { bar }] of known)
      if (bar.end !== undefined && bar.end < now - KEPT_MS) known.delete(key);
    // With room to spare, so that not each batch has to choose.
    if (known.size <= most * 1.2) return;
    const bars = [...known.values()].map(({ bar }) => bar).sort(byWorth);
    for (const { key } of bars.slice(most)) known.delete(key);
  };

  return {
    renew(answer) {
      const at = Date.parse(answer.at);
      const told = new Set(answer.runs.map(({ job, id }) => keyOf(job, id)));
      for (const [key, { bar, toldAt }] of known)
        if (bar.end === undefined && toldAt < at && !told.has(key)) known.delete(key);
      for (const run of answer.runs) put(run, at);
      forgetOld(at);
      sorted = undefined;
    },
    take(batch) {
      const at = Date.parse(batch.at);
      for (const run of batch.runs) put(run, at);
      for (const { job, id } of batch.gone) if (known.delete(keyOf(job, id))) sorted = undefined;
      forgetOld(at);
    },
    all() {
      sorted ??= [...known.values()].map(({ bar }) => bar).sort((a, b) => a.start - b.start);
      return sorted;
    },
  };
}
