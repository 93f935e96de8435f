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
