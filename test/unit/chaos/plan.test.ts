// The plan is the seed's: the same for the same seed, and every fault has its turn.
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS, planChaos, type Plan } from '../../chaos/plan.ts';

const MINUTE = 60_000;
const plan = (seed: number, minutes: number): Plan =>
  planChaos({ seed, durationMs: minutes * MINUTE, ttlMs: 5_000 });
const seeds = Array.from({ length: 20 }, (_, index) => index + 1);

describe('the plan of a run', () => {
  it('is decided by its seed and length', () => {
    expect(plan(7, 5)).toEqual(plan(7, 5));
    expect(plan(8, 5).faults).not.toEqual(plan(7, 5).faults);
    expect(plan(8, 5).actions).not.toEqual(plan(7, 5).actions);
  });

  it('has every kind of fault in half an hour, whatever the seed', () => {
    for (const seed of seeds) {
      const kinds = new Set(plan(seed, 30).faults.map(({ kind }) => kind));
      expect(FAULT_KINDS.filter((kind) => !kinds.has(kind))).toEqual([]);
    }
  });

  it('is over in time, with faults in a minute already', () => {
    for (const seed of seeds) {
      const { faults, actions } = plan(seed, 1);
      expect(faults.length).toBeGreaterThanOrEqual(3);
      expect(actions.length).toBeGreaterThanOrEqual(20);
      for (const { at, forMs } of faults) expect(at + forMs).toBeLessThanOrEqual(MINUTE);
    }
  });

  it('never does two things to the same process at once', () => {
    for (const seed of seeds) {
      const { faults } = plan(seed, 30);
      for (const [index, fault] of faults.entries()) {
        const together = faults
          .slice(index + 1)
          .filter((other) => other.at < fault.at + fault.forMs)
          .filter((other) => 'worker' in other && 'worker' in fault);
        expect(together).toEqual([]);
      }
    }
  });

  it('ends neither the first worker nor the first master in the last two thirds of a long run', () => {
    for (const seed of seeds) {
      const { faults, durationMs } = plan(seed, 30);
      const ends = faults.filter(
        (fault) =>
          (fault.kind === 'rolling-restart' && fault.at > durationMs / 3) ||
          ((fault.kind === 'worker-kill' || fault.kind === 'worker-stop') && fault.worker === 0) ||
          (fault.kind === 'workers-kill' && fault.spare === 0) ||
          (fault.kind === 'master-kill' && fault.master === 0),
      );
      expect(ends).toEqual([]);
    }
  });

  it('resumes each worker that it drains', () => {
    for (const seed of seeds) {
      const { actions } = plan(seed, 10);
      for (const action of actions) {
        if (action.kind !== 'drain') continue;
        const { at, worker } = action;
        const after = actions.find(
          (other) => other.kind === 'undrain' && other.worker === worker && other.at > at,
        );
        expect(after?.at).toBeLessThanOrEqual(at + 6_000);
      }
    }
  });
});
