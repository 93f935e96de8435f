import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findEtcd, type EtcdSources } from '../../../src/cli/etcd-binary.ts';
import { cachedBinary, pinnedRelease } from '../../../src/cli/etcd-release.ts';

const release = pinnedRelease('linux', 'x64')!;
let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'etcron-etcd-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** A program that claims to be etcd of this version. */
function program(path: string, version: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\necho "etcd Version: ${version}"\n`, { mode: 0o755 });
  return path;
}

const bin = () => join(dir, 'bin');
const said: string[] = [];

/** A machine without etcd, network and apt, but for what a test adds. */
const machine = (has: Partial<EtcdSources> = {}): EtcdSources => ({
  env: { PATH: bin() },
  release,
  cacheDir: join(dir, 'cache'),
  download: () => Promise.resolve({ ok: false, reason: 'no network' }),
  install: undefined,
  say: (line) => void said.push(line),
  ...has,
});

const download: EtcdSources['download'] = (wanted, cacheDir) =>
  Promise.resolve({ ok: true, path: program(cachedBinary(wanted, cacheDir), '3.6.14') });
const install: EtcdSources['install'] = () => {
  program(join(bin(), 'etcd'), '3.4.23');
  return Promise.resolve({ ok: true });
};
const unexpected = () => Promise.reject(new Error('asked for in vain'));

describe('etcd comes from', () => {
  it('ETCRON_ETCD_BIN first, whatever else there is', async () => {
    program(join(bin(), 'etcd'), '3.5.0');
    const named = program(join(dir, 'mine'), '3.6.1');
    const found = await findEtcd(
      machine({ env: { PATH: bin(), ETCRON_ETCD_BIN: named }, download: unexpected }),
    );
    expect(found).toEqual({ path: named, version: '3.6.1', from: 'ETCRON_ETCD_BIN' });
  });

  it('nowhere else when ETCRON_ETCD_BIN is no etcd', async () => {
    program(join(bin(), 'etcd'), '3.5.0');
    const env = { PATH: bin(), ETCRON_ETCD_BIN: join(dir, 'none') };
    await expect(findEtcd(machine({ env }))).rejects.toThrow(/^ETCRON_ETCD_BIN: .*none cannot be run/);
  });

  it('the PATH, then the cache, then the release, then the package', async () => {
    const everything = { download, install };
    expect(await findEtcd(machine({ install }))).toMatchObject({ from: 'apt', version: '3.4.23' });
    rmSync(bin(), { recursive: true });
    expect(await findEtcd(machine(everything))).toMatchObject({ from: 'download', version: '3.6.14' });
    expect(await findEtcd(machine({ download: unexpected, install: unexpected }))).toMatchObject({
      from: 'cache',
    });
    program(join(bin(), 'etcd'), '3.5.21');
    expect(await findEtcd(machine({ download: unexpected, install: unexpected }))).toMatchObject({
      from: 'PATH',
    });
  });

  it('elsewhere when the one on the PATH is too old', async () => {
    program(join(bin(), 'etcd'), '3.3.25');
    expect(await findEtcd(machine({ download }))).toMatchObject({ from: 'download' });
    expect(said.join('\n')).toContain('3.4 is the oldest that works');
  });

  it('nowhere on a machine that has nothing, which is told with what to do and what was tried', async () => {
    const failing: EtcdSources['install'] = () =>
      Promise.resolve({ ok: false, reason: 'apt-get install failed: no route' });
    await expect(findEtcd(machine({ install: failing }))).rejects.toThrow(
      /etcd is needed[^]*apt-get install etcd-server[^]*ETCRON_ETCD_BIN[^]*no network[^]*no route/,
    );
  });
});

it('is pinned for the machines that the project names, and for no other', () => {
  expect(release).toEqual({
    name: 'etcd-v3.6.14-linux-amd64',
    url: 'https://github.com/etcd-io/etcd/releases/download/v3.6.14/etcd-v3.6.14-linux-amd64.tar.gz',
    sha256: 'ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5',
  });
  expect(pinnedRelease('linux', 'arm64')?.sha256).toMatch(/^fa1b80565ee6fc2d/);
  expect(pinnedRelease('darwin', 'arm64')).toBeUndefined();
  expect(pinnedRelease('linux', 'riscv64')).toBeUndefined();
});
