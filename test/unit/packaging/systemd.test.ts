import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { durationMs } from '../../../src/common/model/duration.ts';
import { loadMasterConfig, loadWorkerConfig } from '../../../src/common/runtime/config.ts';

const unit = (name: string): string =>
  readFileSync(new URL(`../../../deploy/systemd/${name}.service`, import.meta.url), 'utf8').replace(
    /\\\n\s*/g,
    '',
  );

const valueOf = (text: string, key: string): string => new RegExp(`^${key}=(.*)$`, 'm').exec(text)?.[1] ?? '';

/** What follows the program, as settings. */
function flagsOf(command: string): Record<string, string> {
  const found = command.matchAll(/--([a-z-]+)[= ](\S+)/g);
  return Object.fromEntries(Array.from(found, ([, flag, value]) => [flag!, value!]));
}

const readFile = () => 'master: {listen: "127.0.0.1:8700"}\nworker: {slots: 8}\n';

describe('the systemd units', () => {
  it('start a master and a worker with settings that they accept', () => {
    const master = valueOf(unit('etcron-master'), 'ExecStart');
    const worker = valueOf(unit('etcron-worker'), 'ExecStart');
    expect(master).toMatch(/ etcron master --config \S+$/);
    expect(worker).toMatch(/ etcron worker --config /);
    expect(loadMasterConfig({ flags: flagsOf(master), env: {}, readFile })).toMatchObject({ ok: true });
    expect(loadWorkerConfig({ flags: flagsOf(worker), env: {}, readFile })).toMatchObject({
      ok: true,
      value: { config: { slots: 8, dataDir: '/var/lib/etcron' } },
    });
  });

  it('let a worker drain before they kill it, and let it end its tasks itself', () => {
    const text = unit('etcron-worker');
    const defaults = loadWorkerConfig({ flags: {}, env: {}, readFile });
    const drain = defaults.ok ? defaults.value.config.drainTimeout : Infinity;
    expect(Number(valueOf(text, 'TimeoutStopSec')) * 1000).toBeGreaterThanOrEqual(drain + durationMs('10s')!);
    expect(valueOf(text, 'KillMode')).toBe('mixed');
  });

  it('give etcd flags that it knows', () => {
    const help = execFileSync(process.env['ETCRON_ETCD_BIN'] ?? 'etcd', ['--help'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const known = Array.from(help.matchAll(/^ {2}--([a-z-]+)/gm), ([, flag]) => flag);
    const used = Object.keys(flagsOf(valueOf(unit('etcd'), 'ExecStart')));
    expect(used.length).toBeGreaterThan(8);
    expect(known).toEqual(expect.arrayContaining(used));
  });
});
