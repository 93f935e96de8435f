// Real pipes for the tasks' output. Node gives its children sockets, and `echo … > /dev/stderr` fails on a
// socket; one pipe for both streams also keeps their order. Node cannot call pipe(2), so named pipes are
// made in batches by mkfifo, opened, and unlinked at once: from then on they are as nameless as any.
import { execFile } from 'node:child_process';
import { constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BATCH = 64;
const LOW_WATER = 16;

export interface Pipe {
  /** Non-blocking. */
  readonly read: number;
  /** Blocking, as programs expect of their stdout. */
  readonly write: number;
}

export interface Pipes {
  /** Rejects when none can be made. Both ends are the taker's to close. */
  take(): Promise<Pipe>;
  /** A pipe that nobody has used. */
  giveBack(pipe: Pipe): void;
}

/** The first of these folders that takes one more: a full disk must not keep tasks from starting. */
function makePlace(folders: readonly string[]): string {
  let refusal: unknown;
  for (const folder of folders) {
    try {
      return mkdtempSync(join(folder, 'pipes-'));
    } catch (cause) {
      refusal ??= cause;
    }
  }
  throw refusal;
}

function openBatch(folder: string, names: readonly string[]): Pipe[] {
  return names.map((name) => {
    const path = join(folder, name);
    const read = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    return { read, write: openSync(path, constants.O_WRONLY) };
  });
}

/** `folder` holds the names for the moment that they exist; when it cannot, a folder for such things does. */
export function openPipes(folder: string): Pipes {
  const ready: Pipe[] = [];
  let filling: Promise<void> | undefined;

  const fill = (): Promise<void> => {
    filling ??= new Promise<void>((resolve, reject) => {
      let place: string;
      try {
        place = makePlace([folder, tmpdir(), '/dev/shm']);
      } catch (cause) {
        // Not kept: the next one who needs a pipe tries again.
        setImmediate(() => (filling = undefined));
        return reject(cause);
      }
      const names = Array.from({ length: BATCH }, (_, n) => String(n));
      execFile('mkfifo', ['-m', '600', ...names], { cwd: place }, (error) => {
        filling = undefined;
        try {
          if (error) throw error;
          ready.push(...openBatch(place, names));
          resolve();
        } catch (cause) {
          reject(cause);
        } finally {
          rmSync(place, { recursive: true, force: true });
        }
      });
    });
    return filling;
  };

  return {
    async take() {
      for (;;) {
        const pipe = ready.pop();
        if (pipe) {
          // A failure here shows when the last pipe is gone and the filling is tried again.
          if (ready.length < LOW_WATER) fill().catch(() => {});
          return pipe;
        }
        await fill();
      }
    },
    giveBack(pipe) {
      ready.push(pipe);
    },
  };
}
