// The outputs being read through the worker's http server: at most so many, and none held by a reader that
// takes nothing.
import type { Clock } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';

export interface OutputStream {
  readonly signal: AbortSignal;
  /** Passes the chunks on; closes the stream when one is not taken in time. */
  guard(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array>;
  /** Frees its place and aborts its signal. Again: nothing. */
  readonly close: () => void;
}

export interface OutputStreams {
  /** Undefined when all places are taken. */
  open(): OutputStream | undefined;
  closeAll(): void;
}

export function startStreams(options: {
  readonly clock: Clock;
  readonly most: number;
  readonly stallTimeout: Millis;
}): OutputStreams {
  const open = new Set<OutputStream>();

  return {
    open() {
      if (open.size >= options.most) return undefined;
      const controller = new AbortController();
      const stream: OutputStream = {
        signal: controller.signal,
        async *guard(chunks) {
          for await (const chunk of chunks) {
            const stall = options.clock.setTimer(options.stallTimeout, stream.close);
            try {
              yield chunk;
            } finally {
              stall.cancel();
            }
          }
        },
        close() {
          if (open.delete(stream)) controller.abort();
        },
      };
      open.add(stream);
      return stream;
    },
    closeAll() {
      for (const stream of open) stream.close();
    },
  };
}
