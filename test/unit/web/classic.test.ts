// What the page shows of jobs and workers, on elements that only remember what they were given.
import { afterEach, beforeEach, expect, it, vi } from 'vitest';

interface Shown {
  readonly name: string;
  readonly attributes: Record<string, string>;
  readonly children: (Shown | string)[];
}

const element = (name: string) => {
  const shown: Shown = { name, attributes: {}, children: [] };
  return {
    ...shown,
    setAttribute: (key: string, value: string) => void (shown.attributes[key] = value),
    addEventListener: () => {},
    append: (...children: (Shown | string)[]) => void shown.children.push(...children),
  };
};

const flat = (shown: Shown | string): (Shown | string)[] =>
  typeof shown === 'string' ? [shown] : [shown, ...shown.children.flatMap(flat)];
const chips = (all: readonly Shown[]): string[] =>
  all
    .flatMap(flat)
    .flatMap((each) =>
      typeof each === 'object' && each.attributes['class']?.startsWith('state ') ? [each] : [],
    )
    .map(
      (each) =>
        `${each.attributes['class']}: ${each.children.filter((child) => typeof child === 'string').join('')}`,
    );

const job = (rest: object) => ({
  name: 'a',
  schedule: ['@daily'],
  timezone: 'UTC',
  state: 'active',
  paused: false,
  nextTicks: [],
  lastRun: null,
  running: 0,
  ...rest,
});
const unschedulable = { reason: 'no worker is registered', labels: {} };

beforeEach(() => {
  vi.stubGlobal('document', { createElement: element });
  vi.stubGlobal('sessionStorage', { getItem: () => null });
});
afterEach(() => vi.unstubAllGlobals());

it('a job that no worker may run is shown as that, not as active', async () => {
  const items = [job({}), job({ unschedulable }), job({ unschedulable, paused: true, state: 'paused' })];
  vi.stubGlobal('fetch', async () => Response.json({ items, total: items.length, nextCursor: null }));
  const { jobsView } = (await import(new URL('../../../web/classic/views.js', import.meta.url).href)) as {
    readonly jobsView: (ui: object) => Promise<Shown[]>;
  };
  const shown = await jobsView({ search: '', action: () => '' });
  expect(chips(shown)).toEqual([
    'state active: active',
    'state unschedulable: unschedulable',
    'state paused: paused',
  ]);
  expect(shown.flatMap(flat)).toContain('no worker is registered');
});

it('a worker is shown with what it can run', async () => {
  const worker = (name: string, rest: object) => ({
    id: `${name}-000001`,
    state: 'ready',
    running: 0,
    slots: 8,
    host: 'h',
    pid: 1,
    version: '1',
    labels: {},
    startedAt: '2026-11-22T14:30:00Z',
    drain: null,
    ...rest,
  });
  const handlers = ['a', 'b', 'c', 'd', 'e', 'f', 'g'];
  const items = [
    worker('plain', { can: { processes: true, handlers: [] } }),
    worker('app', { can: { processes: false, handlers } }),
    worker('older', {}),
  ];
  vi.stubGlobal('fetch', async () => Response.json({ items }));
  const { workersView } = (await import(new URL('../../../web/classic/views.js', import.meta.url).href)) as {
    readonly workersView: (ui: object) => Promise<Shown[]>;
  };
  const shown = (await workersView({ action: () => '' })).flatMap(flat);
  for (const words of ['processes', 'no processes', 'a, b, c, d, e and 2 more', 'not told'])
    expect(shown.filter((each) => each === words)).toHaveLength(1);
  const titles = shown.flatMap((each) => (typeof each === 'object' ? (each.attributes['title'] ?? []) : []));
  expect(titles).toContain(handlers.join('\n'));
});

it("next ticks are shown in the job's zone, one a line", async () => {
  const nextTicks = ['2026-11-24T01:30:00.000Z', '2026-11-25T01:30:00.000Z'];
  const detail = { ...job({ nextTicks }), definition: { timezone: 'Europe/Berlin', paused: false } };
  vi.stubGlobal('fetch', async (path: string) =>
    Response.json(path.includes('/runs?') ? { items: [] } : detail),
  );
  const { jobView } = (await import(new URL('../../../web/classic/views.js', import.meta.url).href)) as {
    readonly jobView: (ui: object, name: string) => Promise<Shown[]>;
  };
  const shown = (await jobView({ action: () => '' }, 'a')).flatMap(flat);
  expect(shown).toContain('Next ticks (Europe/Berlin): ');
  const lines = shown.flatMap((each) => (typeof each === 'object' && each.name === 'li' ? [flat(each)] : []));
  expect(lines.map((line) => line.filter((each) => typeof each === 'string'))).toEqual([
    ['Tue 2026-11-24 02:30:00 GMT+1'],
    ['Wed 2026-11-25 02:30:00 GMT+1'],
  ]);
});

it('a job that runs is deleted with its runs, or the page says which go on', async () => {
  const detail = { ...job({ running: 1 }), definition: { timezone: 'UTC', paused: false } };
  vi.stubGlobal('fetch', async (path: string) =>
    Response.json(path.includes('/runs?') ? { items: [] } : detail),
  );
  const { jobView } = (await import(new URL('../../../web/classic/views.js', import.meta.url).href)) as {
    readonly jobView: (ui: object, name: string) => Promise<Shown[]>;
  };
  const erase = async (answers: boolean[]) => {
    let click: () => Promise<unknown> = async () => undefined;
    const asked: string[] = [];
    vi.stubGlobal('confirm', () => answers.shift());
    await jobView(
      {
        action: (label: string, run: typeof click) => (label === 'Delete' ? ((click = run), '') : ''),
        remove: async (path: string) => {
          asked.push(path);
          const runs = [{ run: 'the-run' }];
          return path.endsWith('kill=true') ? { killed: runs, running: [] } : { killed: [], running: runs };
        },
      },
      'a',
    );
    return [await click(), ...asked];
  };
  expect(await erase([false])).toEqual([false]);
  expect(await erase([true, true])).toEqual([
    expect.stringContaining('kill 1 of its runs'),
    '/jobs/a?kill=true',
  ]);
  expect(await erase([true, false])).toEqual([expect.stringContaining('the-run'), '/jobs/a']);
});
