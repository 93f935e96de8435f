// People at work on the API while the cluster suffers: each does what the plan says, at the master it says, or
// at the other when that one does not answer. What they were answered is kept for the checker; no answer means
// that nobody knows what became of it.
import type { JobDefinitionInput } from '../../src/common/model/job.ts';
import { MASTERS, WORKERS } from './cluster.ts';
import type { Action } from './events.ts';
import type { PlannedAction } from './plan.ts';
import type { Workload } from './workload.ts';

/** Longer than a strict answer takes. */
const PATIENCE = 8_000;

interface Answer {
  readonly status: number | undefined;
  readonly body: Body | undefined;
  readonly error?: string;
}

/** What is read of any answer. */
interface Body {
  readonly job?: { readonly generation: number; readonly revisions: { readonly create: number } } | null;
  readonly started?: readonly { readonly run: string }[];
  readonly items?: readonly { readonly id: string; readonly name: string }[];
}

export interface People {
  readonly actions: readonly Action[];
  /** Resolves when it is answered, or given up. */
  act(action: PlannedAction): Promise<void>;
}

export function createPeople(urls: readonly string[], workload: Workload): People {
  const actions: Action[] = [];
  let edits = 0;

  const ask = async (master: number, method: string, path: string, body?: object): Promise<Answer> => {
    try {
      const answer = await fetch(`${urls[master]}/api/v1${path}`, {
        method,
        signal: AbortSignal.timeout(PATIENCE),
        ...(body && { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      return { status: answer.status, body: (await answer.json()) as Body };
    } catch (error) {
      return { status: undefined, body: undefined, error: (error as Error).message };
    }
  };

  /** With each edit something that is no part of the schedule differs. */
  const edited = (job: number, more: Partial<JobDefinitionInput> = {}): JobDefinitionInput => ({
    ...workload.edited[job]!,
    description: `edit ${++edits}`,
    ...more,
  });

  const workerId = async (master: number, name: string): Promise<string | undefined> => {
    const { body } = await ask(master, 'GET', '/workers');
    return body?.items?.find((worker) => worker.name === name)?.id;
  };

  type Request = readonly [method: string, path: string, body?: object];
  const requestOf = async (
    action: PlannedAction,
    master: number,
  ): Promise<{ job?: string; request: Request | undefined }> => {
    switch (action.kind) {
      case 'change':
      case 'reschedule':
      case 'create': {
        const seconds = action.kind === 'reschedule' ? action.seconds : 1;
        const body = edited(action.job, { schedule: `*/${seconds} * * * * *` });
        const job = body.name;
        if (action.kind === 'create') return { job, request: ['POST', '/jobs', body] };
        return { job, request: ['PUT', `/jobs/${job}`, body] };
      }
      case 'pause':
      case 'resume': {
        const job = workload.edited[action.job]!.name;
        return { job, request: ['POST', `/jobs/${job}/${action.kind}`] };
      }
      case 'delete': {
        const job = workload.edited[action.job]!.name;
        return { job, request: ['DELETE', `/jobs/${job}`] };
      }
      case 'run': {
        const { job, queue } = action;
        return { job, request: ['POST', `/jobs/${job}/run?queue=${queue}`] };
      }
      case 'kill':
        return { job: action.job, request: ['POST', `/jobs/${action.job}/kill`, { reason: 'chaos' }] };
      case 'drain':
      case 'undrain': {
        const id = await workerId(master, WORKERS[action.worker]!);
        const verb = action.kind === 'drain' ? 'drain' : 'resume';
        return { request: id === undefined ? undefined : ['POST', `/workers/${id}/${verb}`] };
      }
    }
  };

  const once = async (action: PlannedAction, master: number): Promise<boolean> => {
    const { job, request } = await requestOf(action, master);
    const askedAt = Date.now();
    const answer: Answer = request
      ? await ask(master, ...request)
      : { status: undefined, body: undefined, error: 'no such worker is known' };
    const { status, body, error } = answer;
    const isChange = status !== undefined && status < 300 && body?.started !== undefined;
    actions.push({
      action,
      job,
      askedAt,
      answeredAt: Date.now(),
      status,
      master: MASTERS[master]!,
      ...(error === undefined ? {} : { error }),
      ...(isChange && body.job
        ? {
            generation: action.kind === 'delete' ? Infinity : body.job.generation,
            created: body.job.revisions.create,
            started: (body.started ?? []).map(({ run }) => run),
          }
        : {}),
    });
    return status !== undefined && status < 500;
  };

  return {
    actions,
    async act(action) {
      if (await once(action, action.master)) return;
      // A request to run that is asked twice may run twice, and rightly: nobody repeats that.
      if (action.kind !== 'run') await once(action, 1 - action.master);
    },
  };
}
