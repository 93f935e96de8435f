// A record of history as it is counted: read with JSON alone, for a herd ends ten thousand runs in a second and each
// is read by every master. Only what is counted or shown of many at once is looked at; who shows a run reads all of it.
import { isEnd, type End } from '../../common/core/activity.ts';
import type { RunCause, RunState, Stretch } from '../../common/model/run.ts';
import type { KeyValue } from '../../common/store/etcd.ts';

export interface EndedRun {
  readonly id: string;
  readonly job: string;
  readonly state: End;
  readonly cause: RunCause['kind'];
  readonly worker: string | undefined;
  readonly scheduledFor: number;
  readonly startedAt: number | undefined;
  readonly endedAt: number;
  readonly startLagMs: number | undefined;
  readonly durationMs: number | undefined;
  readonly exitCode: number | undefined;
  readonly httpStatus: number | undefined;
  readonly signal: string | undefined;
  readonly error: string | undefined;
  readonly reason: string | undefined;
  /** Ticks that it stands for, of one that nothing ran for. */
  readonly ticks: Stretch | undefined;
  /** How often it has been written. */
  readonly version: number;
}

const LONGEST_WORDS = 300;

const numberOr = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;
const words = (value: unknown): string | undefined => {
  if (typeof value !== 'string') return undefined;
  return value.length > LONGEST_WORDS ? `${value.slice(0, LONGEST_WORDS)}…` : value;
};

const CAUSES: ReadonlySet<unknown> = new Set(['schedule', 'catch_up', 'manual', 'retry']);

function stretchIn(value: unknown): Stretch | undefined {
  const { count, from, to } = (value ?? {}) as Partial<Stretch>;
  const isOne = [count, from, to].every((each) => Number.isSafeInteger(each)) && count! >= 1 && from! <= to!;
  return isOne ? { count: count!, from: from!, to: to! } : undefined;
}

/** `job`, `id`: as its key says. Undefined: it is not what its key promises. */
export function endedRun(kv: KeyValue, job: string, id: string): EndedRun | undefined {
  let found: Record<string, unknown>;
  try {
    found = JSON.parse(kv.value) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  if (typeof found !== 'object' || found === null || found['id'] !== id || found['job'] !== job)
    return undefined;
  const state = found['state'] as RunState;
  const cause = (found['cause'] as { kind?: unknown } | undefined)?.kind;
  const scheduledFor = numberOr(found['scheduledFor']);
  if (typeof state !== 'string' || !isEnd(state) || scheduledFor === undefined || !CAUSES.has(cause))
    return undefined;
  const { worker, signal } = found;
  return {
    id,
    job,
    state,
    cause: cause as RunCause['kind'],
    worker: typeof worker === 'string' ? worker : undefined,
    scheduledFor,
    startedAt: numberOr(found['startedAt']),
    endedAt: numberOr(found['endedAt']) ?? scheduledFor,
    startLagMs: numberOr(found['startLagMs']),
    durationMs: numberOr(found['durationMs']),
    exitCode: numberOr(found['exitCode']),
    httpStatus: numberOr(found['httpStatus']),
    signal: typeof signal === 'string' ? signal : undefined,
    error: words(found['error']),
    reason: words(found['reason']),
    ticks: found['ticks'] === undefined ? undefined : stretchIn(found['ticks']),
    version: kv.version,
  };
}
