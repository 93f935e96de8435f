// Why a request to run, or a tick, waits, in words for who asked. A guess at what the workers will do from the same facts that
// they decide on; nothing is decided here. Pure.
import { lackOf, mayRun, missing, wishOf, type Wish } from '../../common/core/eligible.ts';
import type { Nobody } from '../../common/core/outcomes.ts';
import { durationMs } from '../../common/model/duration.ts';
import type { JobDefinition } from '../../common/model/job.ts';
import type { LockRecord } from '../../common/model/run.ts';
import { toIso, type Instant } from '../../common/model/time.ts';
import type { WorkerRecord, WorkerState } from '../../common/model/worker.ts';

/** Workers named one by one. */
const NAMED = 3;

const IN_WORDS: Readonly<Record<Exclude<WorkerState, 'ready'>, string>> = {
  loading: 'loading the jobs',
  full: 'full',
  draining: 'draining',
  clock_skew: 'off by its clock',
};

const notReady = ({ id, state, slots }: WorkerRecord): string =>
  `${id} is ${IN_WORDS[state as Exclude<WorkerState, 'ready'>]}${state === 'full' ? ` (${slots} slots)` : ''}`;

function allBusy(workers: readonly WorkerRecord[]): string {
  const named = workers.slice(0, NAMED).map(notReady);
  const more = workers.length > NAMED ? ` and ${workers.length - NAMED} more` : '';
  return `no worker that may run it takes work now: ${named.join(', ')}${more}`;
}

/** Why no worker can take it at the moment; undefined: one can. `asked`: id of the one that is to run it. */
export function whyNobody(
  definition: JobDefinition,
  asked: string | undefined,
  workers: readonly WorkerRecord[],
): string | undefined {
  const wish = wishOf(definition);
  if (asked !== undefined) {
    const worker = workers.find(({ id }) => id === asked);
    if (!worker || worker.state === 'draining' || !mayRun(wish, worker)) {
      const why = !worker ? 'is gone' : worker.state === 'draining' ? 'is draining' : lackOf(wish, worker);
      return `it was asked of ${asked}, which ${why}: it is about to be recorded as skipped`;
    }
    // With a wrong clock it runs what is asked of it all the same: nobody else may.
    return worker.state === 'ready' || worker.state === 'clock_skew' ? undefined : notReady(worker);
  }
  const matching = workers.filter((worker) => mayRun(wish, worker));
  if (matching.length === 0) return `no worker is registered${missing(wish, workers)}`;
  const has = (wanted: WorkerState): boolean => matching.some(({ state }) => state === wanted);
  // One with a wrong clock goes behind those that are full, and takes what is left when there are none.
  return has('ready') || (has('clock_skew') && !has('full')) ? undefined : allBusy(matching);
}

const NOTHING_CAUGHT_UP = { policy: 'none', window: 0 } as const;

/** In ms: who has joined has read the jobs by then, and has settled what was due. */
const NEW_FOR = 10_000;

/** In words, when all that can take it have only just joined. */
function allNew(wish: Wish, workers: readonly WorkerRecord[], now: Instant): string | undefined {
  const takers = workers.filter(
    (worker) => mayRun(wish, worker) && (worker.state === 'ready' || worker.state === 'clock_skew'),
  );
  const isNew = ({ joinedAt }: WorkerRecord): boolean => joinedAt !== undefined && joinedAt > now - NEW_FOR;
  if (takers.length === 0 || !takers.every(isNew)) return undefined;
  return `${takers[0]!.id} joined a moment ago and is about to settle it`;
}

/** The same of ticks, and which of them nobody is waited for with. */
export function nobodyFor(
  definition: JobDefinition,
  workers: readonly WorkerRecord[],
  now: Instant,
): Nobody | undefined {
  const wish = wishOf(definition);
  const reason = whyNobody(definition, undefined, workers) ?? allNew(wish, workers, now);
  if (reason === undefined) return undefined;
  if (workers.some((worker) => mayRun(wish, worker))) return { reason, catchUp: undefined };
  const { mode } = definition.workers;
  const { policy, window } = definition.catchUp;
  return {
    reason,
    catchUp: mode === 'all' ? NOTHING_CAUGHT_UP : { policy, window: durationMs(window)! },
  };
}

export interface Waiting {
  readonly definition: JobDefinition;
  /** Id of the worker that is to run it, under `mode: all`. */
  readonly asked: string | undefined;
  /** Claims of the job. */
  readonly locks: readonly LockRecord[];
  /** Requests that are taken first. */
  readonly before: number;
  /** Of a retry: what it waits for before anybody may take it. */
  readonly attempt?: { readonly number: number; readonly notBefore: Instant } | undefined;
}

export function whyWaits(
  { definition, asked, locks, before, attempt }: Waiting,
  workers: readonly WorkerRecord[],
): string {
  const nobody = whyNobody(definition, asked, workers);
  const isHeld = definition.overlap !== 'allow';
  const holder = isHeld ? locks.find(({ worker }) => asked === undefined || worker === asked) : undefined;
  const reasons = [
    ...(attempt ? [`attempt ${attempt.number} is not made before ${toIso(attempt.notBefore)}`] : []),
    ...(holder ? [`run ${holder.runId} of the job is on, on ${holder.worker}`] : []),
    ...(before > 0
      ? [`${before} ${before === 1 ? 'request of the job comes' : 'requests of the job come'} first`]
      : []),
    ...(nobody === undefined ? [] : [nobody]),
  ];
  return reasons.length === 0 ? 'a worker is about to take it' : reasons.join('; ');
}
