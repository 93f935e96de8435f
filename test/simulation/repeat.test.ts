// A seed tells the same story again, and one that fails tells it so that it can be read.
import { expect, test } from 'vitest';
import { MUTATIONS } from './world/mutations.ts';
import { simulate } from './world/simulate.ts';
import { storyOf } from './world/story.ts';

test('repeats a seed exactly, whatever was simulated before it', { timeout: 120_000 }, async () => {
  const first = await simulate({ seed: 7, trace: true });
  await simulate({ seed: 8 });
  const again = await simulate({ seed: 7, trace: true });
  expect(again.trace).toEqual(first.trace);
  expect(again.fingerprint).toBe(first.fingerprint);
  // Telling it changes nothing.
  expect((await simulate({ seed: 7 })).fingerprint).toBe(first.fingerprint);
});

test('tells what happened to the job of a violation', { timeout: 120_000 }, async () => {
  const { tamper, first } = MUTATIONS['the cursor is not compared by claims']!;
  for (let seed = first; ; seed++) {
    const { violations } = await simulate({ seed, tamper });
    const [violation] = violations;
    if (!violation) continue;
    const story = await storyOf(seed, tamper);
    expect(story[0]).toContain(`seed ${seed}`);
    expect(story.at(-1)).toContain(`VIOLATION of invariant ${violation.invariant}, ${violation.job}`);
    expect(story.filter((line) => line.includes(`/${violation.job}`)).length).toBeGreaterThan(3);
    return;
  }
});
