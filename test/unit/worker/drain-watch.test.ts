// What a draining worker says that it waits for: runs, or etcd alone.
import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import { instant } from '../../../src/common/model/time.ts';
import { createDrainWatch, type DrainWatch } from '../../../src/worker/drain-watch.ts';
import { createTestClock, type TestClock } from '../../support/test-clock.ts';

let clock: TestClock;
let lines: Record<string, unknown>[];
let held: { count: number; ending: number; givingBack: number };
let watch: DrainWatch;

beforeEach(() => {
  clock = createTestClock();
  lines = [];
  held = { count: 3, ending: 2, givingBack: 0 };
  const logger = pino(
    { base: null },
    { write: (line: string) => void lines.push(JSON.parse(line) as never) },
  );
  const list = (most: number) =>
    Array.from({ length: Math.min(most, held.count) }, (_, i) => ({ job: 'job', run: `run-${i}` }));
  const dispatcher = {
    get count() {
      return held.count;
    },
    get ending() {
      return held.ending;
    },
    get givingBack() {
      return held.givingBack;
    },
    list,
  };
  watch = createDrainWatch({ clock, logger, dispatcher });
  watch.begin();
  watch.endsBy(instant(clock.now() + 30_000), instant(clock.now() + 40_000));
});

test('it waits for runs while one of them goes on, and says when that is killed', async () => {
  await clock.advance(5_000);
  expect(lines).toMatchObject([{ msg: 'draining: waits for runs to end', left: 3, killedInMs: 25_000 }]);
  expect(watch.words()).toBe('draining: 3 runs left');
});

test('it waits for etcd when nothing runs any more, and says when it gives up', async () => {
  held.ending = 3;
  await clock.advance(5_000);
  expect(lines).toMatchObject([{ msg: 'draining: waits to record 3 ends', left: 3, givesUpInMs: 35_000 }]);
  expect(lines[0]).not.toHaveProperty('killedInMs');
  expect(watch.words()).toBe('draining: waits to record 3 ends');
  held = { count: 2, ending: 1, givingBack: 1 };
  await clock.advance(5_000);
  expect(lines[1]).toMatchObject({
    msg: 'draining: waits to record 1 end and to give back 1 claim',
    runs: ['job/run-0', 'job/run-1'],
  });
  held = { count: 2, ending: 0, givingBack: 2 };
  expect(watch.words()).toBe('draining: waits to give back 2 claims');
  held = { count: 0, ending: 0, givingBack: 0 };
  await clock.advance(5_000);
  expect(lines[2]).toMatchObject({ msg: 'drained: nothing runs here any more' });
  expect(watch.words()).toBe('draining: 0 runs left');
});

test('it says nothing when it does not drain', async () => {
  watch.end();
  held = { count: 0, ending: 0, givingBack: 0 };
  await clock.advance(60_000);
  expect(lines).toEqual([]);
  expect(watch.words()).toBeUndefined();
});
