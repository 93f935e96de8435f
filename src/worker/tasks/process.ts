// Tasks of the kinds shell and exec: what the definition says, as a request to the runner. The environment is
// put together here and nowhere else: no setting of the worker, which may hold passwords, reaches a task.
import type { Task } from '../../common/model/job.ts';
import { toIso } from '../../common/model/time.ts';
import type { ProcessRequest } from '../runner/client.ts';
import type { TaskContext } from './task.ts';

export type ProcessTask = Extract<Task, { kind: 'shell' | 'exec' }>;

/** What tasks inherit from the worker: where things are and how to speak, not what it knows. */
const INHERITED =
  /^(?:PATH|LANG|LANGUAGE|LC_[A-Z]+|TZ|TMPDIR|SSL_CERT_(?:FILE|DIR)|(?:https?|no)_proxy|(?:HTTPS?|NO)_PROXY)$/;
/** These belong to a user; with another user the runner sets that one's. */
const OF_THE_USER = /^(?:HOME|USER|LOGNAME|SHELL)$/;

type Env = Readonly<Record<string, string | undefined>>;

/** The parts of the worker's environment that tasks get: those of its own user, and of others. */
export interface Inherited {
  readonly own: Readonly<Record<string, string>>;
  readonly others: Readonly<Record<string, string>>;
}

/** Taken once: to read `process.env` whole takes longer than all else that a start needs here. */
export function inheritedFrom(env: Env): Inherited {
  const own: Record<string, string> = {};
  const others: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined) continue;
    if (INHERITED.test(name)) own[name] = others[name] = value;
    else if (OF_THE_USER.test(name)) own[name] = value;
  }
  return { own, others };
}

function definedEnv(task: ProcessTask): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(task.env ?? {})) {
    const text = typeof value === 'string' ? value : value.value;
    if (text !== undefined) env[name] = text;
  }
  return env;
}

/** The later wins: inherited, the definition's, the run's by hand, and what the run is: a job cannot forge that. */
function taskEnv(task: ProcessTask, context: TaskContext, inherited: Inherited): Record<string, string> {
  return {
    ...(task.user === undefined ? inherited.own : inherited.others),
    ...definedEnv(task),
    ...context.env,
    ETCRON_JOB: context.job,
    ETCRON_RUN_ID: context.runId,
    ETCRON_SCHEDULED_FOR: toIso(context.scheduledFor),
    ETCRON_ATTEMPT: String(context.attempt),
    ETCRON_FENCING_TOKEN: String(context.fencingToken),
    ETCRON_WORKER: context.worker,
    ...(context.shard && {
      ETCRON_SHARD_INDEX: String(context.shard.index),
      ETCRON_SHARD_TOTAL: String(context.shard.total),
    }),
  };
}

export function processRequest(
  task: ProcessTask,
  context: TaskContext,
  inherited: Inherited,
): ProcessRequest {
  return {
    key: `${context.job}/${context.runId}/${context.attempt}`,
    job: context.job,
    runId: context.runId,
    argv: task.kind === 'shell' ? [task.shell, '-c', task.command] : task.argv,
    programField: task.kind === 'shell' ? 'task.shell' : 'task.argv[0]',
    ...(task.cwd !== undefined && { cwd: task.cwd }),
    env: taskEnv(task, context, inherited),
    ...(task.user !== undefined && { user: task.user }),
    ...(context.timeoutMs !== undefined && { timeoutMs: context.timeoutMs }),
    killGraceMs: context.killGraceMs,
    outputLimit: context.outputLimit,
    attempt: context.attempt,
    ...(context.outlivesClaim && { outlivesClaim: true }),
  };
}
