// The API of a master that knows 100,000 jobs: how soon it is ready and what memory that takes, and how long lists,
// searches, deep pages, reads and writes take, one request after the other.
import { keyspace } from '../src/common/store/keyspace.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { printTable, rounded, spreadOf } from './support/figures.ts';
import { createJobs, jobName, reportInputs, reportJobs } from './support/jobs.ts';
import { openClient, startBenchMaster, type Answer } from './support/master.ts';
import { cpuSecondsOf, memoryOf, untilQuiet } from './support/proc.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';

const PREFIX = '/bench-api/';
/** Before it is measured: compiled code, open connections. */
const WARM_UP = 10;
/** Pages that are asked for in turn. */
const PAGES = 100;

export interface ApiFigures {
  readonly request: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of the master, for each request. */
  readonly cpuMs: number;
  readonly answerBytes: number;
}

export interface ApiResult {
  readonly jobs: number;
  readonly readyMs: number;
  readonly rssMiB: number;
  readonly peakMiB: number;
  readonly requests: readonly ApiFigures[];
}

export const run = (): Promise<ApiResult> =>
  withScope(async (scope) => {
    const jobs = numberOf('JOBS', sized({ smoke: 300, short: 100_000, full: 100_000 }));
    const times = numberOf('ROUNDS', sized({ smoke: 5, short: 100, full: 300 }));
    const server = await startBenchEtcd(scope);
    const many = reportJobs();
    await createJobs(server.client, keyspace(PREFIX), jobs, (number) => many[number % many.length]!);
    const master = await startBenchMaster(scope, server.endpoint, PREFIX);
    const ask = openClient(scope, master.url);
    await untilQuiet([master.pid]);
    const { rssMiB, peakMiB } = memoryOf(master.pid);

    const inputs = reportInputs();
    const anyJob = (i: number): string => jobName((i * 7_919) % jobs);
    const get = (path: string): Promise<Answer> => ask('GET', path);
    const pages = await cursorsOfPages(get, Math.min(500, Math.ceil(jobs / 4)), PAGES);
    const requests: ApiFigures[] = [];
    const measured = async (
      request: string,
      status: number,
      one: (i: number) => Promise<Answer>,
      count = times,
    ): Promise<void> => {
      const expected = async (i: number): Promise<Answer> => {
        const answer = await one(i);
        if (answer.status !== status) throw new Error(`${request}: ${answer.status} ${answer.text}`);
        return answer;
      };
      for (let i = 0; i < WARM_UP; i++) await expected(-1 - i);
      const cpu = cpuSecondsOf(master.pid);
      const answers: Answer[] = [];
      for (let i = 0; i < count; i++) answers.push(await expected(i));
      const { p50, p99, max } = spreadOf(answers.map(({ ms }) => ms));
      requests.push({
        request,
        p50Ms: rounded(p50, 1),
        p99Ms: rounded(p99, 1),
        maxMs: rounded(max, 1),
        cpuMs: rounded(((cpuSecondsOf(master.pid) - cpu) * 1_000) / count, 1),
        answerBytes: Buffer.byteLength(answers[0]!.text),
      });
    };
    const at = <T>(all: readonly T[], i: number): T => all[Math.abs(i) % all.length]!;

    await measured('list of 50', 200, () => get('/api/v1/jobs?limit=50'));
    await measured('a page of 50 further on', 200, (i) =>
      get(`/api/v1/jobs?limit=50&cursor=${encodeURIComponent(at(pages, i))}`),
    );
    await measured('list of 500', 200, () => get('/api/v1/jobs?limit=500'));
    await measured('search that few match', 200, (i) =>
      get(`/api/v1/jobs?q=${anyJob(Math.abs(i)).slice(0, 9)}`),
    );
    await measured('search that all match', 200, () => get('/api/v1/jobs?q=warehouse'));
    await measured('search that none matches', 200, (i) => get(`/api/v1/jobs?q=nothing-${i}`));
    await measured('by label', 200, (i) => get(`/api/v1/jobs?label=team=team-${Math.abs(i) % 23}`));
    await measured('by state', 200, () => get('/api/v1/jobs?state=running'));
    await measured('read a job', 200, (i) => get(`/api/v1/jobs/${anyJob(Math.abs(i))}`));
    await measured('create a job', 201, (i) =>
      ask('POST', '/api/v1/jobs', { ...at(inputs, i), name: `new-${i}` }),
    );
    await measured('replace a job', 200, (i) => {
      const job = anyJob(Math.abs(i));
      return ask('PUT', `/api/v1/jobs/${job}`, { ...at(inputs, i), description: `changed ${i}` });
    });
    console.log(`${jobs} jobs: ready after ${rounded(master.readyMs)} ms, ${rounded(rssMiB)} MiB`);
    printTable(requests.map((each) => ({ ...each })));
    return {
      jobs,
      readyMs: rounded(master.readyMs),
      rssMiB: rounded(rssMiB),
      peakMiB: rounded(peakMiB),
      requests,
    };
  });

/** Cursors of the pages after the first, of `limit` jobs each, `most` of them. */
async function cursorsOfPages(
  get: (path: string) => Promise<Answer>,
  limit: number,
  most: number,
): Promise<string[]> {
  const cursors: string[] = [];
  while (cursors.length < most) {
    const last = cursors.at(-1);
    const after = last === undefined ? '' : `&cursor=${encodeURIComponent(last)}`;
    const { text } = await get(`/api/v1/jobs?limit=${limit}${after}`);
    const { nextCursor } = JSON.parse(text) as { nextCursor: string | null };
    if (nextCursor === null) break;
    cursors.push(nextCursor);
  }
  return cursors;
}
