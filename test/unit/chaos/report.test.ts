// What people read of a run: a report that could not say "failed" would be worth nothing.
import { describe, expect, it } from 'vitest';
import { check } from '../../chaos/check/check.ts';
import { planChaos } from '../../chaos/plan.ts';
import { isPass, json, markdown, summary } from '../../chaos/report.ts';
import type { ChaosResult } from '../../chaos/run.ts';
import { START, tellStory } from './story.ts';

function result(more: Partial<ChaosResult> = {}): ChaosResult {
  const plan = planChaos({ seed: 7, durationMs: 60_000, ttlMs: 5_000 });
  const told = tellStory();
  told.job('a', 0);
  told.run('a', 1);
  const faults = plan.faults.map(({ kind, at, forMs }) => ({
    kind,
    what: `${kind} done`,
    victims: [],
    beganAt: START + at,
    healedAt: START + at + forMs,
  }));
  return {
    plan,
    startedAt: START,
    endedAt: START + 90_000,
    etcdVersion: '3.4.23',
    violations: [],
    trouble: [],
    verdict: check(told.told(1, ['a'])),
    audit: { due: 1, ran: 1 } as ChaosResult['audit'],
    faults,
    actions: [],
    growth: [],
    store: [{ at: START, dbMiB: 12, inUseMiB: 3 }],
    settledAfterMs: 1_234,
    ...more,
  };
}

const around = { node: 'v20', machine: '2 cores', command: 'npm run chaos -- --seed 7' };

describe('a report', () => {
  it('of a run without a violation says that it passed, and how to repeat it', () => {
    const passed = result();
    expect(isPass(passed)).toBe(true);
    expect(summary(passed)).toContain('seed 7: passed');
    expect(JSON.parse(json(passed, around))).toMatchObject({
      passed: true,
      plan: { seed: 7 },
      violations: [],
    });
    const text = markdown(passed, around);
    expect(text).toContain('# Chaos, seed 7, 1.0 minutes: passed');
    expect(text).toContain('`npm run chaos -- --seed 7`');
    for (const { kind } of passed.plan.faults) expect(text).toContain(`${kind} done`);
    expect(text).not.toContain('not done');
  });

  it('of a run with a violation says that it failed, and names it', () => {
    const failed = result({ violations: [{ what: 'overlap', job: 'a', detail: 'two at once' }] });
    expect(isPass(failed)).toBe(false);
    expect(summary(failed)).toContain('FAILED');
    expect(JSON.parse(json(failed, around))).toMatchObject({
      passed: false,
      violations: [{ what: 'overlap' }],
    });
    expect(markdown(failed, around)).toContain('- **overlap** a: two at once');
  });

  it('of a run that was not carried out as planned says that it failed', () => {
    const [first, ...others] = result().faults;
    const failed = result({ trouble: [`${first!.kind}: no way`], faults: others });
    expect(isPass(failed)).toBe(false);
    expect(markdown(failed, around)).toContain('no way');
    expect(markdown(failed, around)).toContain('not done');
  });
});
