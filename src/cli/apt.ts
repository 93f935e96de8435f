// Installs Debian packages, for a fresh machine where we are root. Never leaves a service running that
// was not there before: a private etcd is what is wanted, not the system's.
import { spawn } from 'node:child_process';
import { accessSync, constants, existsSync, rmSync, writeFileSync } from 'node:fs';

const POLICY = '/usr/sbin/policy-rc.d';
/** Patience per connection: without a network it has to be noticed within seconds. */
const OPTIONS = [
  '-o',
  'Acquire::http::Timeout=10',
  '-o',
  'Acquire::Retries=1',
  '-o',
  'DPkg::Lock::Timeout=120',
];

export function canInstallPackages(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false;
  try {
    accessSync('/usr/bin/apt-get', constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export type AptResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** `services`: systemd units that the packages would bring up, kept down now and at the next boot. */
export async function installPackages(
  packages: readonly string[],
  services: readonly string[] = [],
): Promise<AptResult> {
  const updated = await run('apt-get', ['update', ...OPTIONS]);
  // A policy of the machine's own stays; without one, this denies the start of any service for the moment.
  const denyStart = !existsSync(POLICY);
  if (denyStart) writeFileSync(POLICY, '#!/bin/sh\nexit 101\n', { mode: 0o755 });
  const installed = await run('apt-get', [
    'install',
    '-y',
    '--no-install-recommends',
    ...OPTIONS,
    ...packages,
  ]).finally(() => {
    if (denyStart) rmSync(POLICY, { force: true });
  });
  if (installed.code !== 0) {
    const output = updated.code === 0 ? installed.tail : `${updated.tail}\n${installed.tail}`;
    return { ok: false, reason: `apt-get install ${packages.join(' ')} failed:\n${output}` };
  }
  if (existsSync('/run/systemd/system') && services.length > 0)
    await run('systemctl', ['disable', '--now', ...services]);
  return { ok: true };
}

/** Never rejects: a program that can't be started counts as failed. */
function run(
  program: string,
  args: readonly string[],
): Promise<{ readonly code: number; readonly tail: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const keep = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    child.on('error', (error) => resolve({ code: 127, tail: error.message }));
    child.on('close', (code) =>
      resolve({ code: code ?? 1, tail: output.trim().split('\n').slice(-8).join('\n') }),
    );
  });
}
