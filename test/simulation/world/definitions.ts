// The jobs of a simulation: every overlap policy with every catch-up policy, one worker or all, labels, retries,
// tasks that outlive their claim, histories short and long.
import { durationMs } from '../../../src/common/model/duration.ts';
import type { JobDefinition, JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { Millis } from '../../../src/common/model/time.ts';
import type { Random } from './random.ts';
import type { TaskPlan } from './runner.ts';

const SCHEDULES = [
  '* * * * * *',
  '*/2 * * * * *',
  '*/5 * * * * *',
  '@every 3s',
  '@every 7s',
  '*/10 * * * * *',
  '@manual',
];

/** Of the workers; the last ones have none that others lack. */
export const LABELS: readonly Readonly<Record<string, string>>[] = [
  { zone: 'a', disk: 'ssd' },
  { zone: 'b' },
  { zone: 'a' },
  { zone: 'b', disk: 'ssd' },
  { zone: 'c' },
  {},
];

const WANTED = [
  undefined,
  undefined,
  undefined,
  { zone: 'a' },
  { zone: ['b', 'c'] },
  { zone: ['a', 'b'], disk: 'ssd' },
  { zone: 'nowhere' },
];

const KEEPS = [5, 20, 1_000, 1_000, 1_000];

export function randomDefinition(random: Random, job: string): JobDefinitionInput {
  const isShort = random.chance(0.6);
  const ms = isShort ? random.int(0, 80) : random.pick([300, 900, 1_500, 3_000, 5_000, 9_000]);
  const plan: TaskPlan = { ms, fails: random.pick([0, 0, 0.2]), obeys: random.chance(0.8) };
  const overlap = random.pick(['forbid', 'forbid', 'queue', 'replace', 'allow'] as const);
  const policy = random.pick(POLICIES[overlap]);
  const labels = random.pick(WANTED);
  const mode = random.chance(0.3) ? 'all' : 'one';
  const limit = random.pick([0, 0, 1, 2]);
  return {
    name: job,
    schedule: random.pick(SCHEDULES),
    task: { kind: 'shell', command: JSON.stringify(plan) },
    overlap,
    // All ticks within an hour, of a job that is slower than its schedule, would never be done.
    catchUp: {
      policy,
      ...(policy === 'none' ? {} : { window: random.pick(isShort ? ['5s', '20s', '1h'] : ['5s', '20s']) }),
    },
    retry: {
      limit,
      delay: random.pick(['1s', '3s']),
      factor: 1,
      ...(limit > 0 && random.chance(0.2) ? { on: { lost: random.chance(0.7), exitCodes: [1] } } : {}),
    },
    onLostLease: random.chance(0.4) ? 'continue' : 'kill',
    workers: { mode, ...(labels === undefined ? {} : { labels }) },
    killGrace: random.pick(['0s', '1s']),
    history: { keep: random.pick(KEEPS) },
    ...(random.chance(0.2) ? { timeout: '2s' } : {}),
  };
}

/** From its claim to its record, when each attempt fails at its very end. */
export function longestRun({ task, retry, killGrace }: JobDefinition): Millis {
  const { ms } = JSON.parse((task as { command: string }).command) as TaskPlan;
  const attempt = ms + durationMs(killGrace)!;
  return (retry.limit + 1) * attempt + retry.limit * durationMs(retry.delay)! + 5_000;
}

/** Those that make sense together: what is asked for through a master. */
const POLICIES = {
  forbid: ['latest', 'all', 'none'],
  queue: ['latest', 'all'],
  replace: ['latest'],
  allow: ['latest', 'all', 'none'],
} as const;

/** The pairs that masters refuse, and that older versions took. */
export function oldPair(random: Random): Pick<JobDefinitionInput, 'overlap' | 'catchUp'> {
  const [overlap, policy] = random.pick([
    ['queue', 'none'],
    ['replace', 'none'],
    ['replace', 'all'],
  ] as const);
  return { overlap, catchUp: { policy, window: '5s' } };
}
