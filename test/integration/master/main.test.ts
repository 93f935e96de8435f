// The master as a whole: listens, registers, serves its page, and leaves nothing behind.
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import type { MasterConfig } from '../../../src/common/runtime/config.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { codecs, keyspace } from '../../../src/common/store/keyspace.ts';
import { start, type Master } from '../../../src/master/main.ts';
import { useEtcd } from '../../support/shared-etcd.ts';
import { waitFor } from '../../support/wait.ts';

const shared = useEtcd();

const config = (rest: Partial<MasterConfig> = {}): MasterConfig => ({
  etcd: { endpoints: [shared.server.endpoint], prefix: shared.prefix, timeout: 5_000 },
  log: { level: 'silent', format: 'json' },
  listen: { host: '127.0.0.1', port: 0 },
  advertise: undefined,
  allowedHosts: [],
  tokens: [],
  quotaBytes: 2 * 1024 ** 3,
  ...rest,
});

async function startMaster(rest?: Partial<MasterConfig>): Promise<Master> {
  const master = await start({
    config: config(rest),
    logger: pino({ level: 'silent' }),
    clock: systemClock(),
  });
  shared.cleanup(() => master.stop());
  return master;
}

describe('a master', () => {
  it('registers under a lease, and takes its registration away when it stops', async () => {
    const master = await startMaster();
    const keys = keyspace(shared.prefix);
    const kv = await waitFor(async () => (await shared.etcd.range({ key: keys.master(master.id) })).kvs[0], {
      what: 'it is registered',
    });
    expect(codecs.master.decode(kv.value)).toMatchObject({
      ok: true,
      value: { http: master.url, pid: process.pid },
    });
    expect(kv.lease).not.toBe('0');
    await master.stop();
    await master.stop();
    expect((await shared.etcd.range({ ...keys.all, keysOnly: true })).kvs).toEqual([]);
    await expect(fetch(`${master.url}/healthz`)).rejects.toThrow('fetch failed');
  });

  it('becomes ready, and shows itself in the cluster', async () => {
    const master = await startMaster({ advertise: 'http://cron.example.org' });
    await waitFor(async () => (await fetch(`${master.url}/readyz`)).ok, { what: 'ready' });
    const cluster = await waitFor(
      async () => {
        const body = (await (await fetch(`${master.url}/api/v1/cluster`)).json()) as {
          masters: { id: string; http: string }[];
        };
        return body.masters.length > 0 && body;
      },
      { what: 'it is listed' },
    );
    expect(cluster.masters).toMatchObject([{ id: master.id, http: 'http://cron.example.org' }]);
  });

  it('refuses an open address without tokens, whatever the settings said', async () => {
    await expect(startMaster({ listen: { host: '0.0.0.0', port: 0 } })).rejects.toThrow(/without tokens/);
  });

  it('says which address is taken, and what to do about it', async () => {
    const { port } = new URL((await startMaster()).url);
    await expect(startMaster({ listen: { host: '127.0.0.1', port: Number(port) } })).rejects.toThrow(
      new RegExp(`^--listen: 127.0.0.1:${port} is taken: .*--listen 127.0.0.1:0`),
    );
  });

  it('starts while etcd is away', async () => {
    const master = await startMaster({
      etcd: { endpoints: ['http://127.0.0.1:1'], prefix: shared.prefix, timeout: 500 },
    });
    expect((await fetch(`${master.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${master.url}/readyz`)).status).toBe(503);
  });

  it('serves its page and its documentation from this host alone', async () => {
    const { url } = await startMaster();
    const page = ['/', '/scheme.js', '/icon.svg', '/docs', '/docs/start.js'];
    const component = ['/docs/static/swagger-ui-bundle.js', '/docs/static/swagger-ui.css'];
    const texts = new Map<string, string>();
    for (const path of [...page, ...component]) {
      const answer = await fetch(`${url}${path}`);
      expect([path, answer.status]).toEqual([path, 200]);
      texts.set(path, await answer.text());
    }
    for (const path of page) {
      expect(texts.get(path)).not.toMatch(
        /(?:src|href|from|import|url)\s*[=(]?\s*["'(]?(?:https?:)?\/\/(?!www\.w3\.org)/,
      );
    }
    for (const path of ['/', '/docs']) {
      expect(texts.get(path)).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|<style|\sstyle=/);
    }
    expect((await fetch(`${url}/../package.json`)).status).toBe(404);
    expect((await fetch(`${url}/..%2fpackage.json`)).status).toBe(404);
  });

  it('counts requests in its metrics by route, not by path', async () => {
    const { url } = await startMaster();
    await fetch(`${url}/api/v1/jobs/some-name`);
    await fetch(`${url}/random-path`);
    const text = await (await fetch(`${url}/metrics`)).text();
    expect(text).toMatch(
      /etcron_http_requests_total\{method="GET",route="\/api\/v1\/jobs\/:job",status="404"/,
    );
    expect(text).not.toMatch(/some-name|random-path/);
  });
});
