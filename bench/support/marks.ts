// Tasks that mark their own start, apart from all that the product records: a handler notes it in its process,
// a shell task appends a line to a file, a request is noted by the server that it reaches. Three kinds, one form.
import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { JobDefinitionInput } from '../../src/common/model/job.ts';
import type { BenchWorker } from './fleet.ts';
import { startHttpTarget } from './http-target.ts';
import type { Scope } from './scope.ts';
import { joinStarts, newStarts, NOOP, PAUSE, type Starts } from './worker-protocol.ts';

export const KINDS = ['handler', 'shell', 'http'] as const;
export type Kind = (typeof KINDS)[number];

export interface Marks {
  readonly task: JobDefinitionInput['task'];
  /** The starts noted since it was asked last. */
  take(workers: readonly BenchWorker[]): Promise<Starts>;
}

/** A line is noted at most this much after it was written: times of shell tasks are that much too late. */
const LOOK_EVERY_MS = 5;
const READ_BYTES = 64 * 1024;

/** `pauseMs`: what a handler takes, waiting. */
export async function openMarks(scope: Scope, kind: Kind, pauseMs = 0): Promise<Marks> {
  if (kind === 'handler') return handlerMarks(pauseMs);
  if (kind === 'http') {
    const target = await startHttpTarget(scope);
    return { task: { kind: 'http', method: 'GET', url: target.url }, take: () => target.take() };
  }
  return shellMarks(scope);
}

const handlerMarks = (pauseMs: number): Marks => ({
  task: pauseMs === 0 ? { kind: 'handler', name: NOOP } : { kind: 'handler', name: PAUSE, payload: pauseMs },
  take: async (workers) => joinStarts(await Promise.all(workers.map((worker) => worker.take()))),
});

/** Prints a line, as the tasks of those reports did, and marks its start; the shell forks for neither. */
function shellMarks(scope: Scope): Marks {
  const file = join(scope.tempDir(), 'starts');
  const fd = openSync(file, 'a+');
  const buffer = Buffer.alloc(READ_BYTES);
  let offset = 0;
  let rest = '';
  let starts = newStarts();
  const look = (): void => {
    for (let read: number; (read = readSync(fd, buffer, 0, READ_BYTES, offset)) > 0; offset += read) {
      const at = Date.now();
      const lines = (rest + buffer.toString('latin1', 0, read)).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        const space = line.indexOf(' ');
        starts.jobs.push(line.slice(0, space));
        starts.ticks.push(Date.parse(line.slice(space + 1)));
        starts.at.push(at);
      }
    }
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  scope.onClose(() => {
    clearInterval(timer);
    closeSync(fd);
  });
  return {
    task: { kind: 'shell', command: `echo "$ETCRON_JOB $ETCRON_SCHEDULED_FOR" >>'${file}'; echo hello` },
    take() {
      look();
      const taken = starts;
      starts = newStarts();
      return Promise.resolve(taken);
    },
  };
}
