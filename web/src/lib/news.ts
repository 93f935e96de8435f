// What the master's events say, gathered: a thousand a second become four batches, each run and worker in it once,
// as it was told last. Knows no connection and no page.
import type { RunView } from '../../../src/common/api/values.ts';
import type { WorkerView } from '../../../src/common/api/workers.ts';
import type { StreamEvent } from './event-stream.ts';

/** What changes of a worker while it lives; absent when it is gone, or could not be read. */
export interface WorkerNews {
  readonly type: 'put' | 'delete';
  readonly state?: WorkerView['state'];
  readonly running?: number;
}

export interface News {
  readonly jobs: ReadonlySet<string>;
  /** By job and run. */
  readonly runs: ReadonlyMap<string, RunView>;
  /** Runs that were given back: they are not, and never were, on record. */
  readonly goneRuns: readonly { readonly job: string; readonly run: string }[];
  readonly workers: ReadonlyMap<string, WorkerNews>;
}

export interface NewsBatch {
  add(event: StreamEvent): void;
  /** What was gathered, and begins anew; undefined when nothing was. */
  take(): News | undefined;
}

interface Told {
  readonly type: 'put' | 'delete';
  readonly name: string;
  readonly run?: RunView;
}

export function createNewsBatch(): NewsBatch {
  let size = 0;
  let jobs = new Set<string>();
  let runs = new Map<string, RunView>();
  let goneRuns: { job: string; run: string }[] = [];
  let workers = new Map<string, WorkerNews>();

  return {
    add({ event, data }) {
      let told: Told;
      try {
        told = JSON.parse(data) as Told;
      } catch {
        return;
      }
      if (event === 'job') jobs.add(told.name);
      else if (event === 'worker') workers.set(told.name, told);
      else if (event !== 'run' || !told.run) return;
      else if (told.type === 'put') runs.set(`${told.name}/${told.run.id}`, told.run);
      else {
        runs.delete(`${told.name}/${told.run.id}`);
        goneRuns.push({ job: told.name, run: told.run.id });
      }
      size++;
    },
    take() {
      if (size === 0) return undefined;
      const news: News = { jobs, runs, goneRuns, workers };
      size = 0;
      jobs = new Set();
      runs = new Map();
      goneRuns = [];
      workers = new Map();
      return news;
    },
  };
}
