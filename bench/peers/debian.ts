// Programs from Debian's packages, which peers and scenarios need: found, or installed where that is possible.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const POSTGRES = '/usr/lib/postgresql';
const PACKAGES = { redis: 'redis-server', postgres: 'postgresql', faketime: 'faketime' } as const;

export type Program = keyof typeof PACKAGES;

function found(program: string): string | undefined {
  try {
    return execFileSync('/bin/sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

/** PostgreSQL's programs are on no path. */
export function postgresBin(): string | undefined {
  const versions = existsSync(POSTGRES) ? readdirSync(POSTGRES).sort() : [];
  const bin = versions.length > 0 ? join(POSTGRES, versions.at(-1)!, 'bin') : undefined;
  return bin !== undefined && existsSync(join(bin, 'initdb')) ? bin : undefined;
}

const isThere = (program: Program): boolean =>
  (program === 'postgres' ? postgresBin() : found(PACKAGES[program])) !== undefined;

/** Installs what is missing where that is possible; otherwise the error says what to do. */
export function provide(program: Program): void {
  if (isThere(program)) return;
  const how = `apt-get install ${PACKAGES[program]}`;
  if (process.getuid?.() !== 0 || found('apt-get') === undefined) {
    throw new Error(`this needs ${program}: ${how}`);
  }
  console.error(`installing ${PACKAGES[program]}`);
  execFileSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
  execFileSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', PACKAGES[program]], {
    stdio: 'inherit',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  if (!isThere(program)) throw new Error(`${how} did not bring it`);
}
