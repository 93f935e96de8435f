import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chooseEtcdPort, keepEtcdPort } from '../../../src/cli/etcd-port.ts';

let dir: string;
let other: Server;
let port: number;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'etcron-port-'));
  other = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => other.once('listening', resolve));
  ({ port } = other.address() as AddressInfo);
});
afterEach(() => {
  other.close();
  rmSync(dir, { recursive: true, force: true });
});

const free = () => new Promise((resolve) => other.close(resolve));

describe("the port of dev's etcd", () => {
  it('is any at the first start, and that one from then on', async () => {
    expect(await chooseEtcdPort(dir, undefined)).toEqual({ port: undefined });
    await free();
    keepEtcdPort(dir, port);
    expect(await chooseEtcdPort(dir, undefined)).toEqual({ port });
  });

  it('is another one when that is taken, and that is to be told', async () => {
    keepEtcdPort(dir, port);
    expect(await chooseEtcdPort(dir, undefined, 0)).toEqual({ port: undefined, before: port });
  });

  it('is waited for while the etcd before is about to leave it', async () => {
    keepEtcdPort(dir, port);
    const chosen = chooseEtcdPort(dir, undefined, 60_000);
    await new Promise((resolve) => setImmediate(resolve));
    await free();
    expect(await chosen).toEqual({ port });
  });

  it('is the wanted one whatever it was before, or refused', async () => {
    keepEtcdPort(dir, 1);
    await expect(chooseEtcdPort(dir, port, 0)).rejects.toThrow(
      `--etcd-port: port ${port} is taken: choose another one`,
    );
    await free();
    expect(await chooseEtcdPort(dir, port, 0)).toEqual({ port });
  });

  it.each(['', 'none', '-1', '70000'])('is any when what was kept is %j', async (text) => {
    writeFileSync(join(dir, 'etcd-port'), text);
    expect(await chooseEtcdPort(dir, undefined)).toEqual({ port: undefined });
  });
});
