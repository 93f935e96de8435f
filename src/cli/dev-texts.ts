// What `etcron dev` tells its user: where everything is, what to try, what a death means. Pure.
import type { Millis } from '../common/model/time.ts';
import type { OtherWorker } from './dev-others.ts';
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
  const [victim, heir] = children.filter((child) => child.name.startsWith('worker'));
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
    ...(victim && heir ? ['Kill a worker and see the others go on:', `  kill -9 ${victim.pid}`] : []),
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
  /** Workers that are there as well, started by others. */
  readonly others: readonly OtherWorker[];
}

export function describeDeath(
  dead: Named,
  exit: Exit,
  alive: readonly Named[],
  context: DeathContext,
): string {
  const how = exit.signal ? `was ended by ${exit.signal}` : `ended with exit code ${exit.code}`;
  const { endpoint, ttl, dir, command, others } = context;
  const all = [...alive.filter((child) => child.name !== 'master'), ...others] as readonly OtherWorker[];
  // Those of dev run processes, as does who does not tell.
  const heirs = all.filter(({ can }) => can?.processes !== false);
  const partly = all.filter(({ can }) => can?.processes === false);
  const lines = [`${dead.name} (pid ${dead.pid}) ${how}.`];
  if (dead.name === 'master') {
    const keeping = [
      ...(heirs.length > 0 ? [`${who(heirs, 'keep', 'keeps')} running every job`] : []),
      ...(partly.length > 0
        ? [`${who(partly, 'keep', 'keeps')} running what needs no process (http, functions)`]
        : []),
    ];
    lines.push(
      keeping.length > 0
        ? `${keeping.join(', ')}; the API is gone. To have it back: ${command} master --etcd ${endpoint}`
        : 'Nothing is left but etcd: stop with Ctrl-C and start again.',
    );
  } else {
    lines.push(
      ...inheritance(heirs, partly, ttl),
      `To start it again: ${command} worker --etcd ${endpoint} --name ${dead.name} --data-dir ${dir} (Ctrl-C here does not stop that one)`,
    );
  }
  return lines.map((line) => `dev      | ${line}`).join('\n');
}

const WAITING = 'wait, and are caught up or recorded as missed when one is back';

/** Who takes over from a worker of dev, which runs processes and http requests but has no functions. */
function inheritance(
  heirs: readonly OtherWorker[],
  partly: readonly OtherWorker[],
  ttl: Millis,
): readonly string[] {
  const then = `Its lease ends within ${ttl / 1000} s, then`;
  const lost = 'runs it had in hand are recorded as lost';
  if (heirs.length > 0) return [`${then} ${who(heirs, 'take', 'takes')} over its ticks; ${lost}.`];
  if (partly.length === 0) return [`No worker is left: ticks ${WAITING}.`];
  return [
    `${then} ${who(partly, 'take', 'takes')} over those of http jobs only; ${lost}.`,
    `No worker is left that runs processes: ticks of shell and exec jobs ${WAITING}.`,
  ];
}

const who = (workers: readonly OtherWorker[], many: string, one: string): string =>
  `${workers.map(({ name }) => name).join(', ')} ${workers.length > 1 ? many : one}`;
