// Where dev, tests and benchmarks get etcd: what the user names, what is installed, what was downloaded
// before, the official release, Debian's package; in this order. Never runs etcd but for its version.
import { execFile } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { isTooOldEtcd } from '../common/runtime/etcd-versions.ts';
import { canInstallPackages, installPackages, type AptResult } from './apt.ts';
import {
  cachedBinary,
  downloadRelease,
  pinnedRelease,
  type Downloaded,
  type EtcdRelease,
} from './etcd-release.ts';

export interface EtcdBinary {
  readonly path: string;
  readonly version: string;
  readonly from: 'ETCRON_ETCD_BIN' | 'PATH' | 'cache' | 'download' | 'apt';
}

/** What the search needs of the machine. */
export interface EtcdSources {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly release: EtcdRelease | undefined;
  readonly cacheDir: string;
  readonly download: (release: EtcdRelease, cacheDir: string) => Promise<Downloaded>;
  /** undefined: not Debian, or not root. */
  readonly install: (() => Promise<AptResult>) | undefined;
  /** Tells what takes time, and why a source was passed over. */
  readonly say: (line: string) => void;
}

export function systemEtcdSources(
  say: (line: string) => void,
  env: EtcdSources['env'] = process.env,
): EtcdSources {
  return {
    env,
    release: pinnedRelease(process.platform, process.arch),
    cacheDir: join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'etcron'),
    download: downloadRelease,
    install: canInstallPackages() ? () => installPackages(['etcd-server'], ['etcd']) : undefined,
    say,
  };
}

/** Rejects with an error that says what to do. */
export async function findEtcd(sources: EtcdSources): Promise<EtcdBinary> {
  const { env, release, cacheDir, say } = sources;
  const named = env['ETCRON_ETCD_BIN'];
  if (named) {
    const version = await versionOf(named);
    if (version.ok) return { path: named, version: version.value, from: 'ETCRON_ETCD_BIN' };
    throw new Error(`ETCRON_ETCD_BIN: ${version.reason}`);
  }

  const passedOver: string[] = [];
  const attempt = async (
    from: EtcdBinary['from'],
    path: string | undefined,
  ): Promise<EtcdBinary | undefined> => {
    if (path === undefined) return undefined;
    const version = await versionOf(path);
    if (version.ok) return { path, version: version.value, from };
    passedOver.push(version.reason);
    say(version.reason);
    return undefined;
  };

  const installed = await attempt('PATH', onPath(env));
  if (installed) return installed;
  if (release) {
    const cached = cachedBinary(release, cacheDir);
    const found = isProgram(cached) ? await attempt('cache', cached) : undefined;
    if (found) return found;
    say(`etcd is not installed: downloading ${release.url}`);
    const downloaded = await sources.download(release, cacheDir);
    if (downloaded.ok) {
      const fresh = await attempt('download', downloaded.path);
      if (fresh) return fresh;
    } else {
      passedOver.push(downloaded.reason);
      say(downloaded.reason);
    }
  }
  if (sources.install) {
    say('installing etcd-server with apt-get');
    const result = await sources.install();
    if (!result.ok) passedOver.push(result.reason);
    const fresh = result.ok ? await attempt('apt', onPath(env)) : undefined;
    if (fresh) return fresh;
  }
  throw new Error(adviceFor(passedOver));
}

function adviceFor(passedOver: readonly string[]): string {
  return [
    'etcd is needed and could not be found. One of these helps:',
    '  - install it: "apt-get install etcd-server" (Debian, Ubuntu), "brew install etcd" (macOS)',
    '  - download it from https://github.com/etcd-io/etcd/releases and put it on the PATH',
    '  - set ETCRON_ETCD_BIN to the path of an etcd program, 3.4 or newer',
    ...(passedOver.length > 0 ? ['What was tried:', ...passedOver.map((reason) => `  - ${reason}`)] : []),
  ].join('\n');
}

function onPath(env: EtcdSources['env']): string | undefined {
  const directories = (env['PATH'] ?? '').split(delimiter).filter((directory) => directory !== '');
  return directories.map((directory) => join(directory, 'etcd')).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

type Version =
  { readonly ok: true; readonly value: string } | { readonly ok: false; readonly reason: string };

async function versionOf(path: string): Promise<Version> {
  try {
    const { stdout } = await promisify(execFile)(path, ['--version'], { timeout: 20_000 });
    const value = /etcd Version: (\S+)/.exec(stdout)?.[1];
    if (value === undefined)
      return { ok: false, reason: `${path} is no etcd: "--version" does not answer with one` };
    if (isTooOldEtcd(value))
      return { ok: false, reason: `${path} is etcd ${value}: 3.4 is the oldest that works` };
    return { ok: true, value };
  } catch (error) {
    return { ok: false, reason: `${path} cannot be run: ${(error as Error).message.split('\n')[0]}` };
  }
}
