// The program that gives a process a wall clock of its own.
import { execFileSync } from 'node:child_process';

export function faketime(): string {
  try {
    execFileSync('faketime', ['--version'], { stdio: 'pipe' });
    return 'faketime';
  } catch (cause) {
    throw new Error('this needs faketime, which npm test gets: apt-get install faketime', { cause });
  }
}

/**
 * What a process needs in its environment to take its wall clock's offset from a file, anew every second. Without
 * the wrapper, which would stand between a test and the process that it signals.
 */
export function fakeClockEnv(offsetFile: string): Record<string, string> {
  const env = execFileSync(faketime(), ['-f', '+0', 'env'], { encoding: 'utf8' });
  const preload = /^LD_PRELOAD=(.+)$/m.exec(env)?.[1];
  if (preload === undefined) throw new Error('faketime does not tell where its library is');
  return {
    LD_PRELOAD: preload,
    FAKETIME_TIMESTAMP_FILE: offsetFile,
    FAKETIME_CACHE_DURATION: '1',
    FAKETIME_DONT_FAKE_MONOTONIC: '1',
  };
}
