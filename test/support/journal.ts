// The tasks' own journal, the judge of what really ran: each run appends a line when it starts and when it
// ends. Our records are never asked.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface JournalLine {
  readonly mark: 'start' | 'beat' | 'end';
  readonly runId: string;
  /** By the machine's clock, whatever clock the worker has. */
  readonly at: number;
  /** Of the task's shell. */
  readonly pid: number;
  readonly scheduledFor: number;
  /** Id of the session of the worker that started it. */
  readonly worker: string;
  readonly job: string;
  readonly attempt: number;
  readonly fencingToken: number;
  /** Place in the journal: lines are in the order in which they were written, whatever the clocks say. */
  readonly sequence: number;
}

export interface Journal {
  /** A shell command that notes its start, does `what`, and notes its end. */
  task(what?: string): string;
  lines(): JournalLine[];
  starts(): JournalLine[];
  remove(): void;
}

/** Beats as long as it lives, at most so often; ten times a second by default. */
export const beatFor = (times: number, everySeconds = 0.1): string =>
  `i=0; while [ $i -lt ${times} ]; do note beat; sleep ${everySeconds}; i=$((i+1)); done`;

/** In a folder of its own below `folder`, the system's temporary one by default. */
export function openJournal(folder = tmpdir()): Journal {
  const dir = mkdtempSync(join(folder, 'etcron-journal-'));
  const file = join(dir, 'journal');
  const lines = (): JournalLine[] =>
    existsSync(file)
      ? readFileSync(file, 'utf8')
          .split('\n')
          .slice(0, -1)
          .map((line, sequence) => {
            const [mark, runId, at, pid, scheduledFor, worker, job, attempt, token] = line.split(' ');
            return {
              mark: mark as JournalLine['mark'],
              runId: runId!,
              at: Number(at),
              pid: Number(pid),
              scheduledFor: Date.parse(scheduledFor!),
              worker: worker!,
              job: job!,
              attempt: Number(attempt),
              fencingToken: Number(token),
              sequence,
            };
          })
      : [];
  return {
    // One short write with O_APPEND: lines of different processes never mix.
    task: (what = 'true') =>
      `note() { printf '%s %s %s %s %s %s %s %s %s\\n' "$1" "$ETCRON_RUN_ID" "$(date +%s%3N)" $$ ` +
      `"$ETCRON_SCHEDULED_FOR" "$ETCRON_WORKER" "$ETCRON_JOB" "$ETCRON_ATTEMPT" "$ETCRON_FENCING_TOKEN" ` +
      `>> '${file}'; }\n` +
      `note start\n${what}\nnote end`,
    lines,
    starts: () => lines().filter(({ mark }) => mark === 'start'),
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Ticks that started more than once, and ticks between the first and the last that never started. */
export function judgeTicks(
  starts: readonly JournalLine[],
  interval = 1_000,
): { twice: number[]; missing: number[] } {
  const ticks = starts.map(({ scheduledFor }) => scheduledFor);
  const seen = new Set(ticks);
  const missing: number[] = [];
  for (let tick = Math.min(...ticks); tick < Math.max(...ticks); tick += interval) {
    if (!seen.has(tick)) missing.push(tick);
  }
  return { twice: [...seen].filter((tick) => ticks.filter((each) => each === tick).length > 1), missing };
}

/** Pairs of runs of which one wrote while the other was between its first line and its last. */
export function overlapsIn(lines: readonly JournalLine[]): string[] {
  const spans = new Map<string, { from: number; to: number }>();
  for (const { runId, at, pid } of lines) {
    const key = `${runId} (${pid})`;
    const span = spans.get(key);
    if (span) span.to = Math.max(span.to, at);
    else spans.set(key, { from: at, to: at });
  }
  const inOrder = [...spans].sort(([, a], [, b]) => a.from - b.from);
  const found: string[] = [];
  for (const [i, [key, span]] of inOrder.entries()) {
    const before = inOrder[i - 1];
    if (before && span.from < before[1].to) found.push(`${key} began before ${before[0]} had ended`);
  }
  return found;
}
