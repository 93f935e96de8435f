// One `etcron dev` a data directory. The claim is a socket's name, which the kernel frees with the process,
// so that no stale lock file is ever in the way.
import { createHash } from 'node:crypto';
import { mkdirSync, realpathSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface DirClaim {
  release(): void;
}

/** Creates the directory; undefined: another process of this machine holds it. */
export async function claimDir(dir: string): Promise<DirClaim | undefined> {
  mkdirSync(dir, { recursive: true });
  const name = `etcron-dev-${createHash('sha256').update(realpathSync(dir)).digest('hex').slice(0, 24)}`;
  // Linux has names without a file behind them; elsewhere the file stays when its owner is killed.
  const abstract = process.platform === 'linux';
  const address = abstract ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  let server = await listenOn(address);
  if (!server && !abstract && !(await answers(address))) {
    rmSync(address, { force: true });
    server = await listenOn(address);
  }
  if (!server) return undefined;
  server.unref();
  return { release: () => server.close() };
}

function listenOn(address: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined);
      else reject(error);
    });
    server.listen(address, () => resolve(server));
  });
}

function answers(address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
