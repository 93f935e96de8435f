// `etcron audit`: asks a master what became of every tick, job by job, and gathers what is wrong. It judges
// nothing itself: the counts and the ticks are those of `GET /jobs/{job}/ticks`.
import { noCounts, type OutcomeCounts } from '../common/core/outcome-pages.ts';
import type { TickView } from '../common/api/ticks.ts';
import { toIso, type Instant } from '../common/model/time.ts';
import { MasterRefused, type ApiClient } from './api-client.ts';

export interface AuditRequest {
  readonly from: Instant;
  readonly to: Instant;
  /** Empty: all jobs. */
  readonly jobs: readonly string[];
  /** As the API takes it; undefined: its default. */
  readonly grace: string | undefined;
}

export interface JobAudit {
  readonly job: string;
  readonly counts: OutcomeCounts;
  /** The first few ticks that are unexplained or twice. */
  readonly wrong: readonly TickView[];
  /** The stretch begins before what is known of its schedule, and the job is older than that. */
  readonly scheduleKnownFrom: string | null;
  /** From then on all records are there, and the stretch begins before; `historyHint` says what would reach further back. */
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
  /** No tick is unexplained, none ran twice, and each job could be looked at. */
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
  const isNamed = request.jobs.length > 0;
  const done: JobAudit[] = [];
  const broken: { job: string; error: string }[] = [];

  const lookAt = async (job: string): Promise<void> => {
    try {
      const query = {
        from: toIso(from),
        to: toIso(to),
        outcome: ['unexplained', 'twice'],
        limit: SHOWN,
        ...(request.grace === undefined ? {} : { grace: request.grace }),
      };
      const page = await client.read('listTicks', { params: { job }, query });
      const { counts, items, scheduleKnownFrom, historyKnownFrom, historyHint, jobCreatedAt } = page;
      const isCut = scheduleKnownFrom > page.from && scheduleKnownFrom > jobCreatedAt;
      const isPruned = historyKnownFrom !== null && historyKnownFrom > page.from;
      done.push({
        job,
        counts,
        wrong: items,
        scheduleKnownFrom: isCut ? scheduleKnownFrom : null,
        historyKnownFrom: isPruned ? historyKnownFrom : null,
        historyHint: isPruned ? historyHint : null,
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
  const ok = total.unexplained + total.twice + broken.length === 0;
  return { from: toIso(from), to: toIso(to), jobs: done, total, broken, ok };
}
