// What `etcron audit` prints: a table, the ticks that are wrong, and a verdict. Pure.
import type { OutcomeCounts } from '../common/core/outcome-pages.ts';
import { FAILING, type Audit, type Failing } from './audit.ts';

const COLUMNS: readonly (readonly [string, (counts: OutcomeCounts) => number])[] = [
  ['DUE', ({ due }) => due],
  ['RAN ONCE', ({ ran }) => ran],
  ['SKIPPED', ({ skipped }) => skipped],
  ['MISSED', ({ missed }) => missed],
  ['LOST', ({ lost }) => lost],
  ['RAN TWICE', ({ twice }) => twice],
  ['UNEXPLAINED', ({ unexplained }) => unexplained],
  ['NOT KNOWN', ({ notKnown }) => notKnown],
  ['UNDER WAY', ({ running, waiting }) => running + waiting],
];

/** Wrong ticks that are listed, of all jobs together. */
const MOST_LISTED = 50;

function tableOf({ jobs, total }: Audit): string[] {
  const rows = jobs.map(({ job, counts }) => [job, ...COLUMNS.map(([, of]) => String(of(counts)))]);
  const head = ['JOB', ...COLUMNS.map(([name]) => name)];
  const all =
    jobs.length > 1
      ? [head, ...rows, ['ALL', ...COLUMNS.map(([, of]) => String(of(total)))]]
      : [head, ...rows];
  const widths = head.map((_, column) =>
    all.reduce((widest, row) => Math.max(widest, row[column]!.length), 0),
  );
  return all.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  );
}

const ticks = (count: number): string => (count === 1 ? '1 tick' : `${count} ticks`);

const IN_WORDS: Readonly<Record<Failing, string>> = {
  unexplained: 'unexplained',
  twice: 'ran twice',
  skipped: 'skipped',
  missed: 'missed',
  lost: 'lost',
  not_known: 'not known',
};

const inWords = (outcome: string): string => IN_WORDS[outcome as Failing] ?? outcome;

function wrongOf({ jobs, total, failOn }: Audit): string[] {
  const count = failOn.reduce((sum, outcome) => sum + total[FAILING[outcome]], 0);
  if (count === 0) return [];
  const lines = jobs
    .flatMap(({ job, wrong }) => wrong.map((tick) => ({ job, ...tick })))
    .slice(0, MOST_LISTED)
    .map(({ job, tick, outcome, reason }) =>
      `  ${inWords(outcome).padEnd(IN_WORDS.unexplained.length)}  ${job}  ${tick}  ${reason ?? ''}`.trimEnd(),
    );
  const more = count - lines.length;
  return [
    '',
    ...lines,
    ...(more > 0 ? [`  and ${more} more: GET /api/v1/jobs/<job>/ticks?outcome=${failOn.join(',')}`] : []),
  ];
}

function notesOf({ from, jobs, total, broken }: Audit): string[] {
  const notes = broken.map(({ job, error }) => `${job}: ${error}`);
  if (total.notKnown > 0)
    notes.push(`${ticks(total.notKnown)} not known: their records may have been removed with old history.`);
  for (const { job, counts, historyKnownFrom, historyHint } of jobs)
    if (counts.notKnown > 0 && historyKnownFrom !== null && historyKnownFrom > from)
      notes.push(
        `${job}: what became of its ticks is known from ${historyKnownFrom} on${historyHint === null ? '' : `; ${historyHint}`}.`,
      );
  for (const { job, counts } of jobs) {
    if (counts.partly > 0)
      notes.push(
        `${job}: of what ran once, ${ticks(counts.partly)} not on every worker, as far as records tell (workers.mode: all): GET /api/v1/jobs/${job}/ticks?partly=true says what is known of the others.`,
      );
    if (counts.mayHaveOverlapped > 0)
      notes.push(
        `${job}: ${ticks(counts.mayHaveOverlapped)} with a run whose task ran on after its claim had ended (onLostLease: continue, or a handler that ignores its signal): it may have overlapped with another run of the job.`,
      );
  }
  for (const { job, scheduleKnownFrom, jobCreatedAt } of jobs)
    if (scheduleKnownFrom > from && scheduleKnownFrom > jobCreatedAt)
      notes.push(
        `${job}: its schedule is known from ${scheduleKnownFrom} on, when it was changed or resumed; of the time before, only what was recorded is counted.`,
      );
  return notes.length === 0 ? [] : ['', ...notes.slice(0, MOST_LISTED)];
}

function verdictOf({ jobs, total, broken, failOn, ok }: Audit): string {
  if (jobs.length + broken.length === 0) return 'There are no jobs.';
  if (ok) {
    if (total.due === 0) return 'No tick was due.';
    const which = total.notKnown > 0 ? 'that was due, and whose record would still be kept,' : 'that was due';
    const where = total.partly > 0 ? ' on at least one worker' : '';
    return `Every tick ${which} is accounted for${where}, and none ran twice.`;
  }
  const parts = [
    ...failOn.flatMap((outcome) => {
      const count = total[FAILING[outcome]];
      return count > 0 ? [`${ticks(count)} ${inWords(outcome)}`] : [];
    }),
    ...(broken.length > 0
      ? [`${broken.length} ${broken.length === 1 ? 'job' : 'jobs'} that cannot be read`]
      : []),
  ];
  return `NOT IN ORDER: ${parts.join(', ')}.`;
}

export function auditText(audit: Audit): string {
  const head = `Ticks from ${audit.from} to ${audit.to}`;
  const table = audit.jobs.length > 0 ? ['', ...tableOf(audit)] : [];
  return [head, ...table, ...wrongOf(audit), ...notesOf(audit), '', verdictOf(audit), ''].join('\n');
}
