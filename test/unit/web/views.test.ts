// What the page shows of a job, on elements that only remember what they were given.
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
  const { jobsView } = (await import(new URL('../../../web/views.js', import.meta.url).href)) as {
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
