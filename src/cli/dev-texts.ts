// What `etcron dev` tells its user: where everything is, what to try, what a death means. Pure.
import type { Millis } from '../common/model/time.ts';
import type { Exit, SupervisedChild } from './supervised.ts';

type Named = Pick<SupervisedChild, 'name' | 'pid'>;

export function readyText(
  url: string,
  children: readonly Named[],
  dir: string,
  tokensFile: string | undefined,
  drainTimeout: Millis,
): string {
  const auth = tokensFile === undefined ? '' : ` -H "Authorization: Bearer $TOKEN"`;
  const victim = children.find((child) => child.name.startsWith('worker'));
  return [
    '',
    `etcron is ready: ${url}`,
    ...children.map(({ name, pid }) => `  ${name.padEnd(9)} pid ${pid}`),
    '',
    'Create a job that runs every ten seconds:',
    `  curl${auth} -X POST ${url}/api/v1/jobs -H 'Content-Type: application/json' \\`,
    `    -d '{"name":"hello","schedule":"*/10 * * * * *","task":{"kind":"shell","command":"echo hello from $ETCRON_WORKER"}}'`,
    'See its runs:',
    `  curl${auth} ${url}/api/v1/jobs/hello/runs`,
    ...(victim ? ['Kill a worker and see the others go on:', `  kill -9 ${victim.pid}`] : []),
    '',
    `Data is kept in ${dir}. Ctrl-C stops all of these; tasks that run get up to ${drainTimeout / 1000} s, a second Ctrl-C ends them at once.`,
    'A worker that you start by hand goes on: it is yours to stop.',
    '',
  ].join('\n');
}

export interface DeathContext {
  readonly endpoint: string;
  readonly ttl: Millis;
  readonly dir: string;
  /** What to type for `etcron`. */
  readonly command: string;
  /** Names of workers that are there as well, started by others. */
  readonly others: readonly string[];
}

export function describeDeath(
  dead: Named,
  exit: Exit,
  alive: readonly Named[],
  context: DeathContext,
): string {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
  const { endpoint, ttl, dir, command, others } = context;
  const own = alive.filter((child) => child.name !== 'master').map((child) => child.name);
  const workers = [...own, ...others];
  const lines = [`${dead.name} (pid ${dead.pid}) ${how}.`];
  if (dead.name === 'master') {
    lines.push(
      workers.length > 0
        ? `${workers.join(', ')} ${workers.length > 1 ? 'keep' : 'keeps'} running every job; the API is gone. To have it back: ${command} master --etcd ${endpoint}`
        : 'Nothing is left but etcd: stop with Ctrl-C and start again.',
    );
  } else {
    lines.push(
      workers.length > 0
        ? `Its lease ends within ${ttl / 1000} s, then ${workers.join(', ')} ${workers.length > 1 ? 'take' : 'takes'} over its ticks; runs it had in hand are recorded as lost.`
        : 'No worker is left: ticks wait, and are caught up or recorded as missed when one is back.',
      `To start it again: ${command} worker --etcd ${endpoint} --name ${dead.name} --data-dir ${dir} (Ctrl-C here does not stop that one)`,
    );
  }
  return lines.map((line) => `dev      | ${line}`).join('\n');
}
