// The open streams of events. What is told is written once and given to all of them, gathered for a moment, so that
// thousands of readers cost a write each a moment and not one an event. A reader that takes nothing is let go, so
// that nothing piles up here.
import { PassThrough } from 'node:stream';
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Millis } from '../../common/model/time.ts';

/** Proxies close what is silent for longer. */
const PING_EVERY: Millis = 20_000;
/** Unsent bytes at which a reader is given up. A herd of ten thousand jobs tells some 15 MB in its second. */
const MOST_BUFFERED = 4 * 1024 * 1024;
/** News is gathered so long for one reader; ten more readers add another millisecond, up to the longest. */
const GATHER: Millis = 10;
const LONGEST_GATHER: Millis = 250;

const PING = Buffer.from(': still here\n\n');
const OPENING = Buffer.from('retry: 2000\n\n');

export interface EventReaders {
  readonly size: number;
  /** `onClosed`: it was let go, or went. */
  open(onClosed: () => void): PassThrough;
  /** To all that are open now; nothing when none is. */
  tell(text: string): void;
  /** Ends all: they are told what was gathered. */
  close(): void;
}

export function createEventReaders(clock: Clock, mostBuffered = MOST_BUFFERED): EventReaders {
  const readers = new Set<PassThrough>();
  let gathered: string[] = [];
  let flushing: Timer | undefined;
  let pinging: Timer | undefined;

  /** One buffer for all: what waits for many readers is in memory once. */
  const give = (bytes: Buffer): void => {
    for (const reader of readers) {
      if (reader.writableLength > mostBuffered) reader.destroy();
      else reader.write(bytes);
    }
  };

  const flush = (): void => {
    flushing?.cancel();
    flushing = undefined;
    if (gathered.length === 0) return;
    const bytes = Buffer.from(gathered.join(''));
    gathered = [];
    give(bytes);
  };

  const keepOpen = (): void => {
    pinging = clock.setTimer(PING_EVERY, () => {
      give(PING);
      keepOpen();
    });
  };

  return {
    get size() {
      return readers.size;
    },
    open(onClosed) {
      // Who comes now reads the lists now: nothing older is for him.
      flush();
      const reader = new PassThrough();
      if (readers.size === 0) keepOpen();
      readers.add(reader);
      reader.once('close', () => {
        readers.delete(reader);
        if (readers.size === 0) pinging?.cancel();
        onClosed();
      });
      reader.write(OPENING);
      return reader;
    },
    tell(text) {
      if (readers.size === 0) return;
      gathered.push(text);
      flushing ??= clock.setTimer(Math.min(GATHER + readers.size / 10, LONGEST_GATHER), flush);
    },
    close() {
      flush();
      for (const reader of readers) reader.end();
    },
  };
}
