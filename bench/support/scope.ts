// Everything that a scenario starts goes into its scope and is gone when it ends: normally, by an error, by a
// signal, or because the process that started it is gone.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scope {
  /** Called when the scenario ends, last added first. */
  onClose(close: () => unknown): void;
  /** A directory of this scope's own, on the disk that is measured. */
  tempDir(): string;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
/** Of this process: a signal ends all of them, and none may end the process before the others are closed. */
const open = new Set<() => Promise<void>>();

export async function withScope<T>(body: (scope: Scope) => Promise<T>): Promise<T> {
  const closers: (() => unknown)[] = [];
  let closed: Promise<void> | undefined;

  const closeAll = async (): Promise<void> => {
    for (let close = closers.pop(); close; close = closers.pop()) {
      try {
        await close();
      } catch (error) {
        console.error('bench: something could not be stopped:', error);
      }
    }
  };
  const close = (): Promise<void> => (closed ??= closeAll());
  const interrupt = (): void =>
    void Promise.all(Array.from(open, (each) => each())).then(() => process.exit(130));

  open.add(close);
  for (const signal of SIGNALS) process.on(signal, interrupt);
  process.once('disconnect', interrupt);
  try {
    return await body({
      onClose: (each) => void closers.push(each),
      tempDir() {
        const dir = mkdtempSync(join(tmpdir(), 'etcron-bench-'));
        closers.push(() => rmSync(dir, { recursive: true, force: true }));
        return dir;
      },
    });
  } finally {
    await close();
    open.delete(close);
    for (const signal of SIGNALS) process.off(signal, interrupt);
    process.off('disconnect', interrupt);
  }
}
