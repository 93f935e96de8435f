// Once for a whole test run: finds etcd, builds dist when a source is newer (all but the simulation start
// programs of it), and at the end looks for processes that tests left behind, which fails the run.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { markedProcesses, RUN_MARK } from './spawned.ts';
import { waitFor } from './wait.ts';

function findEtcd(): void {
  const binary = process.env['ETCRON_ETCD_BIN'] ?? 'etcd';
  try {
    execFileSync(binary, ['--version'], { stdio: 'pipe' });
  } catch (error) {
    throw new Error(
      `the tests need etcd and ${binary} does not run: ${(error as Error).message}. ` +
        'Run them with npm test, which gets it, put etcd on the PATH, or set ETCRON_ETCD_BIN.',
      { cause: error },
    );
  }
}

function build(): void {
  try {
    execFileSync('npm', ['run', '--silent', 'build'], { stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: Buffer; stderr?: Buffer };
    throw new Error(`npm run build failed:\n${stdout?.toString() ?? ''}${stderr?.toString() ?? ''}`, {
      cause: error,
    });
  }
}

const needs = (project: TestProject, names: readonly string[]): boolean =>
  project.vitest.projects.some((one) => names.includes(one.name));

export default function setup(project: TestProject): () => Promise<void> {
  // vitest runs this once for each project; the first does it for all.
  if (process.env[RUN_MARK] !== undefined) return () => Promise.resolve();
  const mark = randomBytes(8).toString('hex');
  process.env[RUN_MARK] = mark;
  const folder = mkdtempSync(join(tmpdir(), 'etcron-tests-'));
  process.env['TMPDIR'] = folder;
  if (needs(project, ['integration', 'cluster', 'chaos', 'simulation', 'hostile', 'web'])) findEtcd();
  if (needs(project, ['unit', 'integration', 'cluster', 'chaos', 'hostile', 'web'])) build();

  return async function teardown() {
    const left = () => markedProcesses(mark, folder).filter(({ pid }) => !isOurOwn(pid));
    // vitest's own forks carry the mark too, and may take a moment to go.
    await waitFor(() => left().length === 0, {
      what: 'all processes of the tests are gone',
      timeout: 5_000,
    }).catch(() => {
      const processes = left();
      for (const { pid } of processes) process.kill(pid, 'SIGKILL');
      const list = processes.map(({ pid, command }) => `  ${pid} ${command}`).join('\n');
      // vitest reports what teardown throws and ends well all the same: the exit code is on us.
      process.exitCode = 1;
      process.prependOnceListener('exit', () => (process.exitCode = 1));
      rmSync(folder, { recursive: true, force: true });
      throw new Error(`the tests left ${processes.length} processes behind (killed now):\n${list}`);
    });
    rmSync(folder, { recursive: true, force: true });
  };
}

/** vitest itself and its forks; a process that a test started is a grandchild, or an orphan. */
function isOurOwn(pid: number): boolean {
  if (pid === process.pid || pid === process.ppid) return true;
  try {
    // pid (command) state ppid: the command may hold anything, even a parenthesis.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === process.pid;
  } catch {
    return true;
  }
}
