// Outcomes against lives that were played: never a false alarm, whatever was pruned, paused, lost or retried;
// and a planted fault is found.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Era } from '../../../src/common/core/outcome-eras.ts';
import { evidenceOf } from '../../../src/common/core/outcome-evidence.ts';
import { historyEdge } from '../../../src/common/core/outcome-history.ts';
import { countsOf, ticksOf, type ToldTick } from '../../../src/common/core/outcome-pages.ts';
import { outcomesOf, type TickQuestion } from '../../../src/common/core/outcomes.ts';
import { instant } from '../../../src/common/model/time.ts';
import { every, playLife, START, type Life, type LifeOptions } from './outcomes-life.ts';

const GRACE = 15_000;

function question(life: Life, options: LifeOptions, from: number, to: number): TickQuestion {
  const ended = [...life.records.values()];
  const evidence = evidenceOf(ended, [...life.active.values()]);
  const ticks = every(options.period);
  const { now, cursor, held } = life;
  return {
    from: instant(from),
    to: instant(to),
    now,
    grace: GRACE,
    eras: life.eras.map((era, i): Era => ({
      ticks,
      after: instant(era.after),
      until: era.until,
      paused: era.paused ? 'yes' : 'no',
      overlap: options.overlap,
      ofAll: false,
      ofOneSince: [],
      generation: i + 1,
    })),
    evidence,
    allRuns: [...ended, ...life.active.values()],
    cursor,
    knownAfter: historyEdge({
      limits: {
        keep: options.keep,
        maxAge: options.maxAge,
        limitsSince: -Infinity,
        cutAt: -Infinity,
        createdAt: START,
      },
      ids: [...life.records.keys()],
      evidence,
      now,
    }).knownAfter,
    held,
    retriesAsked: new Set(life.retriesAsked.keys()),
    ownerGone: new Set(),
    unreadable: new Set(),
  };
}

const all = (asked: TickQuestion): ToldTick[] =>
  ticksOf(outcomesOf(asked), { after: asked.from - 1, limit: Infinity }).ticks;

const RIGHT = {
  ran: ['ran', 'not_known'],
  lost: ['lost', 'waiting', 'not_known'],
  skipped: ['skipped', 'not_known'],
  missed: ['missed', 'not_known'],
  on: ['armed', 'running'],
} as const;

const PAUSE_LATE = 10_000;

/** What is wrong with what is told of a tick. */
function complaint({ tick, segment }: ToldTick, life: Life, asked: TickQuestion): string | undefined {
  const { outcome, reason } = segment;
  const told = `${new Date(tick).toISOString()}: ${outcome}, ${reason ?? ''}`;
  const truth = life.truth.get(tick);
  if (truth !== undefined)
    return (RIGHT[truth] as readonly string[]).includes(outcome) ? undefined : `${told}; truly ${truth}`;
  const era = life.eras.find(({ after, until }) => tick > after && tick <= until)!;
  const isAlarmRight = era.until === Infinity ? tick > (life.cursor ?? 0) : true;
  // What was claimed while the pause was on its way ran, and its record may be gone: no pause here is as late as that.
  const mayBeLate = outcome === 'not_known' && tick <= Math.min(era.after + PAUSE_LATE, asked.knownAfter);
  if (era.paused) return outcome === 'paused' || mayBeLate ? undefined : told;
  if (outcome === 'unexplained')
    return isAlarmRight && tick <= Math.min(life.now, era.until) - asked.grace ? undefined : told;
  // Dropped by a pause, and within what is on record as skipped before and after it.
  if (outcome === 'skipped') return era.until === Infinity ? told : undefined;
  return ['waiting', 'not_yet', 'missed', 'not_known'].includes(outcome) ? undefined : told;
}

const options = fc.record({
  seconds: fc.integer({ min: 20, max: 240 }),
  period: fc.constantFrom(1, 2, 5, 7),
  overlap: fc.constantFrom('forbid' as const, 'queue' as const, 'allow' as const),
  catchUp: fc.constantFrom('latest' as const, 'all' as const, 'none' as const),
  keep: fc.constantFrom(1, 2, 5, 20, 1_000),
  maxAge: fc.constantFrom(60_000, 86_400_000),
  retry: fc.boolean(),
  chances: fc.record({
    end: fc.constantFrom(50, 400, 1_000),
    death: fc.constantFrom(0, 20),
    outage: fc.constantFrom(0, 20),
    back: fc.constantFrom(30, 300),
    pause: fc.constantFrom(0, 10),
    resume: fc.constantFrom(50, 300),
    manual: fc.constantFrom(0, 50),
  }),
});

/** Of Mulberry32: the same life again for the same seed. */
function seeded(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

describe('the outcomes of a life that was played', () => {
  test('are what truly became of each tick, at every moment of it', () => {
    fc.assert(
      fc.property(options, fc.integer(), (life, seed) => {
        let step = 0;
        playLife(life, seeded(seed), (played) => {
          if (step++ % 7 !== 0) return;
          const asked = question(played, life, START, played.now + 20_000);
          for (const told of all(asked)) expect(complaint(told, played, asked)).toBeUndefined();
        });
      }),
      { numRuns: 60 },
    );
  });

  test('are the same whether asked at once, tick by tick, or page by page, and add up', () => {
    fc.assert(
      fc.property(options, fc.integer(), fc.integer({ min: 1, max: 9 }), (life, seed, limit) => {
        const played = playLife(
          { ...life, seconds: Math.min(life.seconds, 90) },
          seeded(seed),
          () => undefined,
        );
        const asked = question(played, life, START + 3_000, played.now + 10_000);
        const segments = outcomesOf(asked);
        const told = all(asked);
        const due = every(life.period).countBetween(instant(asked.from - 1), asked.to);
        expect(told).toHaveLength(due);
        for (const { tick, segment } of told) {
          const alone = outcomesOf({ ...asked, from: tick, to: tick });
          expect(alone).toHaveLength(1);
          expect(alone[0]).toMatchObject({
            outcome: segment.outcome,
            count: 1,
            from: tick,
            runs: segment.runs,
          });
          expect(alone[0]!.reason).toBe(segment.reason);
        }
        const counts = countsOf(segments, asked.now);
        // What failed has run.
        const { due: sum, notYet, paused, failed, ...rest } = counts;
        expect(failed).toBeLessThanOrEqual(counts.ran);
        expect(Object.values(rest).reduce((a, b) => a + b, 0)).toBe(sum);
        expect(sum + notYet + paused).toBe(due);
        const paged: ToldTick[] = [];
        for (let more = true; more;) {
          const page = ticksOf(segments, { after: paged.at(-1)?.tick ?? 0, limit });
          expect(page.ticks.length).toBeLessThanOrEqual(limit);
          paged.push(...page.ticks);
          more = page.more;
        }
        expect(paged.map(({ tick }) => tick)).toEqual(told.map(({ tick }) => tick));
      }),
      { numRuns: 60 },
    );
  });

  const whole = { keep: 1_000, maxAge: 86_400_000, retry: false };

  test('show a record that was taken away', () => {
    fc.assert(
      fc.property(options, fc.integer(), fc.nat(), (random, seed, which) => {
        const life = { ...random, ...whole, chances: { ...random.chances, pause: 0 } };
        const played = playLife(life, seeded(seed), () => undefined);
        const before = countsOf(outcomesOf(question(played, life, START, played.now)), played.now);
        expect(before.notKnown + before.twice).toBe(0);
        const records = [...played.records.values()].filter(({ cause }) => cause.tick !== undefined);
        fc.pre(records.length > 0);
        const gone = records[which % records.length]!;
        played.records.delete(gone.id);
        const after = countsOf(outcomesOf(question(played, life, START, played.now)), played.now);
        expect(after.unexplained - before.unexplained).toBe(gone.ticks?.count ?? 1);
      }),
      { numRuns: 100 },
    );
  });

  test('show a second run of a tick', () => {
    fc.assert(
      fc.property(options, fc.integer(), fc.nat(), (random, seed, which) => {
        const life = { ...random, ...whole };
        const played = playLife(life, seeded(seed), () => undefined);
        const runs = [...played.records.values()].filter(
          ({ cause, ticks }) => cause.tick !== undefined && !ticks,
        );
        fc.pre(runs.length > 0);
        const one = runs[which % runs.length]!;
        const id = `${one.id.slice(0, 20)}-ffffff`;
        played.records.set(id, { ...one, id });
        expect(countsOf(outcomesOf(question(played, life, START, played.now)), played.now).twice).toBe(1);
      }),
      { numRuns: 100 },
    );
  });
});
