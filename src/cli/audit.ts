// `etcron audit`: asks a master what became of every tick, job by job, and gathers what is wrong. It judges
// nothing itself: the counts and the ticks are those of `GET /jobs/{job}/ticks`.
import { noCounts, type OutcomeCounts } from '../common/core/outcome-pages.ts';
import type { TickView } from '../common/api/ticks.ts';
import { toIso, type Instant } from '../common/model/time.ts';
import { MasterRefused, type ApiClient } from './api-client.ts';

/** Outcomes that are an alarm to some, and to others what the job asked for: with their counts. */
export const MAY_FAIL = {
  skipped: 'skipped',
  missed: 'missed',
  lost: 'lost',
  not_known: 'notKnown',
} as const;
export type MayFail = keyof typeof MAY_FAIL;
/** There should be none of these, whatever the job. */
const ALWAYS_FAIL = { unexplained: 'unexplained', twice: 'twice' } as const;
export const FAILING = { ...ALWAYS_FAIL, ...MAY_FAIL };
export type Failing = keyof typeof FAILING;

export interface AuditRequest {
  readonly from: Instant;
  readonly to: Instant;
  /** Empty: all jobs. */
  readonly jobs: readonly string[];
  /** As the API takes it; undefined: its default. */
  readonly grace: string | undefined;
  /** What is not in order besides unexplained and twice. */
  readonly failOn?: readonly MayFail[];
}

export interface JobAudit {
  readonly job: string;
  readonly counts: OutcomeCounts;
  /** The first few ticks of the outcomes that fail the audit. */
  readonly wrong: readonly TickView[];
  /** These as `GET /jobs/{job}/ticks` answers them. */
  readonly jobCreatedAt: string;
  readonly scheduleKnownFrom: string;
  readonly historyKnownFrom: string | null;
  readonly historyHint: string | null;
}

export interface Audit {
  readonly from: string;
  readonly to: string;
  readonly jobs: readonly JobAudit[];
  readonly total: OutcomeCounts;
  /** Jobs whose stored definition cannot be read: nothing runs them, and nothing can be said of their ticks. */
  readonly broken: readonly { readonly job: string; readonly error: string }[];
  /** Outcomes that no tick may have. */
  readonly failOn: readonly Failing[];
  /** No tick has one of these, and each job could be looked at. */
  readonly ok: boolean;
}

/** Jobs that are asked about at once. */
const AT_ONCE = 8;
const JOBS_PER_PAGE = 500;
/** Wrong ticks that are shown of one job. */
const SHOWN = 5;

async function* namesOf(client: ApiClient): AsyncGenerator<string, void, void> {
  let cursor: string | undefined;
  do {
    const page = await client.read('listJobs', {
      query: { limit: JOBS_PER_PAGE, ...(cursor && { cursor }) },
    });
    for (const { name } of page.items) yield name;
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
}

/** Throws MasterUnreachable, MasterRefused. A job that is deleted meanwhile is left out, unless it was asked for. */
export async function audit(client: ApiClient, request: AuditRequest): Promise<Audit> {
  const { from, to } = request;
  const failOn: Failing[] = ['unexplained', 'twice', ...new Set(request.failOn)];
  const isNamed = request.jobs.length > 0;
  const done: JobAudit[] = [];
  const broken: { job: string; error: string }[] = [];

  const lookAt = async (job: string): Promise<void> => {
    try {
      const query = {
        from: toIso(from),
        to: toIso(to),
        outcome: failOn,
        limit: SHOWN,
        ...(request.grace === undefined ? {} : { grace: request.grace }),
      };
      const page = await client.read('listTicks', { params: { job }, query });
      const { counts, items, scheduleKnownFrom, historyKnownFrom, historyHint, jobCreatedAt } = page;
      done.push({
        job,
        counts,
        wrong: items,
        jobCreatedAt,
        scheduleKnownFrom,
        historyKnownFrom,
        historyHint,
      });
    } catch (error) {
      const code = error instanceof MasterRefused ? error.problem.code : undefined;
      if (code === 'job_broken') broken.push({ job, error: (error as Error).message });
      else if (code !== 'job_not_found' || isNamed) throw error;
    }
  };

  const names = isNamed ? new Set(request.jobs).values() : namesOf(client);
  const worker = async (): Promise<void> => {
    for (let next = await names.next(); !next.done; next = await names.next()) await lookAt(next.value);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));

  done.sort((a, b) => (a.job < b.job ? -1 : 1));
  broken.sort((a, b) => (a.job < b.job ? -1 : 1));
  const total = noCounts();
  for (const { counts } of done)
    for (const key of Object.keys(total) as (keyof OutcomeCounts)[]) total[key] += counts[key];
  const ok = broken.length === 0 && failOn.every((outcome) => total[FAILING[outcome]] === 0);
  return { from: toIso(from), to: toIso(to), jobs: done, total, broken, failOn, ok };
}
