// One process a data directory. Who wants it listens on a socket of its own in it, and then looks for others: a
// socket that nobody listens on any more is of a dead process, however it died, whatever its pid names today. So
// nothing stale is ever in the way. It works across the containers of a host; not across hosts that share a disk.
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Millis } from '../model/time.ts';

/** For a holder that is about to go: one that was just killed, or the workers of a killed `etcron dev`. */
const PATIENCE: Millis = 2_000;
/** Between two looks at one that takes no more connections. */
const PAUSE: Millis = 20;
/** Who waits for the holder to go stays connected to it. */
const MOST_WAITING = 16;

/** `held`: it is the holder. `asks`: it looks whether there is one. The pid is for people only. */
const NAME = /^\.(held|asks)-(\d+)-[0-9a-f]{16}$/;

export interface DirClaim {
  /** The directory could not be guarded, and why; it may be used all the same. */
  readonly unguarded?: string;
  release(): void;
}

/** Of the process that holds the directory. */
export interface DirHolder {
  readonly pid: number;
}

export type DirClaimResult =
  { readonly ok: true; readonly claim: DirClaim } | { readonly ok: false; readonly holder: DirHolder };

/** A directory that another claim holds; `way`: what to do about it. */
export class DirHeld extends Error {
  override readonly name = 'DirHeld';

  constructor(dir: string, { pid }: DirHolder, way: string) {
    const who = pid === process.pid ? 'this process already' : `another process (pid ${pid})`;
    super(`--data-dir: ${dir} is in use by ${who}: ${way}`);
  }
}

/**
 * Creates the directory. Not ok: another claim holds it, of this process or another one, and has not let go of it
 * within the patience. Without any, two that ask at once may both be told so. Never rejects.
 */
export async function claimDir(dir: string, patience: Millis = PATIENCE): Promise<DirClaimResult> {
  try {
    mkdirSync(dir, { recursive: true });
    return await claimExisting(realpathSync(dir), performance.now() + patience);
  } catch (error) {
    // No right to write, or a file system without sockets: what that means for its use, its use will tell.
    return { ok: true, claim: { unguarded: (error as Error).message, release: () => {} } };
  }
}

async function claimExisting(dir: string, deadline: number): Promise<DirClaimResult> {
  const tail = `${process.pid}-${randomBytes(8).toString('hex')}`;
  const [made, asks, held] = ['made', 'asks', 'held'].map((state) => `.${state}-${tail}`) as [
    string,
    string,
    string,
  ];
  let name = made;
  const close = await listenIn(dir, made);
  const become = (next: string): void => {
    renameSync(join(dir, name), join(dir, next));
    name = next;
  };
  const release = (): void => {
    removeQuietly(join(dir, name));
    close();
  };
  try {
    // Named so only now that it listens: what does not listen is taken for dead.
    become(asks);
    for (;;) {
      const found = await firstOther(dir, asks, deadline);
      if (found === 'look-again') continue;
      if (found) {
        release();
        return { ok: false, holder: found };
      }
      become(held);
      return { ok: true, claim: { release } };
    }
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * Whom this one has to give way to. Of two that ask at once at least one sees the other, for each has its name
 * before it looks; when both do, the lesser name stays and waits for the other to go.
 */
async function firstOther(
  dir: string,
  own: string,
  deadline: number,
): Promise<DirHolder | 'look-again' | undefined> {
  for (const name of readdirSync(dir)) {
    const [, state, pid] = NAME.exec(name) ?? [];
    if (state === undefined || name === own) continue;
    const givesWay = state === 'asks' && name < own;
    const how = await untilGone(dir, name, givesWay ? 0 : deadline);
    if (how === 'alive') return { pid: Number(pid) };
    if (how === 'dead') {
      removeQuietly(join(dir, name));
      continue;
    }
    if (how === 'moved') return 'look-again';
    // It went; or it is there, and too many wait for it.
    if (performance.now() > deadline) return { pid: Number(pid) };
    await wait(PAUSE);
    return 'look-again';
  }
  return undefined;
}

type Other = 'dead' | 'moved' | 'went' | 'alive';

/** dead: nobody listens. moved: there is no such name now. went: it let go of us. alive: still at the deadline. */
function untilGone(dir: string, name: string, deadline: number): Promise<Other> {
  return new Promise((resolve, reject) => {
    let isConnected = false;
    let timer: NodeJS.Timeout | undefined;
    const folder = openFolder(dir);
    const socket = connect(folder.pathOf(name));
    const done = (how: Other | Error): void => {
      clearTimeout(timer);
      if (!isConnected) folder.close();
      socket.destroy();
      if (typeof how === 'string') resolve(how);
      else reject(how);
    };
    socket.once('connect', () => {
      isConnected = true;
      folder.close();
      timer = setTimeout(() => done('alive'), Math.max(0, deadline - performance.now()));
    });
    socket.once('end', () => done('went'));
    socket.once('error', (error: NodeJS.ErrnoException) => {
      if (isConnected) done('went');
      else if (error.code === 'ECONNREFUSED') done('dead');
      else if (error.code === 'ENOENT') done('moved');
      else if (error.code === 'EAGAIN') done('went');
      else done(error);
    });
    socket.resume();
  });
}

/** Resolves with what ends it: then who is connected is let go of. */
function listenIn(dir: string, name: string): Promise<() => void> {
  return new Promise((resolve, reject) => {
    const waiting = new Set<Socket>();
    const folder = openFolder(dir);
    const server = createServer((socket) => {
      waiting.add(socket);
      socket.unref();
      socket.on('error', () => {});
      socket.once('close', () => waiting.delete(socket));
      socket.resume();
    });
    server.maxConnections = MOST_WAITING;
    server.once('error', (error) => {
      folder.close();
      reject(error);
    });
    // Exclusive: of this process, also in a cluster of processes. Writable: whoever may enter the directory may
    // see that it is held, also as another user.
    server.listen(
      { path: folder.pathOf(name), exclusive: true, readableAll: true, writableAll: true },
      () => {
        folder.close();
        server.unref();
        resolve(() => {
          server.close();
          for (const socket of waiting) socket.destroy();
        });
      },
    );
  });
}

/** A socket's path has at most 107 bytes; on Linux one that goes by the open directory is short. */
function openFolder(dir: string): { pathOf(name: string): string; close(): void } {
  if (process.platform !== 'linux') return { pathOf: (name) => join(dir, name), close: () => {} };
  const folder = openSync(dir, 'r');
  return { pathOf: (name) => `/proc/self/fd/${folder}/${name}`, close: () => closeSync(folder) };
}

/** Another one may have, or may remove it later: it does no harm. */
function removeQuietly(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Stays.
  }
}
