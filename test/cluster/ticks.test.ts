// Each tick once: two and five worker processes, and two whose clocks differ by more than the job is long.
// The judge is what the tasks themselves wrote.
import { expect } from 'vitest';
import { faketime } from '../support/faketime.ts';
import { judgeTicks, overlapsIn, type Journal } from '../support/journal.ts';
import { expectEachTickOnce, inState, ticksTold } from '../support/outcomes.ts';
import { scenarios, type Stage } from '../support/scenarios.ts';
import { waitFor } from '../support/wait.ts';

const TICKS = 60;

/** Until so many ticks have passed since the first. */
const untilTicks = (jobs: readonly Watched[], count: number): Promise<unknown> =>
  waitFor(() => jobs.every(({ journal }) => passed(journal) >= count), {
    what: `${count} ticks of each job`,
    timeout: (count + 60) * 1_000,
    interval: 200,
    seen: () => jobs.map(({ name, journal }) => [name, passed(journal)]),
  });

function passed(journal: Journal): number {
  const starts = journal.starts();
  return starts.length === 0 ? 0 : (starts.at(-1)!.scheduledFor - starts[0]!.scheduledFor) / 1_000 + 1;
}

interface Watched {
  readonly name: string;
  readonly overlap: 'forbid' | 'queue';
  readonly journal: Journal;
}

/** `queue` and catch-up `all`: however slow the machine, each tick runs. `forbid`: unless it is told as skipped. */
async function watch(
  stage: Stage,
  name: string,
  overlap: Watched['overlap'],
  kind: 'shell' | 'exec',
): Promise<Watched> {
  const journal = stage.journal();
  const command = journal.task();
  await stage.jobs.create({
    name,
    overlap,
    schedule: '* * * * * *',
    history: { keep: 500 },
    catchUp: { policy: 'all' },
    task: kind === 'shell' ? { kind, command } : { kind, argv: ['/bin/sh', '-c', command] },
  });
  return { name, overlap, journal };
}

async function judge(stage: Stage, jobs: readonly Watched[]): Promise<void> {
  for (const { name, overlap, journal } of jobs) {
    const starts = journal.starts();
    const runs = await stage.jobs.runs(name);
    const skipped = ticksTold(inState(runs, 'skipped'), 1_000);
    const { twice, missing } = judgeTicks(starts);
    const untold = missing.filter((tick) => overlap === 'queue' || !skipped.includes(tick));
    const overlaps = overlapsIn(journal.lines());
    expect({ name, twice, untold, overlaps }).toEqual({ name, twice: [], untold: [], overlaps: [] });
    // The records tell the same story.
    expectEachTickOnce(runs);
    expect(inState(runs, 'succeeded').map(({ id }) => id)).toEqual(starts.map(({ runId }) => runId));
  }
  expect(await stage.jobs.active()).toEqual([]);
  expect(await stage.jobs.locks()).toEqual([]);
}

const together = (workers: number) => async (stage: Stage) => {
  await Promise.all(Array.from({ length: workers }, (_, i) => stage.worker(`w${i}`)));
  const jobs = [await watch(stage, 'shell', 'forbid', 'shell'), await watch(stage, 'exec', 'queue', 'exec')];
  await untilTicks(jobs, TICKS);
  await stage.stopAll();
  await judge(stage, jobs);
};

const clocksApart = async (stage: Stage): Promise<void> => {
  const wrapper = [faketime(), '--exclude-monotonic', '-f', '+3s'];
  const fastClock = () => stage.worker('fast', { wrapper, env: { FAKETIME_DONT_FAKE_MONOTONIC: '1' } });
  await stage.worker('right');
  const fast = await fastClock();
  // Both compete: some of the jobs are the one's to schedule, some the other's.
  const jobs: Watched[] = [];
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f'])
    jobs.push(await watch(stage, name, name < 'c' ? 'forbid' : 'queue', 'shell'));
  const starts = () => jobs.flatMap(({ journal }) => journal.starts());
  await untilTicks(jobs, 15);
  const early = starts().filter(({ at, scheduledFor }) => at < scheduledFor - 2_000);
  // The clock of one worker is 3 s ahead indeed.
  expect(early.length).toBeGreaterThan(0);
  expect(new Set(starts().map(({ worker }) => worker)).size).toBe(2);
  // Jobs move from the fast clock to the right one, and back.
  await fast.stop();
  await untilTicks(jobs, 35);
  await fastClock();
  await untilTicks(jobs, TICKS);
  await stage.stopAll();
  await judge(stage, jobs);
};

scenarios(
  {
    'two workers run a job of some milliseconds once for each of 60 ticks': together(2),
    'five workers run a job of some milliseconds once for each of 60 ticks': together(5),
    'two workers whose clocks are 3 s apart run it once for each of 60 ticks': clocksApart,
  },
  240_000,
);
