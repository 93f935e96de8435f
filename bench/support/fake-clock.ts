// A wall clock that is off, for one process: by the library behind faketime, which the process takes by itself, since
// the program would stand between it and us. Monotonic time, and with it timers, stay right.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Scope } from './scope.ts';

export interface FakeClock {
  /** What runs node with this clock. */
  readonly wrapper: readonly string[];
  /** From now on, in seconds ahead. */
  set(offsetS: number): void;
}

function libfaketime(): string {
  try {
    return execFileSync('faketime', ['-f', '+0', 'printenv', 'LD_PRELOAD'], { encoding: 'utf8' }).trim();
  } catch (cause) {
    throw new Error('this scenario needs faketime: apt-get install faketime', { cause });
  }
}

export function openFakeClock(scope: Scope): FakeClock {
  const file = join(scope.tempDir(), 'offset');
  return {
    // The offset is read from the file, anew at each look at the clock.
    wrapper: [
      'env',
      `LD_PRELOAD=${libfaketime()}`,
      'FAKETIME_DONT_FAKE_MONOTONIC=1',
      'DONT_FAKE_MONOTONIC=1',
      `FAKETIME_TIMESTAMP_FILE=${file}`,
      'FAKETIME_NO_CACHE=1',
    ],
    set: (offsetS) => writeFileSync(file, `+${offsetS}\n`),
  };
}
