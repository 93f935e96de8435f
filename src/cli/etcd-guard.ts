// A process of its own between `etcron dev` and its etcd: it starts etcd, and ends it when the channel to
// its parent closes, however the parent died. That is all it does; it imports nothing of the product.
// Started as `node etcd-guard.js <log file> <etcd> <arguments...>` with an IPC channel.
import { spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { argv, exit, send } from 'node:process';

/** Between SIGTERM and SIGKILL: etcd needs some 100 ms to close its files, on a busy machine more. */
const GRACE_MS = 5_000;

export type GuardMessage = { readonly pid: number } | { readonly exit: string };

const [logFile, etcd, ...args] = argv.slice(2);
if (logFile === undefined || etcd === undefined || !send) exit(2);

const tell = (message: GuardMessage): void => {
  if (process.connected) process.send?.(message);
};

const log = openSync(logFile, 'w');
const child = spawn(etcd, args, { stdio: ['ignore', log, log] });
const end = (how: string): void => {
  tell({ exit: how });
  process.disconnect?.();
  exit(0);
};
child.on('error', (error) => end(error.message));
child.on('exit', (code, signal) => end(signal ? `ended by ${signal}` : `exit code ${code}`));
if (child.pid !== undefined) tell({ pid: child.pid });

process.on('disconnect', () => {
  child.kill('SIGTERM');
  setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
});
// Ended itself, it takes etcd along: nothing would watch over it any more.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => child.kill('SIGTERM'));
