// What a measurement is worth nothing without: what was measured, and on which machine.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { availableParallelism, cpus, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { root } from './install.mjs';

const FILE_SYSTEMS = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x9123683e: 'btrfs',
  0x58465342: 'xfs',
  0x794c7630: 'overlayfs',
};
/** What it was called with. */
export const benchSettings = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('ETCRON_BENCH_')));

/** With `+` when the checkout holds changes that are in no commit. */
function commit() {
  const git = (...args) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: 'pipe' }).trim();
  try {
    return git('rev-parse', '--short=12', 'HEAD') + (git('status', '--porcelain') === '' ? '' : '+');
  } catch {
    return 'unknown';
  }
}

/** `etcd`: its version. */
export function describeMachine(etcd) {
  const type = statfsSync(existsSync(tmpdir()) ? tmpdir() : root).type;
  return {
    etcron: `${JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version} (${commit()})`,
    cpu: cpus()[0]?.model ?? process.arch,
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: release(),
    node: process.version,
    etcd,
    filesystem: `${FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`} (${tmpdir()})`,
  };
}
