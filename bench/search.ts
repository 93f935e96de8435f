// The job list's search in Chromium: from each key that is pressed until the rows of what is typed are painted. Etcd,
// master and page are real, and the jobs have runs behind them, so that rows cost what they cost in practice. The
// browser has no graphics processor here: it draws on the same cores as the master and etcd.
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from 'playwright-core';
import type { JobDefinition } from '../src/common/model/job.ts';
import { makeRunId } from '../src/common/model/ids.ts';
import type { RunRecord } from '../src/common/model/run.ts';
import { instant } from '../src/common/model/time.ts';
import type { Etcd } from '../src/common/store/etcd.ts';
import { codecs, keyspace, type Keyspace } from '../src/common/store/keyspace.ts';
import { needChromium, openPage } from './support/chromium.ts';
import { startBenchEtcd } from './support/etcd.ts';
import { percentile, printTable, rounded } from './support/figures.ts';
import { createJobs, jobName, reportJobs } from './support/jobs.ts';
import { openClient, startBenchMaster } from './support/master.ts';
import { untilQuiet } from './support/proc.ts';
import { withScope } from './support/scope.ts';
import { numberOf, sized } from './support/size.ts';

const PREFIX = '/bench-search/';
/** Thirty keys: many matches that become few, few from the first letter on, and in the end none. */
const WORDS = ['job-0', '42042', 'repor', 'house', 'build', '31735'];
/** Typed before: code that runs for the first time is compiled meanwhile. Others, for the page keeps answers for a while. */
const WARM_UP = ['70607', 'facts', '98189', 'wareh', '55510', 'check'];
/** Between an answer and the next key: nobody types faster than 12 keys a second. */
const BETWEEN_KEYS_MS = 80;
const MINUTE = 60_000;
const RUNS_PER_REQUEST = 100;

export interface SearchFigures {
  readonly jobs: number;
  readonly runsEach: number;
  readonly keystrokes: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** The same searches asked of the master without a page. */
  readonly masterP50Ms: number;
  readonly masterP95Ms: number;
}

export const run = (): Promise<SearchFigures> =>
  withScope(async (scope) => {
    needChromium();
    const jobs = numberOf('JOBS', sized({ smoke: 200, short: 10_000, full: 10_000 }));
    const runsEach = sized({ smoke: 3, short: 20, full: 20 });
    const server = await startBenchEtcd(scope);
    const keys = keyspace(PREFIX);
    const many = reportJobs();
    const definitionOf = (number: number): JobDefinition => many[number % many.length]!;
    await createJobs(server.client, keys, jobs, definitionOf);
    await createRuns(server.client, keys, jobs, runsEach);
    const master = await startBenchMaster(scope, server.endpoint, PREFIX);
    const page = await openPage(scope, `${master.url}/jobs`);
    await page.locator('[data-job="0"]').waitFor();
    await page.evaluate(WATCH);
    await untilQuiet([master.pid]);

    const texts = Array.from({ length: jobs }, (_, i) =>
      `${jobName(i)} ${definitionOf(i).description}`.toLowerCase(),
    );
    const matching = (typed: string): number => texts.filter((text) => text.includes(typed)).length;
    await typeAll(page, matching, WARM_UP);
    const took = await typeAll(page, matching, WORDS);

    const ask = openClient(scope, master.url);
    const answered: number[] = [];
    for (const word of WORDS)
      for (let length = 1; length <= word.length; length++) {
        const q = encodeURIComponent(word.slice(0, length));
        const { ms } = await ask('GET', `/api/v1/jobs?q=${q}&sort=name&order=asc&include=recent&limit=50`);
        answered.push(ms);
      }
    const sorted = took.toSorted((a, b) => a - b);
    const sortedAnswers = answered.toSorted((a, b) => a - b);
    const figures: SearchFigures = {
      jobs,
      runsEach,
      keystrokes: took.length,
      p50Ms: rounded(percentile(sorted, 0.5), 1),
      p95Ms: rounded(percentile(sorted, 0.95), 1),
      maxMs: rounded(sorted.at(-1)!, 1),
      masterP50Ms: rounded(percentile(sortedAnswers, 0.5), 1),
      masterP95Ms: rounded(percentile(sortedAnswers, 0.95), 1),
    };
    printTable([{ ...figures }]);
    return figures;
  });

/** Each word letter by letter, into an empty search. Answers how long each letter took. */
async function typeAll(
  page: Page,
  matching: (typed: string) => number,
  words: readonly string[],
): Promise<number[]> {
  const took: number[] = [];
  const field = page.getByRole('searchbox', { name: 'Search jobs' });
  for (const word of words) {
    await page.evaluate(EXPECT('', matching('')));
    await field.fill('');
    await page.evaluate<number>(ANSWERED);
    await field.focus();
    for (let length = 1; length <= word.length; length++) {
      const typed = word.slice(0, length);
      await wait(BETWEEN_KEYS_MS);
      await page.evaluate(EXPECT(typed, matching(typed)));
      await page.keyboard.press(typed.at(-1)!);
      took.push(await page.evaluate<number>(ANSWERED));
    }
  }
  return took;
}

/**
 * In the page. What is awaited is there when the count is right, the rows are no older ones, and each of them has
 * what was typed in it; then the frame with it has to be painted: a task after the next frame's callbacks.
 */
const WATCH = `(() => {
  let pressed;
  let wanted;
  let settle;
  let answered = Promise.resolve(0);
  addEventListener('keydown', (event) => { pressed ??= event.timeStamp; }, { capture: true });
  const isThere = () => {
    const told = [...document.querySelectorAll('[role=status]')]
      .some((each) => Number(each.textContent.replace(/\\D/g, '') || 0) === wanted.count && /job/i.test(each.textContent));
    if (!told) return false;
    if (wanted.count === 0) return document.querySelector('[data-job]') === null;
    if (document.querySelector('.jobs-body[data-old]')) return false;
    const rows = [...document.querySelectorAll('.jobs-body .jobs-name')];
    return rows.length >= Math.min(wanted.count, 15)
      && rows.every((row) => row.textContent.toLowerCase().includes(wanted.typed));
  };
  const look = () => {
    if (!wanted || !isThere()) return;
    const { done } = wanted;
    wanted = undefined;
    requestAnimationFrame(() => {
      const channel = new MessageChannel();
      channel.port1.onmessage = () => done(performance.now() - (pressed ?? performance.now()));
      channel.port2.postMessage(0);
    });
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true, characterData: true });
  window.benchSearch = {
    expect(typed, count) {
      pressed = undefined;
      answered = new Promise((done) => { wanted = { typed, count, done }; });
    },
    answered: () => { look(); return answered; },
  };
})()`;
const EXPECT = (typed: string, count: number): string =>
  `benchSearch.expect(${JSON.stringify(typed)}, ${count})`;
const ANSWERED = 'benchSearch.answered()';

/** As if each job had run once a minute until now; one in thirty went wrong. */
async function createRuns(etcd: Etcd, keys: Keyspace, jobs: number, each: number): Promise<void> {
  const now = Date.now();
  const recordOf = (number: number): RunRecord => {
    const job = jobName(Math.floor(number / each));
    const at = now - ((number % each) + 1) * MINUTE;
    const isWrong = number % 30 === 0;
    return {
      id: makeRunId(instant(at), number.toString(16).padStart(6, '0').slice(-6)),
      job,
      state: isWrong ? 'failed' : 'succeeded',
      cause: { kind: 'schedule', tick: at },
      worker: 'alpha-0a1b2c',
      scheduledFor: at,
      startedAt: at,
      endedAt: at + 500 + (number % 400),
      durationMs: 500 + (number % 400),
      startLagMs: number % 20,
      attempt: 1,
      attempts: [],
      generation: 1,
      jobCreated: 1,
      exitCode: isWrong ? 1 : 0,
    };
  };
  for (let from = 0; from < jobs * each; from += RUNS_PER_REQUEST) {
    const length = Math.min(RUNS_PER_REQUEST, jobs * each - from);
    const success = Array.from({ length }, (_, i) => {
      const record = recordOf(from + i);
      return { type: 'put' as const, key: keys.run(record.job, record.id), value: codecs.run.encode(record) };
    });
    await etcd.txn({ compare: [], success, failure: [] });
  }
}
