// Histories made by hand: a cluster that does everything right, told step by step, so that a test can let one
// thing go wrong and see that the checker notices it.
import { jobDefinition, type JobDefinitionInput } from '../../../src/common/model/job.ts';
import type { RunRecord } from '../../../src/common/model/run.ts';
import type { Action, FaultDone, History } from '../../chaos/events.ts';
import type { JournalLine } from '../../support/journal.ts';

export const START = Date.parse('2026-11-23T06:00:00Z');
export const SECOND = 1_000;

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

export interface RunOptions {
  readonly worker?: string;
  readonly id?: string;
  /** ms from the tick to the start, and from there to the end. */
  readonly lag?: number;
  readonly takes?: number;
  readonly more?: Partial<RunRecord>;
  /** Steps that are left out. */
  readonly without?: readonly ('claim' | 'start' | 'end' | 'record' | 'cursor')[];
}

export function tellStory() {
  let revision = 100;
  const history: Mutable<History> = {
    startedAt: START,
    healedAt: START,
    pausedAt: START + 60 * SECOND,
    jobs: [],
    cursors: [],
    runs: [],
    claims: [],
    sessionEnds: [],
    marks: [],
    actions: [],
    faults: [],
    ttlMs: 5_000,
    hasStuckLeaders: false,
    prompt: new Set(),
  };
  const at = (seconds: number): number => START + seconds * SECOND;
  const lives = new Map<string, { created: number; generation: number }>();

  const mark = (
    line: Pick<JournalLine, 'mark' | 'runId' | 'at' | 'worker' | 'job'> & Partial<JournalLine>,
  ): void =>
    void history.marks.push({
      pid: 4_000 + history.marks.length,
      scheduledFor: 0,
      attempt: 1,
      fencingToken: 0,
      sequence: 0,
      ...line,
    });

  return {
    at,
    /** Writes a definition at that second; ticks after it are due. */
    job(job: string, seconds: number, input: Partial<JobDefinitionInput> = {}, since = at(seconds)): void {
      revision++;
      const before = lives.get(job);
      const life = before
        ? { ...before, generation: before.generation + 1 }
        : { created: revision, generation: 1 };
      lives.set(job, life);
      const definition = jobDefinition.parse({
        name: job,
        schedule: '* * * * * *',
        task: { kind: 'shell', command: 'true' },
        ...input,
      });
      history.jobs.push({
        job,
        revision,
        at: at(seconds),
        created: life.created,
        record: {
          definition,
          since,
          anchor: since,
          generation: life.generation,
          createdAt: at(seconds),
          updatedAt: at(seconds),
        },
      });
    },
    remove(job: string, seconds: number): void {
      history.jobs.push({
        job,
        revision: ++revision,
        at: at(seconds),
        created: lives.get(job)!.created,
        record: undefined,
      });
      history.cursors.push({ job, revision, at: at(seconds), tick: undefined });
      for (const [runId, { worker }] of openClaims(history, job))
        history.claims.push({ job, runId, worker, revision: ++revision, at: at(seconds), record: undefined });
      lives.delete(job);
    },
    /** One tick, claimed, started, ended and recorded. Returns the run's id. */
    run(job: string, second: number, options: RunOptions = {}): string {
      const { worker = 'w1-aaaaaa', lag = 5, takes = 10, more = {}, without = [] } = options;
      const { created, generation } = lives.get(job)!;
      const tick = at(second);
      const id = options.id ?? `${new Date(tick).toISOString().replaceAll(/[-:]/g, '')}-${worker.slice(-6)}`;
      const does = (step: NonNullable<RunOptions['without']>[number]): boolean => !without.includes(step);
      const token = ++revision;
      const base: RunRecord = {
        id,
        job,
        state: 'armed',
        cause: { kind: 'schedule', tick },
        worker,
        scheduledFor: tick,
        attempt: 1,
        attempts: [],
        generation,
        jobCreated: created,
        fencingToken: token,
      };
      if (does('claim'))
        history.claims.push({ job, runId: id, worker, revision: token, at: tick - 200, record: base });
      if (does('cursor')) history.cursors.push({ job, revision: token, at: tick - 200, tick });
      const line = { runId: id, worker, job, fencingToken: token, scheduledFor: tick };
      if (does('start')) mark({ ...line, mark: 'start', at: tick + lag });
      if (does('end')) mark({ ...line, mark: 'end', at: tick + lag + takes });
      if (does('record')) {
        revision++;
        const record: RunRecord = {
          ...base,
          state: 'succeeded',
          startedAt: tick + lag,
          endedAt: tick + lag + takes,
          ...more,
        };
        history.runs.push({ revision, at: tick + lag + takes, record });
        history.claims.push({ job, runId: id, worker, revision, at: tick + lag + takes, record: undefined });
      }
      return id;
    },
    /** Ticks on record that nothing ran for. */
    passed(
      job: string,
      state: 'skipped' | 'missed',
      from: number,
      to: number,
      more: Partial<RunRecord> = {},
    ): void {
      const { created, generation } = lives.get(job)!;
      revision++;
      history.cursors.push({ job, revision, at: at(to), tick: at(to) });
      history.runs.push({
        revision,
        at: at(to),
        record: {
          id: `${job}-${state}-${from}`,
          job,
          state,
          cause: { kind: 'schedule', tick: at(from) },
          scheduledFor: at(from),
          attempt: 0,
          attempts: [],
          generation,
          jobCreated: created,
          ticks: { count: to - from + 1, from: at(from), to: at(to) },
          ...more,
        },
      });
    },
    mark,
    sessionEnds(worker: string, seconds: number): void {
      history.sessionEnds.push({ worker, revision: ++revision, at: at(seconds) });
    },
    answered(action: Partial<Action> & Pick<Action, 'action'>): void {
      history.actions.push({
        job: undefined,
        askedAt: START,
        answeredAt: START,
        status: 200,
        master: 'master1',
        ...action,
      });
    },
    fault(fault: FaultDone): void {
      history.faults.push(fault);
    },
    created: (job: string): number => lives.get(job)!.created,
    /** Up to that second; marks in the order of their times, as a journal has them. */
    told(until: number, prompt: readonly string[] = []): History {
      const marks = history.marks
        .toSorted((a, b) => a.at - b.at)
        .map((line, sequence) => ({ ...line, sequence }));
      return { ...history, marks, pausedAt: at(until), prompt: new Set(prompt) };
    },
  };
}

function openClaims(history: Mutable<History>, job: string): Map<string, { worker: string }> {
  const open = new Map<string, { worker: string }>();
  for (const { job: of, runId, worker, record } of history.claims) {
    if (of !== job) continue;
    if (record) open.set(runId, { worker });
    else open.delete(runId);
  }
  return open;
}
