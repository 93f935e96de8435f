// A master whose stream of events is a storm: everything else is passed on to a real one. Tells batches as the master
// gathers them (src/master/http/event-batch), as full as they get.
import { createServer, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { MOST_IN_BATCH, type EventBatch } from '../../../src/common/api/events.ts';

export interface Storm {
  readonly url: string;
  /** How often each address of the API was asked for. */
  readonly asked: ReadonlyMap<string, number>;
  stop(): Promise<void>;
}

const EVERY_MS = 250;

/** Each batch tells of `MOST_IN_BATCH` runs of these jobs: a thousand a second. */
export async function startStorm(master: string, jobs: readonly string[]): Promise<Storm> {
  const { hostname, port } = new URL(master);
  const asked = new Map<string, number>();
  const streams = new Set<ServerResponse>();
  let told = 0;

  const batch = (): EventBatch => {
    const at = new Date().toISOString();
    const runs = Array.from({ length: MOST_IN_BATCH }, (_, i): EventBatch['runs'][number] => {
      const number = told++;
      return {
        id: `20261123T090000.000Z-${(number % 0xffffff).toString(16).padStart(6, '0')}`,
        job: jobs[i % jobs.length] ?? 'none',
        state: i % 3 === 0 ? 'succeeded' : 'running',
        cause: 'schedule',
        scheduledFor: at,
        startedAt: at,
        ...(i % 3 === 0 && { endedAt: at, durationMs: 12 }),
      };
    });
    const ended = { succeeded: 84, failed: 0, timed_out: 0, killed: 0, lost: 0, skipped: 0, missed: 0 };
    const more = { jobs: 0, workers: 0, runs: 0 };
    return { at, fresh: true, jobs: [], workers: [], runs, gone: [], ended, more };
  };

  const server = createServer((incoming, answer) => {
    const path = incoming.url ?? '/';
    const address = path.replace(/\?.*$/s, '');
    asked.set(address, (asked.get(address) ?? 0) + 1);
    if (address === '/api/v1/events') {
      answer.writeHead(200, { 'content-type': 'text/event-stream' });
      answer.write('event: resync\ndata: {"reason":"opened"}\n\n');
      streams.add(answer);
      answer.once('close', () => streams.delete(answer));
      return;
    }
    const { method, headers } = incoming;
    const passed = request({ hostname, port, method, path, headers }, (given) => {
      answer.writeHead(given.statusCode ?? 502, given.headers);
      given.pipe(answer);
    });
    passed.once('error', () => answer.destroy());
    answer.once('close', () => passed.destroy());
    incoming.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const blowing = setInterval(() => {
    const text = `event: batch\ndata: ${JSON.stringify(batch())}\n\n`;
    for (const stream of streams) stream.write(text);
  }, EVERY_MS);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        clearInterval(blowing);
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
