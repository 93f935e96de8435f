// Moves what a task writes from its pipe to its spool, pausing while the disk is behind: the task then waits
// in its write, as behind any slow reader.
import { closeSync, readSync } from 'node:fs';
import { Socket, type OnReadOpts, type SocketConstructorOpts } from 'node:net';
import type { Spool, SpoolResult } from './spool.ts';

/** One buffer for all: each read is copied before the next one. */
const READ_BUFFER = Buffer.allocUnsafe(64 * 1024);

/** A pipe holds 64 KiB, or up to this when enlarged; a process that escaped could write for ever. */
const MAX_DRAIN_BYTES = 1024 * 1024;

/**
 * Most tasks of a busy worker are over in a few milliseconds. What they wrote waits in the pipe until their
 * end; only a task that lives longer gets a socket, which costs a tenth of its start.
 */
const SETTLE_MS = 5;

/**
 * Past its limit an output is only counted. A task that prints without end would still keep the runner, which other
 * tasks wait for, busy: of such a one this much is read at a time, some 200 MB in a second.
 */
const FLOOD_PART_BYTES = 1024 * 1024;
const FLOOD_PAUSE_MS = 5;

export interface PipeReader {
  /** Takes what is in the pipe now, whoever still holds its other end, and closes. Never rejects. */
  finish(): Promise<SpoolResult>;
}

/** Owns the descriptor. `open` is given what to call when the spool has caught up. */
export function startPipeReader(descriptor: number, open: (onDrain: () => void) => Spool): PipeReader {
  let socket: Socket | undefined;
  const spool = open(() => goOn());
  const goOn = (): void => {
    if (socket && !socket.destroyed) socket.resume();
  };
  let unkept = 0;
  const take = (chunk: Uint8Array): boolean => {
    const isReady = spool.write(chunk);
    if (!spool.isFull || (unkept += chunk.length) < FLOOD_PART_BYTES) return isReady;
    unkept = 0;
    setTimeout(goOn, FLOOD_PAUSE_MS);
    return false;
  };
  const settled = setTimeout(() => {
    // The constructor takes `onread` (net.js of Node 12 and later); its type knows it for connect() only.
    const settings: SocketConstructorOpts & { readonly onread: OnReadOpts } = {
      fd: descriptor,
      readable: true,
      writable: false,
      onread: {
        buffer: READ_BUFFER,
        callback: (length, buffer) => take(buffer.subarray(0, length)),
      },
    };
    socket = new Socket(settings);
    // An error here is an end of the output, not of the task.
    socket.on('error', () => {});
  }, SETTLE_MS);

  const drain = (): void => {
    for (let taken = 0; taken < MAX_DRAIN_BYTES;) {
      let length: number;
      try {
        length = readSync(descriptor, READ_BUFFER);
      } catch {
        return;
      }
      if (length === 0) return;
      spool.write(READ_BUFFER.subarray(0, length));
      taken += length;
    }
  };

  return {
    finish() {
      clearTimeout(settled);
      if (!socket) {
        drain();
        closeSync(descriptor);
      } else if (!socket.destroyed) {
        // A destroyed socket has closed the descriptor, whose number may be another file's by now.
        socket.pause();
        drain();
        socket.destroy();
      }
      return spool.finish();
    },
  };
}
