// One run's output on disk: appended, capped, its last bytes kept. The file is made at the first byte, so a
// silent run costs none. Writes are asynchronous: a slow disk holds up the output, never the fence.
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { createTail, TAIL_BYTES } from './tail.ts';

/** Above this many bytes on their way to the disk, the source should pause. */
const HIGH_WATER_BYTES = 256 * 1024;

/** A block of most file systems, and more than a mark takes. */
const ROOM_BYTES = 4096;

export interface SpoolResult {
  /** Bytes written by the task, kept or not. */
  readonly bytes: number;
  readonly truncated: boolean;
  readonly tail: string;
  /** The disk's refusal, if it refused; what came after was counted but not kept. */
  readonly error?: string;
}

export interface Spool {
  /** Copies the chunk. False: pause until `onDrain` is called. */
  write(chunk: Uint8Array): boolean;
  /** What comes now is counted, and not kept. */
  readonly isFull: boolean;
  /** Resolves when all is on disk and the file is closed. Never rejects. */
  finish(): Promise<SpoolResult>;
}

/** Written where the limit was reached: a follower sees that more comes, and is not kept. */
export const cutMark = (limit: number): string =>
  `\n[etcron: output cut here, at its limit of ${limit} bytes]\n`;
/** Written at the end of an attempt that wrote more. */
export const lossMark = (bytes: number): string => `[etcron: ${bytes} bytes were not kept]\n`;

/** Written before what a further attempt writes: without it two outputs would read as one. */
export const attemptMark = (attempt: number): string => `[etcron: attempt ${attempt}]\n`;

export interface SpoolOptions {
  readonly path: string;
  /** Bounds the file, earlier attempts of the same run included. */
  readonly limit: number;
  /** 1 for the first. */
  readonly attempt?: number | undefined;
  readonly onDrain?: () => void;
}

export function openSpool({ path, limit, attempt = 1, onDrain = () => {} }: SpoolOptions): Spool {
  const tail = createTail();
  let bytes = 0;
  /** Bytes given to the disk, fitting or not. */
  let accepted = 0;
  let truncated = false;
  let error: string | undefined;
  let file: FileHandle | undefined;
  /** Bytes that still fit; unknown until the file is open. */
  let room: number | undefined;
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writing: Promise<void> | undefined;
  let paused = false;
  /** Size of the file before this attempt, and what this attempt put there that is not the task's. */
  let before = 0;
  let marks = 0;

  const openFile = async (): Promise<FileHandle> => {
    const opened = await openAppending(path);
    const { size } = await opened.stat();
    before = size;
    // Above the limit there is an earlier attempt's cut mark already.
    truncated = size > limit;
    room = Math.max(0, limit - size);
    if (attempt > 1) {
      const text = (await endsInLine(path, size)) ? attemptMark(attempt) : `\n${attemptMark(attempt)}`;
      await mark(opened, text);
      room = Math.max(0, room - text.length);
    }
    return opened;
  };

  const mark = async (to: FileHandle, text: string): Promise<void> => {
    await to.appendFile(text);
    marks += text.length;
  };

  /** Says at the end how much is missing; where the disk refused, also that. */
  const markLoss = async (): Promise<void> => {
    if (!file || !truncated) return;
    const { size } = await file.stat();
    // Where room was made, more than what the task wrote may have gone.
    const lost = Math.min(bytes, bytes - (size - before - marks));
    if (lost <= 0) return;
    await mark(file, (error === undefined ? '' : `\n[etcron: ${error}]\n`) + lossMark(lost));
  };

  /** On a full disk the last block of this attempt gives way to the word that it is not all. */
  const makeRoom = async (): Promise<void> => {
    if (!file || error === undefined) return;
    const { size } = await file.stat();
    await file.truncate(Math.max(before, size - ROOM_BYTES));
  };

  const writeWaiting = async (): Promise<void> => {
    try {
      while (waiting.length > 0) {
        const batch = Buffer.concat(waiting);
        waiting = [];
        file ??= await openFile();
        const fits = batch.subarray(0, room);
        room = room! - fits.length;
        if (fits.length > 0) await file.appendFile(fits);
        if (fits.length < batch.length && !truncated) {
          truncated = true;
          await mark(file, cutMark(limit));
        }
        waitingBytes -= batch.length;
      }
    } catch (cause) {
      truncated = true;
      error = `the output could not be kept: ${(cause as Error).message}`;
      waiting = [];
      waitingBytes = 0;
    }
    writing = undefined;
    if (paused) {
      paused = false;
      onDrain();
    }
  };

  return {
    get isFull() {
      return truncated || accepted > limit;
    },
    write(chunk) {
      if (chunk.length === 0) return true;
      bytes += chunk.length;
      tail.add(chunk);
      // Past the limit nothing is held, so that a source which cannot pause costs no more memory than that.
      if (truncated || accepted > limit) return true;
      accepted += chunk.length;
      waiting.push(Buffer.from(chunk));
      waitingBytes += chunk.length;
      writing ??= writeWaiting();
      paused = waitingBytes > HIGH_WATER_BYTES;
      return !paused;
    },
    async finish() {
      // Nothing is written after this call, so one wait is all.
      await writing;
      // Where even that fails, the run's record alone tells.
      await markLoss()
        .catch(() => makeRoom().then(markLoss))
        .catch(() => {});
      await file?.close().catch(() => {});
      return { bytes, truncated, tail: tail.text(), ...(error !== undefined && { error }) };
    },
  };
}

/** A sweep may take the folder, empty at that moment, between its making and the file's: then again. */
async function openAppending(path: string): Promise<FileHandle> {
  for (let tries = 1; ; tries++) {
    await mkdir(dirname(path), { recursive: true });
    try {
      return await open(path, 'a', 0o640);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== 'ENOENT' || tries === 5) throw cause;
    }
  }
}

/** Of a file of `size` bytes. */
async function endsInLine(path: string, size: number): Promise<boolean> {
  if (size === 0) return true;
  const file = await open(path, 'r');
  try {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 0x0a;
  } finally {
    await file.close();
  }
}

/** What a spool holds that was written by a process which is no more: its size and its last bytes. */
export async function readSpool(path: string): Promise<{ readonly bytes: number; readonly tail: string }> {
  const nothing = { bytes: 0, tail: '' };
  const file = await open(path, 'r').catch(() => undefined);
  if (!file) return nothing;
  try {
    const { size } = await file.stat();
    const tail = createTail();
    const from = Math.max(0, size - TAIL_BYTES - 1);
    const { bytesRead, buffer } = await file.read(Buffer.alloc(size - from), 0, size - from, from);
    tail.add(buffer.subarray(0, bytesRead));
    return { bytes: size, tail: tail.text() };
  } catch {
    return nothing;
  } finally {
    await file.close();
  }
}
