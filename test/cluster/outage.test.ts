// etcd away for a whole minute, twelve leases long, while tasks print: nothing that they print is lost.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { waitFor } from '../support/wait.ts';
import { useWorkers } from '../support/workers.ts';
import { startTestMaster } from '../integration/master/harness.ts';

const cluster = useWorkers();

const MINUTE = 60_000;
/** By which a run has left its mark that it is on, or is to end. */
const outliving = ['prints-on', 'ends-meanwhile', 'says-little'] as const;
/** The last is of the usual kind: killed at the fence. */
const names = [...outliving, 'cut-short'] as const;
type Name = (typeof names)[number];

test('every line of a task that prints through it, and of one that ends in it, is there afterwards', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'etcron-outage-'));
  cluster.shared.cleanup(() => rmSync(folder, { recursive: true, force: true }));
  const file = (name: Name, what: string): string => join(folder, `${name}.${what}`);
  const master = await startTestMaster(cluster.shared);
  await cluster.start(2);
  const runs = new Map<Name, string>();
  for (const name of names) {
    const pause = name === 'says-little' ? '5' : '0.2';
    await cluster.jobs.create({
      name,
      schedule: '@manual',
      onLostLease: name === 'cut-short' ? 'kill' : 'continue',
      task: {
        kind: 'shell',
        // What it says, to the byte, is kept beside it for the judge.
        command:
          `cd ${folder}; i=0; while [ ! -e ${name}.end ]; do i=$((i+1)); echo "$i é at $(date +%s)" | tee -a ${name}.said; ` +
          `touch ${name}.on; sleep ${pause}; done; printf 'no newline at the end' | tee -a ${name}.said; touch ${name}.over`,
      },
    });
    const { body } = await master.call('runJob', { params: { job: name } });
    runs.set(name, body.run as string);
  }
  await waitFor(() => names.every((name) => existsSync(file(name, 'on'))), { what: 'the runs are on' });

  const { server } = cluster.shared;
  const from = Date.now();
  server.pause();
  try {
    await waitFor(() => Date.now() > from + MINUTE / 3, {
      what: 'twenty seconds',
      timeout: MINUTE,
      interval: 200,
    });
    writeFileSync(file('ends-meanwhile', 'end'), '');
    await waitFor(() => existsSync(file('ends-meanwhile', 'over')), { what: 'one ends in the middle' });
    await waitFor(() => Date.now() > from + MINUTE, { what: 'a minute', timeout: 2 * MINUTE, interval: 200 });
    for (const name of ['prints-on', 'says-little'] as const)
      expect(existsSync(file(name, 'over'))).toBe(false);
  } finally {
    server.resume();
  }
  const until = Date.now();
  const said = (name: Name): string => readFileSync(file(name, 'said'), 'utf8');
  const times = (name: Name): number[] =>
    [...said(name).matchAll(/ at (\d+)$/gm)].map(([, seconds]) => Number(seconds) * 1_000);
  expect(times('ends-meanwhile').at(-1)).toBeGreaterThan(from + MINUTE / 3 - 2_000);

  const recordOf = async (name: Name) =>
    (await cluster.jobs.runs(name)).find(({ id }) => id === runs.get(name));
  const ended = (name: Name) =>
    waitFor(
      async () => {
        const record = await recordOf(name);
        return record?.state === 'succeeded' ? record : undefined;
      },
      { what: `the end of ${name} is on record`, timeout: 40_000, seen: () => cluster.jobs.runs(name) },
    );
  const meanwhile = await ended('ends-meanwhile');
  expect(meanwhile.endedAt).toBeLessThan(until - MINUTE / 3);
  // Back again, the others go on for a moment.
  await waitFor(() => times('prints-on').at(-1)! > until, { what: 'it prints on' });
  for (const name of ['prints-on', 'says-little'] as const) writeFileSync(file(name, 'end'), '');
  for (const name of outliving) {
    const record = await ended(name);
    const text = said(name);
    expect(record).toMatchObject({ mayHaveOverlapped: true, outputBytes: Buffer.byteLength(text) });
    const params = { job: name, run: runs.get(name)! };
    const answer = await waitFor(
      async () => {
        const given = await master.call('getRunOutput', { params });
        return given.headers['etcron-output'] === 'worker' ? given : undefined;
      },
      { what: 'it is served by its worker' },
    );
    expect(answer.text).toBe(text);
    const { kvs } = await cluster.shared.etcd.range({ key: cluster.keys.output(name, params.run) });
    expect(text.endsWith(kvs[0]!.value.slice(4))).toBe(true);
    expect(await cluster.jobs.runs(name)).toHaveLength(1);
  }
  // Up to the line that it was killed in.
  const [lost] = await cluster.jobs.runs('cut-short');
  expect(lost!.state).toBe('lost');
  const params = { job: 'cut-short', run: runs.get('cut-short')! };
  const { text, headers } = await master.call('getRunOutput', { params });
  const lines = (all: string): string[] => all.split('\n').slice(0, -2);
  expect(headers['etcron-output']).toBe('worker');
  expect(lines(text).length).toBeGreaterThan(3);
  const both = Math.min(lines(text).length, lines(said('cut-short')).length);
  expect(lines(text).slice(0, both)).toEqual(lines(said('cut-short')).slice(0, both));
  expect(lines(said('cut-short')).length - both).toBeLessThanOrEqual(1);
  // There was no second in which one of them was silent.
  const gaps = times('prints-on').map((time, i, all) => time - (all[i - 1] ?? time));
  expect(Math.max(...gaps)).toBeLessThan(10_000);
  expect(await cluster.jobs.active()).toEqual([]);
}, 150_000);
