// The official etcd release: downloaded in pieces if need be, checked against its pinned SHA-256, unpacked
// into the user's cache. Nothing that fails the check is ever kept or run.
import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export interface EtcdRelease {
  /** `etcd-v3.6.14-linux-amd64`: name of the tarball and of the directory in it. */
  readonly name: string;
  readonly url: string;
  readonly sha256: string;
}

const VERSION = '3.6.14';
const SHA256: Readonly<Record<string, string>> = {
  amd64: 'ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5',
  arm64: 'fa1b80565ee6fc2df1ae6f57a508b221f3ecc7d591c317c581cd8281b0842b3e',
};

/** undefined: there is none for this machine. Arguments as in node's process. */
export function pinnedRelease(platform: string, arch: string): EtcdRelease | undefined {
  const cpu = arch === 'x64' ? 'amd64' : arch;
  const sha256 = SHA256[cpu];
  if (platform !== 'linux' || sha256 === undefined) return undefined;
  const name = `etcd-v${VERSION}-linux-${cpu}`;
  return {
    name,
    sha256,
    url: `https://github.com/etcd-io/etcd/releases/download/v${VERSION}/${name}.tar.gz`,
  };
}

export const cachedBinary = (release: EtcdRelease, cacheDir: string): string =>
  join(cacheDir, release.name, 'etcd');

export interface Patience {
  /** Until the first answer: without a network this is all that is waited. */
  readonly connectMs: number;
  /** Without a byte. */
  readonly stallMs: number;
  /** A download that breaks is taken up where it stopped, this many times in all. */
  readonly attempts: number;
}

const PATIENCE: Patience = { connectMs: 5_000, stallMs: 15_000, attempts: 5 };

export type Downloaded =
  { readonly ok: true; readonly path: string } | { readonly ok: false; readonly reason: string };

/** Never rejects. The path is that of the `etcd` program in the cache. */
export async function downloadRelease(
  release: EtcdRelease,
  cacheDir: string,
  patience: Patience = PATIENCE,
): Promise<Downloaded> {
  // One per process: two that download at once would write into each other's.
  const part = join(cacheDir, `${release.name}.tar.gz.${process.pid}.part`);
  try {
    await mkdir(cacheDir, { recursive: true });
    await fetchInto(part, release.url, patience);
    const tarball = await readFile(part);
    const sum = createHash('sha256').update(tarball).digest('hex');
    if (sum !== release.sha256) {
      return {
        ok: false,
        reason: `${release.url} has SHA-256 ${sum}, not ${release.sha256}: it is not what was released; nothing of it was kept`,
      };
    }
    const program = fileInTar(gunzipSync(tarball), `${release.name}/etcd`);
    if (!program) return { ok: false, reason: `${release.url} holds no ${release.name}/etcd` };
    const path = cachedBinary(release, cacheDir);
    await mkdir(dirname(path), { recursive: true });
    // Written aside and renamed: another process never finds half a program.
    const aside = `${path}.${process.pid}`;
    await writeFile(aside, program, { mode: 0o755 });
    await rename(aside, path);
    return { ok: true, path };
  } catch (error) {
    const { message, cause } = error as Error & { cause?: Error };
    return { ok: false, reason: `${release.url} cannot be downloaded: ${cause?.message ?? message}` };
  } finally {
    await rm(part, { force: true });
  }
}

async function fetchInto(file: string, url: string, patience: Patience): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const before = await sizeOf(file);
    try {
      await fetchRest(file, url, before, patience);
      return;
    } catch (error) {
      // Going on is worth it only while bytes come: no network at all has to fall through at once.
      if (attempt >= patience.attempts || (await sizeOf(file)) === before) throw error;
    }
  }
}

async function fetchRest(
  file: string,
  url: string,
  have: number,
  { connectMs, stallMs }: Patience,
): Promise<void> {
  const abort = new AbortController();
  const giveUp = (what: string): void => abort.abort(new Error(what));
  const timer = setTimeout(giveUp, connectMs, `no answer within ${connectMs} ms`);
  try {
    const response = await fetch(url, {
      signal: abort.signal,
      headers: have > 0 ? { range: `bytes=${have}-` } : {},
    });
    // 416: the part is complete already, its checksum will tell.
    if (response.status === 416) {
      await response.body?.cancel();
      return;
    }
    if (!response.ok || !response.body) throw new Error(`the server answered ${response.status}`);
    if (response.status !== 206) await rm(file, { force: true });
    let stall = setTimeout(giveUp, stallMs, `nothing came for ${stallMs} ms`);
    clearTimeout(timer);
    try {
      for await (const chunk of response.body) {
        clearTimeout(stall);
        await appendFile(file, chunk as Uint8Array);
        stall = setTimeout(giveUp, stallMs, `nothing came for ${stallMs} ms`);
      }
    } finally {
      clearTimeout(stall);
    }
  } finally {
    clearTimeout(timer);
  }
}

const sizeOf = (file: string): Promise<number> =>
  stat(file).then(
    (found) => found.size,
    () => 0,
  );

const BLOCK = 512;

/** The content of one file of a tar archive; undefined when it is not in there. */
export function fileInTar(tar: Buffer, name: string): Buffer | undefined {
  const text = (from: number, length: number): string =>
    tar.toString('latin1', from, from + length).replace(/\0.*$/s, '');
  for (let at = 0; at + BLOCK <= tar.length && tar[at] !== 0;) {
    const size = Number.parseInt(text(at + 124, 12).trim(), 8);
    if (!Number.isFinite(size)) return undefined;
    if (text(at, 100) === name) return tar.subarray(at + BLOCK, at + BLOCK + size);
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return undefined;
}
