// `etcron audit` before a master that is played: what it asks, prints, and ends with.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApiClient, MasterRefused, MasterUnreachable } from '../../../src/cli/api-client.ts';
import { audit, type MayFail } from '../../../src/cli/audit.ts';
import { auditText } from '../../../src/cli/audit-text.ts';
import { runProgram } from '../../../src/cli/program.ts';
import type { JobSummary } from '../../../src/common/api/jobs.ts';
import type { TickPage } from '../../../src/common/api/ticks.ts';
import { noCounts } from '../../../src/common/core/outcome-pages.ts';
import { instant } from '../../../src/common/model/time.ts';
import { secret } from '../../../src/common/runtime/secret.ts';

const FROM = '2026-03-01T00:00:00.000Z';
const TO = '2026-03-02T00:00:00.000Z';
const CREATED = '2026-01-01T00:00:00.000Z';
const STRETCH = { from: instant(Date.parse(FROM)), to: instant(Date.parse(TO)), grace: undefined };

const pageOf = (job: string, rest: Partial<TickPage> = {}): TickPage => ({
  job,
  from: FROM,
  to: TO,
  jobCreatedAt: CREATED,
  asOf: TO,
  scheduleKnownFrom: CREATED,
  historyKnownFrom: null,
  historyHint: null,
  counts: { ...noCounts(), due: 24, ran: 24 },
  items: [],
  nextCursor: null,
  ...rest,
});

const refusal = (status: number, code: string, detail: string): Response =>
  Response.json({ type: 'urn:x', title: 't', status, code, detail }, { status });

/** Jobs by name, two a page; what a function answers goes out as it is. */
function played(jobs: Record<string, TickPage | (() => Response)>) {
  const names = Object.keys(jobs).sort();
  const asked: URL[] = [];
  let busy = 0;
  let busiest = 0;
  const answer = async (url: URL): Promise<Response> => {
    if (url.pathname === '/api/v1/jobs') {
      const at = Number(url.searchParams.get('cursor') ?? 0);
      const items = names.slice(at, at + 2).map((name): JobSummary => ({
        name,
        state: 'active',
        failing: false,
        schedule: [],
        scheduleText: '',
        timezone: '',
        paused: false,
        running: 0,
        nextTicks: [],
        lastRun: null,
        modRevision: 1,
      }));
      return Response.json({
        items,
        nextCursor: at + 2 < names.length ? String(at + 2) : null,
        total: names.length,
      });
    }
    const page = jobs[decodeURIComponent(url.pathname.split('/')[4]!)];
    if (page === undefined) return refusal(404, 'job_not_found', 'there is no such job');
    return typeof page === 'function' ? page() : Response.json(page);
  };
  const fetch = async (input: string | URL | Request): Promise<Response> => {
    const url = new URL(input);
    asked.push(url);
    busiest = Math.max(busiest, ++busy);
    await new Promise(setImmediate);
    busy--;
    return answer(url);
  };
  const client = createApiClient({
    url: 'http://master',
    token: undefined,
    fetch,
    waits: [0, 0],
  });
  return { client, asked, busiest: () => busiest };
}

describe('an audit', () => {
  it('asks about each job of all pages, a few at a time, and adds up', async () => {
    const jobs = Object.fromEntries(Array.from({ length: 41 }, (_, i) => [`j${i}`, pageOf(`j${i}`)]));
    const master = played(jobs);
    const found = await audit(master.client, { ...STRETCH, jobs: [] });
    expect(found.jobs).toHaveLength(41);
    expect(found).toMatchObject({ ok: true, total: { due: 41 * 24, ran: 41 * 24 } });
    expect(master.busiest()).toBeLessThanOrEqual(9);
    const [one] = master.asked.filter(({ pathname }) => pathname.endsWith('/ticks'));
    expect(one!.searchParams.get('from')).toBe(FROM);
    expect(one!.searchParams.getAll('outcome')).toEqual(['unexplained', 'twice']);
  });

  it('is not in order when a tick is unexplained or ran twice, or a job cannot be read', async () => {
    const broken = () => refusal(422, 'job_broken', 'the stored definition cannot be read');
    const of = async (page: TickPage | (() => Response)) =>
      (await audit(played({ a: page }).client, { ...STRETCH, jobs: [] })).ok;
    expect(
      await of(pageOf('a', { counts: { ...noCounts(), due: 9, missed: 3, lost: 3, notKnown: 3 } })),
    ).toBe(true);
    expect(await of(pageOf('a', { counts: { ...noCounts(), due: 1, unexplained: 1 } }))).toBe(false);
    expect(await of(pageOf('a', { counts: { ...noCounts(), due: 1, twice: 1 } }))).toBe(false);
    expect(await of(broken)).toBe(false);
  });

  it('is not in order for outcomes that it was told to fail on, and lists these', async () => {
    const counts = { ...noCounts(), due: 9, ran: 3, missed: 4, lost: 1, skipped: 1 };
    const items = [{ tick: FROM, outcome: 'missed' as const, reason: 'no worker', runs: [], generation: 1 }];
    const of = async (...failOn: MayFail[]) => {
      const master = played({ a: pageOf('a', { counts, items }) });
      const found = await audit(master.client, { ...STRETCH, jobs: [], failOn });
      return { found, asked: master.asked.at(-1)!.searchParams.getAll('outcome') };
    };
    expect((await of()).found).toMatchObject({ ok: true, failOn: ['unexplained', 'twice'] });
    expect((await of('not_known')).found.ok).toBe(true);
    const { found, asked } = await of('missed', 'lost');
    expect(found).toMatchObject({ ok: false, failOn: ['unexplained', 'twice', 'missed', 'lost'] });
    expect(asked.join()).toBe('unexplained,twice,missed,lost');
    const text = auditText(found);
    expect(text).toContain(`\n  missed       a  ${FROM}  no worker\n  and 4 more: GET`);
    expect(text).toMatch(/\nNOT IN ORDER: 4 ticks missed, 1 tick lost\.\n$/);
  });

  it('tells the same instants as the API, which its text notes only where they cut the stretch', async () => {
    const known = { scheduleKnownFrom: CREATED, historyKnownFrom: CREATED, historyHint: null };
    const found = await audit(played({ a: pageOf('a', known) }).client, { ...STRETCH, jobs: [] });
    expect(found.jobs[0]).toMatchObject({ ...known, jobCreatedAt: CREATED });
    expect(auditText(found)).not.toContain('is known from');
  });

  it('leaves out a job that was deleted meanwhile, unless it was asked for by name', async () => {
    const gone = () => refusal(404, 'job_not_found', 'there is no job a');
    const master = played({ a: gone, b: pageOf('b') });
    expect((await audit(master.client, { ...STRETCH, jobs: [] })).jobs.map(({ job }) => job)).toEqual(['b']);
    await expect(audit(master.client, { ...STRETCH, jobs: ['a'] })).rejects.toThrow('there is no job a');
  });

  it('prints a table, what is wrong with its instant and reason, what is not known, and a verdict', async () => {
    const master = played({
      nightly: pageOf('nightly', {
        counts: { ...noCounts(), due: 24, ran: 20, unexplained: 2, twice: 1, notKnown: 1 },
        historyKnownFrom: '2026-03-01T12:00:00.000Z',
        historyHint: 'the job keeps its last 20 records: a larger history.keep reaches further back',
        items: [
          { tick: FROM, outcome: 'twice', reason: 'runs r1 and r2', runs: [], generation: 1 },
          { tick: TO, outcome: 'unexplained', reason: 'no record', runs: [], generation: 1 },
        ],
      }),
      weekly: pageOf('weekly', { scheduleKnownFrom: '2026-03-01T12:00:00.000Z' }),
    });
    expect(auditText(await audit(master.client, { ...STRETCH, jobs: [] }))).toBe(`\
Ticks from ${FROM} to ${TO}

JOB      DUE  RAN ONCE  SKIPPED  MISSED  LOST  RAN TWICE  UNEXPLAINED  NOT KNOWN  UNDER WAY
nightly   24        20        0       0     0          1            2          1          0
weekly    24        24        0       0     0          0            0          0          0
ALL       48        44        0       0     0          1            2          1          0

  ran twice    nightly  ${FROM}  runs r1 and r2
  unexplained  nightly  ${TO}  no record
  and 1 more: GET /api/v1/jobs/<job>/ticks?outcome=unexplained,twice

1 tick not known: their records may have been removed with old history.
nightly: what became of its ticks is known from 2026-03-01T12:00:00.000Z on; the job keeps its last 20 records: a larger history.keep reaches further back.
weekly: its schedule is known from 2026-03-01T12:00:00.000Z on, when it was changed or resumed; of the time before, only what was recorded is counted.

NOT IN ORDER: 2 ticks unexplained, 1 tick ran twice.
`);
  });

  it('tells what ran on some workers only, and what may have overlapped, and is in order all the same', async () => {
    const master = played({
      cleanup: pageOf('cleanup', { counts: { ...noCounts(), due: 24, ran: 24, partly: 2 } }),
      sync: pageOf('sync', { counts: { ...noCounts(), due: 24, ran: 24, mayHaveOverlapped: 1 } }),
    });
    const found = await audit(master.client, { ...STRETCH, jobs: [] });
    expect(found).toMatchObject({ ok: true, total: { ran: 48, partly: 2, mayHaveOverlapped: 1 } });
    const lines = auditText(found).trimEnd().split('\n').slice(-4);
    expect(lines).toEqual([
      expect.stringMatching(
        /^cleanup: of what ran once, 2 ticks not on every worker.*\/jobs\/cleanup\/ticks/,
      ),
      expect.stringMatching(/^sync: 1 tick with a run whose task ran on.*it may have overlapped/),
      '',
      'Every tick that was due is accounted for on at least one worker, and none ran twice.',
    ]);
  });

  it('does not claim more than is known', async () => {
    const text = async (counts: Partial<TickPage['counts']>) =>
      auditText(
        await audit(played({ a: pageOf('a', { counts: { ...noCounts(), ...counts } }) }).client, {
          ...STRETCH,
          jobs: [],
        }),
      );
    expect(await text({ due: 2, ran: 2 })).toContain(
      '\nEvery tick that was due is accounted for, and none ran twice.\n',
    );
    expect(await text({ due: 2, ran: 1, notKnown: 1 })).toContain('whose record would still be kept');
    expect(await text({ notYet: 2 })).toContain('\nNo tick was due.\n');
    expect(auditText(await audit(played({}).client, { ...STRETCH, jobs: [] }))).toContain(
      '\nThere are no jobs.\n',
    );
  });
});

describe('the client of the API', () => {
  it('tries again while a master or etcd is away, and then says what is wrong', async () => {
    let tries = 0;
    const flaky = played({
      a: () => (++tries < 3 ? refusal(503, 'etcd_unavailable', 'etcd is away') : Response.json(pageOf('a'))),
    });
    const ask = (client: typeof flaky.client) => client.read('listTicks', { params: { job: 'a' } });
    expect(await ask(flaky.client)).toMatchObject({ job: 'a' });
    expect(tries).toBe(3);
    await expect(
      ask(played({ a: () => refusal(503, 'etcd_unavailable', 'etcd is away') }).client),
    ).rejects.toThrow(MasterRefused);
    await expect(ask(played({ a: () => new Response('<html>', { status: 502 }) }).client)).rejects.toThrow(
      /answers 502/,
    );
    await expect(ask(played({ a: () => Response.json({ ticks: [] }) }).client)).rejects.toThrow(
      MasterUnreachable,
    );
  });

  it('sends the token, and shows it to nobody', async () => {
    const fetch = vi.fn(async () => refusal(401, 'unauthorized', 'a token is needed'));
    const client = createApiClient({
      url: 'http://master',
      token: secret('the-token'),
      fetch,
      waits: [],
    });
    const failed = await client.read('listJobs').catch((error: unknown) => error);
    expect(fetch).toHaveBeenCalledWith(
      expect.any(String),
      expect.objectContaining({ headers: { authorization: 'Bearer the-token' } }),
    );
    expect(JSON.stringify(failed) + String(failed)).not.toContain('the-token');
  });
});

describe('the command', () => {
  let err = '';
  beforeEach(() => {
    err = '';
    vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
  });
  const run = (...args: string[]) => runProgram(['node', 'etcron', 'audit', ...args]);

  it.each([
    [['--since', 'yesterday'], /--since[^]*a duration such as "24h"/],
    [['--until', '2026-02-30T00:00:00Z'], /--until/],
    [['--since', '1h', '--until', '2h'], /--since 1h is after --until 2h/],
    [['--job', 'a,b c'], /"b c" is no job's name/],
    [['--fail-on', 'missed,last'], /--fail-on[^]*"last" is none of skipped, missed, lost, not_known/],
    [['--grace', '2d'], /--grace[^]*at most 1d/],
    [['--url', 'master:8700'], /--url/],
    [['--token-file', '/does/not/exist'], /--token-file: the file cannot be read/],
    [['tonight'], /too many arguments/],
  ])('refuses %j with exit code 2', async (args, message) => {
    expect(await run(...args)).toBe(2);
    expect(err).toMatch(message);
  });

  it('ends with 2 when the master refuses what was asked, and with 3 when none can be asked', async () => {
    const answer = (response: () => Response) =>
      vi.stubGlobal(
        'fetch',
        vi.fn(async () => response()),
      );
    answer(() => refusal(404, 'job_not_found', 'there is no job none'));
    expect(await run('--job', 'none')).toBe(2);
    answer(() => refusal(401, 'unauthorized', 'a token is needed'));
    expect(await run()).toBe(2);
    expect(err).toContain('a token is needed: give a token by --token-file or ETCRON_TOKEN');
    answer(() => refusal(500, 'internal', 'something went wrong'));
    expect(await run()).toBe(3);
  });
});
