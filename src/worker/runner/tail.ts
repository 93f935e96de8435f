// The last bytes of an output, whatever its length, and their text. The text is what goes into etcd:
// it must never be larger than its bound, whatever bytes a task writes.

export const TAIL_BYTES = 4096;

export interface Tail {
  add(chunk: Uint8Array): void;
  /** At most `TAIL_BYTES` bytes of UTF-8, starting at a whole character; what is no UTF-8 shows as U+FFFD. */
  text(): string;
}

// Control characters would grow sixfold in JSON, and say nothing; tab, line ends and colours (ESC) stay.
// eslint-disable-next-line no-control-regex
const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/g;

const isContinuation = (byte: number | undefined): boolean => byte !== undefined && (byte & 0xc0) === 0x80;

/** The last `TAIL_BYTES` of the bytes without the rest of a character that the cut went through. */
function lastWhole(bytes: Uint8Array): Uint8Array {
  let from = Math.max(0, bytes.length - TAIL_BYTES);
  // A character has three continuation bytes at most; more in a row is no UTF-8 and stays.
  if (from > 0) for (let skipped = 0; skipped < 3 && isContinuation(bytes[from]); skipped++) from++;
  return bytes.subarray(from);
}

export function createTail(): Tail {
  let kept = Buffer.alloc(0);
  let total = 0;
  return {
    add(chunk) {
      total += chunk.length;
      // One byte more than shown tells whether something came before.
      const room = TAIL_BYTES + 1;
      kept =
        chunk.length >= room
          ? Buffer.from(chunk.subarray(chunk.length - room))
          : Buffer.concat([kept.subarray(Math.max(0, kept.length + chunk.length - room)), chunk]);
    },
    text() {
      if (total === 0) return '';
      const decoded = Buffer.from(lastWhole(kept)).toString('utf8').replace(CONTROLS, '\ufffd');
      // Bytes that are no UTF-8 became three bytes each: cut once more.
      return Buffer.from(lastWhole(Buffer.from(decoded))).toString('utf8');
    },
  };
}
