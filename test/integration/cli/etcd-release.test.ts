// The download against a real server that behaves badly: cuts, stalls, lies.
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { downloadRelease, type Patience } from '../../../src/cli/etcd-release.ts';
import { waitFor } from '../../support/wait.ts';

const NAME = 'etcd-v0.0.0-linux-test';
const PROGRAM = '#!/bin/sh\necho "etcd Version: 3.6.14"\n'.padEnd(5_000, '#');
const PATIENCE: Patience = { connectMs: 2_000, stallMs: 500, attempts: 5 };

/** A tar archive of a directory and two files, as the release has them. */
function tarball(): Buffer {
  const entry = (name: string, content: string, type: string): Buffer => {
    const header = Buffer.alloc(512);
    header.write(name, 0);
    header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
    header.write(type, 156);
    return Buffer.concat([header, Buffer.from(content.padEnd(Math.ceil(content.length / 512) * 512, '\0'))]);
  };
  const entries = [
    entry(`${NAME}/`, '', '5'),
    entry(`${NAME}/README.md`, 'read me', '0'),
    entry(`${NAME}/etcd`, PROGRAM, '0'),
  ];
  // Level 0 keeps it long enough to be cut in the middle.
  return gzipSync(Buffer.concat([...entries, Buffer.alloc(1024)]), { level: 0 });
}

const archive = tarball();
const sha256 = createHash('sha256').update(archive).digest('hex');

let cacheDir: string;
let server: Server | undefined;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'etcron-cache-'));
});
afterEach(async () => {
  rmSync(cacheDir, { recursive: true, force: true });
  server?.closeAllConnections();
  await new Promise((resolve) => (server ? server.close(resolve) : resolve(undefined)));
  server = undefined;
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/etcd.tar.gz`;
}

/** Sends a part and breaks the connection once the other side has written it down. */
function cutAfter(response: ServerResponse, part: Buffer): void {
  const before = kept();
  response.write(part);
  void waitFor(() => kept() === before + part.length, { what: 'the part is kept' }).then(() =>
    response.destroy(),
  );
}

const kept = (): number =>
  readdirSync(cacheDir).reduce((sum, name) => sum + statSync(join(cacheDir, name)).size, 0);

const offsetOf = (range: string | undefined): number => Number(/bytes=(\d+)-/.exec(range ?? '')?.[1] ?? 0);
const download = (url: string, sum = sha256) =>
  downloadRelease({ name: NAME, url, sha256: sum }, cacheDir, PATIENCE);

describe('the official release', () => {
  it('is downloaded, checked and unpacked to a program that runs', async () => {
    const url = await serve((_request, response) => response.end(archive));
    const result = await download(url);
    expect(result).toEqual({ ok: true, path: join(cacheDir, NAME, 'etcd') });
    expect(readFileSync(join(cacheDir, NAME, 'etcd'), 'utf8')).toBe(PROGRAM);
    expect(statSync(join(cacheDir, NAME, 'etcd')).mode & 0o111).toBe(0o111);
    expect(readdirSync(cacheDir)).toEqual([NAME]);
  });

  it('is taken up where the connection was cut', async () => {
    const offsets: number[] = [];
    const url = await serve((request, response) => {
      const from = offsetOf(request.headers.range);
      offsets.push(from);
      response.writeHead(from > 0 ? 206 : 200);
      if (offsets.length === 3) return void response.end(archive.subarray(from));
      cutAfter(response, archive.subarray(from, from + 2_000));
    });
    expect(await download(url)).toMatchObject({ ok: true });
    expect(offsets).toEqual([0, 2_000, 4_000]);
  });

  it('is begun anew by a server that knows no ranges', async () => {
    let requests = 0;
    const url = await serve((_request, response) => {
      response.writeHead(200);
      if (++requests === 2) return void response.end(archive);
      cutAfter(response, archive.subarray(0, 2_000));
    });
    expect(await download(url)).toMatchObject({ ok: true });
  });

  it('is refused, and not kept, when its checksum is another', async () => {
    const url = await serve((_request, response) => response.end(archive));
    const result = await download(url, 'f'.repeat(64));
    expect(result).toMatchObject({ ok: false, reason: expect.stringContaining('not what was released') });
    expect(readdirSync(cacheDir)).toEqual([]);
  });

  it('is given up when nothing comes any more', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200);
      response.write(archive.subarray(0, 1_000));
    });
    expect(await download(url)).toMatchObject({
      ok: false,
      reason: expect.stringContaining('nothing came for 500 ms'),
    });
  });

  it('is given up at the first try when there is no network', async () => {
    const url = await serve(() => {});
    await new Promise((resolve) => server!.close(resolve));
    expect(await download(url)).toMatchObject({ ok: false, reason: expect.stringContaining('ECONNREFUSED') });
  });

  it('is given up when the server has none', async () => {
    const url = await serve((_request, response) => response.writeHead(404).end());
    expect(await download(url)).toMatchObject({ ok: false, reason: expect.stringContaining('404') });
  });
});
