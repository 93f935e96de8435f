// What is shown of a tick beside how its runs went.
import { expect, it } from 'vitest';
import type { TickView } from '../../../src/common/api/ticks.ts';
import { badgesOf } from '../../../web/src/features/job/tick-badges.ts';

type State = TickView['runs'][number]['state'];
const shown = (outcome: TickView['outcome'], ...states: State[]) =>
  badgesOf({
    outcome,
    runs: states.map((state, i) => ({ run: `r${i}`, state, cause: 'schedule' as const })),
  }).map((badge) => badge.outcome);

it('is how it went where it ran', () => {
  expect(shown('ran', 'succeeded')).toEqual(['succeeded']);
  expect(shown('ran', 'failed', 'succeeded')).toEqual(['failed', 'succeeded']);
});

it('is what became of it where no run says so', () => {
  expect(shown('missed')).toEqual(['missed']);
  expect(shown('not_yet')).toEqual(['not_yet']);
  expect(shown('waiting', 'failed')).toEqual(['waiting', 'failed']);
  expect(shown('twice', 'succeeded', 'failed')).toEqual(['twice', 'succeeded', 'failed']);
});

it('is said once where its run says the same', () => {
  expect(shown('skipped', 'skipped')).toEqual(['skipped']);
  expect(shown('lost', 'lost')).toEqual(['lost']);
  expect(shown('running', 'running')).toEqual(['running']);
});
