// Can the simulation fail? Each protection is taken out in turn, and a violation must be found soon.
import { expect, test } from 'vitest';
import { MUTATIONS } from './world/mutations.ts';
import { simulate } from './world/simulate.ts';

/** Within so many seeds, from the one on that has found it before. */
const SEEDS = 100;

test.for(Object.entries(MUTATIONS))(
  'finds out when %s',
  { timeout: 600_000 },
  async ([, { tamper, first }]) => {
    const found: string[] = [];
    for (let seed = first; seed < first + SEEDS && found.length === 0; seed++) {
      const { violations } = await simulate({ seed, tamper });
      for (const { invariant, what } of violations)
        found.push(`seed ${seed}, invariant ${invariant}: ${what}`);
    }
    expect(found).not.toEqual([]);
  },
);
