// Real worker processes of which one has a clock of its own. The judge is what the tasks themselves wrote, by
// the machine's clock.
import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { faketime } from '../support/faketime.ts';
import { overlapsIn, type Journal } from '../support/journal.ts';
import { expectEachTickOnce, inState } from '../support/outcomes.ts';
import { scenarios, type Stage } from '../support/scenarios.ts';
import { waitFor } from '../support/wait.ts';

interface Watched {
  readonly name: string;
  readonly journal: Journal;
}

const watch = async (stage: Stage, names: readonly string[]): Promise<Watched[]> => {
  const jobs: Watched[] = [];
  for (const name of names) {
    const journal = stage.journal();
    await stage.jobs.create({
      name,
      schedule: '* * * * * *',
      overlap: 'queue',
      catchUp: { policy: 'all' },
      history: { keep: 500 },
      task: { kind: 'shell', command: journal.task() },
    });
    jobs.push({ name, journal });
  }
  return jobs;
};

const untilStarts = (jobs: readonly Watched[], count: number): Promise<unknown> =>
  waitFor(() => jobs.every(({ journal }) => journal.starts().length >= count), {
    what: `${count} starts of each job`,
    timeout: (count + 60) * 1_000,
    interval: 200,
    seen: () => jobs.map(({ name, journal }) => [name, journal.starts().length]),
  });

/** Milliseconds by which the earliest start came before its tick; the journal's clock has them whole. */
const earliest = (jobs: readonly Watched[]): number =>
  Math.max(
    ...jobs.flatMap(({ journal }) => journal.starts().map(({ at, scheduledFor }) => scheduledFor - at)),
  );

const judge = async (stage: Stage, jobs: readonly Watched[]): Promise<void> => {
  for (const { name, journal } of jobs) {
    const runs = await stage.jobs.runs(name);
    expectEachTickOnce(runs);
    expect(inState(runs, 'missed', 'skipped', 'lost')).toEqual([]);
    expect(overlapsIn(journal.lines())).toEqual([]);
    expect(inState(runs, 'succeeded').map(({ id }) => id)).toEqual(
      journal.starts().map(({ runId }) => runId),
    );
  }
};

const JOBS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];
const env = { FAKETIME_DONT_FAKE_MONOTONIC: '1' };

const oneFast = async (stage: Stage): Promise<void> => {
  await stage.worker('right');
  await stage.worker('also-right');
  const jobs = await watch(stage, JOBS);
  await untilStarts(jobs, 2);
  const wrapper = [faketime(), '--exclude-monotonic', '-f', '+5s'];
  const fast = await stage.worker('fast', { wrapper, env });
  await untilStarts(jobs, 15);
  const aside = fast.log.find(({ correctionMs }) => correctionMs !== undefined);
  // Its clock is 5 s ahead indeed, and it was compared before the jobs were taken.
  expect(Math.abs((aside!['correctionMs'] as number) - 5_000)).toBeLessThan(2_000);
  expect(fast.log.indexOf(aside!)).toBeLessThan(fast.log.findIndex(({ msg }) => msg === 'jobs loaded'));
  await stage.stopAll();
  expect(earliest(jobs)).toBeLessThanOrEqual(1);
  await judge(stage, jobs);
};

/** libfaketime reads its offset from a file, and reads it anew at each look at the clock. */
const oneStepped = async (stage: Stage): Promise<void> => {
  const file = join(mkdtempSync(join(tmpdir(), 'etcron-faketime-')), 'offset');
  const set = (offset: string): void => writeFileSync(file, `${offset}\n`);
  set('+0');
  await stage.worker('right');
  await stage.worker('also-right');
  const wrapper = [faketime(), '--exclude-monotonic', '-f', '+0'];
  const stepped = await stage.worker('stepped', {
    // The file counts only without what faketime itself has set.
    wrapper: [...wrapper, 'env', '-u', 'FAKETIME'],
    env: { ...env, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: '1' },
  });
  const jobs = await watch(stage, JOBS);
  await untilStarts(jobs, 3);
  const toldSteps = (): number => stepped.log.filter(({ stepMs }) => stepMs !== undefined).length;
  for (const [offset, steps] of [
    ['+300', 1],
    ['+0', 2],
    ['-300', 3],
    ['+0', 4],
  ] as const) {
    set(offset);
    await waitFor(() => toldSteps() >= steps, { what: `the clock was set to ${offset}`, timeout: 30_000 });
    await untilStarts(jobs, Math.max(...jobs.map(({ journal }) => journal.starts().length)) + 5);
  }
  await stage.stopAll();
  expect(earliest(jobs)).toBeLessThanOrEqual(1_000);
  await judge(stage, jobs);
};

scenarios(
  {
    'of three workers one with a clock 5 s fast starts no job early, and no tick twice': oneFast,
    'of three workers one whose clock is set forward and back by minutes repeats and drops no tick':
      oneStepped,
  },
  240_000,
);
