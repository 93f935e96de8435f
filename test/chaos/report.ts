// The report of a run, for people and for programs. Pure.
import type { Percentiles } from './check/figures.ts';
import type { PlannedFault } from './plan.ts';
import type { ChaosResult } from './run.ts';

export interface Surroundings {
  readonly node: string;
  readonly machine: string;
  readonly command: string;
}

const ms = (value: number): string =>
  value >= 10_000 ? `${(value / 1_000).toFixed(1)} s` : `${Math.round(value)} ms`;
const clock = (at: number): string => new Date(at).toISOString();
const row = (...cells: readonly (string | number)[]): string => `| ${cells.join(' | ')} |`;
const table = (head: readonly string[], rows: readonly (readonly (string | number)[])[]): string[] => [
  row(...head),
  row(...head.map(() => '---')),
  ...rows.map((cells) => row(...cells)),
];
const spread = ({ p50, p95, p99, max }: Percentiles): string[] => [p50, p95, p99, max].map(ms);

/** What is special about a planned fault: its fields but the times and the kind. */
function detailOf(fault: PlannedFault): string {
  const { at: _at, forMs: _for, kind: _kind, ...rest } = fault;
  return Object.entries(rest)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(', ');
}

export const isPass = ({ violations, trouble }: Pick<ChaosResult, 'violations' | 'trouble'>): boolean =>
  violations.length === 0 && trouble.length === 0;

/** What a program may want of it; requests are counted, not listed: the seed tells what they were. */
export function json(result: ChaosResult, around: Surroundings): string {
  const { plan, actions, ...rest } = result;
  const { actions: _planned, ...planned } = plan;
  const answers: Record<string, number> = {};
  for (const { action, status } of actions) {
    const key = `${action.kind} ${status ?? 'no answer'}`;
    answers[key] = (answers[key] ?? 0) + 1;
  }
  return `${JSON.stringify({ ...around, passed: isPass(result), ...rest, plan: planned, answers }, null, 1)}\n`;
}

/** One line for the terminal. */
export function summary(result: ChaosResult): string {
  const { plan, verdict, violations, trouble, faults, actions } = result;
  const { due, unexplained } = verdict.ticks;
  return (
    `seed ${plan.seed}: ${isPass(result) ? 'passed' : 'FAILED'}: ${faults.length} faults, ${actions.length} requests, ` +
    `${due} ticks due, ${verdict.starts} starts, ${unexplained} unexplained, ` +
    `${violations.length} violations, ${trouble.length} troubles`
  );
}

export function markdown(result: ChaosResult, around: Surroundings): string {
  const { plan, verdict, violations, trouble, faults, actions, growth, store, audit } = result;
  const { ticks, lag, recovery } = verdict;
  const answered = actions.filter(({ status }) => status !== undefined && status < 300).length;
  const refused = actions.filter(
    ({ status }) => status !== undefined && status >= 300 && status < 500,
  ).length;
  const sizes = store.map(({ dbMiB }) => dbMiB);
  const used = store.map(({ inUseMiB }) => inUseMiB);
  const last = store.at(-1);
  const taken = new Set<string>();
  return `${[
    `# Chaos, seed ${plan.seed}, ${(plan.durationMs / 60_000).toFixed(1)} minutes: ${isPass(result) ? 'passed' : 'FAILED'}`,
    '',
    `\`${around.command}\`, ${clock(result.startedAt)} to ${clock(result.endedAt)}. Node ${around.node}, etcd ${result.etcdVersion}, ${around.machine}. TTL of workers ${plan.ttlMs / 1_000} s.`,
    '',
    '## Verdict',
    '',
    ...(violations.length === 0
      ? ['No violation.']
      : violations
          .slice(0, 100)
          .map(({ what, job, detail }) => `- **${what}**${job === undefined ? '' : ` ${job}`}: ${detail}`)),
    ...(trouble.length === 0
      ? []
      : ['', 'Trouble of the test itself:', '', ...trouble.map((line) => `- ${line}`)]),
    '',
    ...table(
      [
        'ticks due',
        'ran',
        'skipped',
        'missed',
        'lost',
        'dropped by a change',
        'gone with their job',
        'unexplained',
      ],
      [
        [
          ticks.due,
          ticks.ran,
          ticks.skipped,
          ticks.missed,
          ticks.lost,
          ticks.dropped,
          ticks.deleted,
          ticks.unexplained,
        ],
      ],
    ),
    '',
    `${verdict.revokedAlive === 0 ? '' : `${verdict.revokedAlive} sessions of live workers were revoked by a leader of etcd that had been frozen (etcd #15247, before 3.5.13): there a task may go on until the worker is told. `}${verdict.starts} attempts started, ${verdict.marks} marks in the journal, ${verdict.records} records. \`etcron audit\` of the jobs that were left: ${audit.due} due, ${audit.ran} ran once, ${audit.skipped} skipped, ${audit.missed} missed, ${audit.lost} lost, ${audit.twice} twice, ${audit.unexplained} unexplained, ${audit.notKnown} not known. People made ${actions.length} requests: ${answered} done, ${refused} refused, ${actions.length - answered - refused} without an answer that tells.`,
    '',
    '## Lag',
    '',
    "Of jobs of every second with short tasks, by the tasks' own start marks.",
    '',
    ...table(
      ['', 'starts', 'p50', 'p95', 'p99', 'max'],
      [
        ['in quiet', lag.quiet.count, ...spread(lag.quiet)],
        ['under faults and 5 s after', lag.faults.count, ...spread(lag.faults)],
      ],
    ),
    '',
    '## Time to recover',
    '',
    'On time again: from the end of the fault until each of these jobs had started within 1 s of a tick. Elsewhere: from a fault of one worker until each job that ran there had started on another.',
    '',
    ...table(
      [
        'fault',
        'times',
        'on time again: median',
        'max',
        'another fault came first',
        'elsewhere: median',
        'max',
      ],
      recovery.map(({ kind, times, onTime, notMeasured, elsewhere }) => [
        kind,
        times,
        onTime.count > 0 ? ms(onTime.p50) : '',
        onTime.count > 0 ? ms(onTime.max) : '',
        notMeasured,
        elsewhere ? ms(elsewhere.p50) : '',
        elsewhere ? ms(elsewhere.max) : '',
      ]),
    ),
    '',
    `After the last fault all was settled within ${ms(result.settledAfterMs)}.`,
    '',
    '## Memory and disk',
    '',
    ...table(
      ['process', 'lived, min', 'RSS when warm, MiB', 'at the end', 'max', 'MiB a minute'],
      growth
        .slice(0, 20)
        .map(({ name, minutes, firstMiB, lastMiB, maxMiB, mibPerMinute }) => [
          name,
          minutes.toFixed(1),
          firstMiB.toFixed(0),
          lastMiB.toFixed(0),
          maxMiB.toFixed(0),
          mibPerMinute === undefined ? '' : mibPerMinute.toFixed(2),
        ]),
    ),
    '',
    last
      ? `etcd's database: at most ${Math.max(...sizes).toFixed(1)} MiB (filled on purpose when there is \`space-full\`), in use at most ${Math.max(...used).toFixed(1)} MiB, at the end ${last.dbMiB.toFixed(1)} and ${last.inUseMiB.toFixed(1)} MiB.`
      : "etcd's database was not looked at.",
    '',
    '## Plan of faults',
    '',
    'Of the seed alone. Done: with whom in the end, and from when to when.',
    '',
    ...table(
      ['at', 'for', 'fault', 'plan', 'done', 'from', 'to'],
      plan.faults.map((fault) => {
        const done = faults.find(
          ({ kind, beganAt }) =>
            kind === fault.kind && !taken.has(`${kind} ${beganAt}`) && beganAt >= result.startedAt,
        );
        if (done) taken.add(`${done.kind} ${done.beganAt}`);
        return [
          `${(fault.at / 1_000).toFixed(1)} s`,
          ms(fault.forMs),
          fault.kind,
          detailOf(fault),
          done?.what ?? 'not done',
          done ? clock(done.beganAt).slice(11, 23) : '',
          done ? clock(done.healedAt).slice(11, 23) : '',
        ];
      }),
    ),
  ].join('\n')}\n`;
}
