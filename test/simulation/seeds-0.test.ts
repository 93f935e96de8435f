// The product's own code through random faults, judged by the invariants of the design: every third seed.
import { expect, test } from 'vitest';
import { runPart } from './seeds.ts';
import { missingFrom } from './world/expected.ts';

test(
  'keeps every invariant through random faults, and every fault strikes',
  { timeout: 3_600_000 },
  async () => {
    const { counts, seeds } = await runPart(0);
    expect(missingFrom(counts, seeds)).toEqual([]);
  },
);
