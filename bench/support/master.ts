// A master of a scenario, from its side, and requests to it that are timed.
import { fork } from 'node:child_process';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';
import { setTimeout as wait } from 'node:timers/promises';
import { NODE_FLAGS } from '../../src/cli/node-flags.ts';
import type { Scope } from './scope.ts';

export interface BenchMaster {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  /** From the start of its process until /readyz says that it is ready. */
  readonly readyMs: number;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** From the request until the end of the answer. */
  readonly ms: number;
}

export type Ask = (method: string, path: string, body?: unknown) => Promise<Answer>;

const READY_WITHIN_MS = 120_000;

export async function startBenchMaster(scope: Scope, endpoint: string, prefix: string): Promise<BenchMaster> {
  const since = performance.now();
  const entry = fileURLToPath(new URL('master-process.js', import.meta.url));
  const execArgv = ['--enable-source-maps', ...NODE_FLAGS];
  const child = fork(entry, [endpoint, prefix], { execArgv });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  scope.onClose(async () => {
    child.kill('SIGTERM');
    const enough = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(enough);
  });
  const { url } = await new Promise<{ url: string }>((resolve, reject) => {
    child.once('message', (message) => resolve(message as { url: string }));
    void gone.then(() => reject(new Error('the master ended before it listened')));
  });
  const ask = openClient(scope, url);
  while ((await ask('GET', '/readyz')).status !== 200) {
    if (performance.now() - since > READY_WITHIN_MS) throw new Error('the master does not become ready');
    await wait(20);
  }
  return { name: 'master', pid: child.pid!, url, readyMs: performance.now() - since };
}

/** Connections are kept, as a browser or a proxy keeps them. */
export function openClient(scope: Scope, url: string): Ask {
  const agent = new Agent({ keepAlive: true });
  scope.onClose(() => agent.destroy());
  return (method, path, body) =>
    new Promise((resolve, reject) => {
      const since = performance.now();
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'content-type': 'application/json' };
      const sent = request(new URL(path, url), { method, agent, headers }, (response) => {
        let answer = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (answer += chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({ status: response.statusCode ?? 0, text: answer, ms: performance.now() - since }),
        );
      });
      sent.once('error', reject);
      sent.end(text);
    });
}
