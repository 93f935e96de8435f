// The tail is bounded, whole at its start, and small in JSON, whatever a task writes.
import { expect, test } from 'vitest';
import { createTail, TAIL_BYTES } from '../../../src/worker/runner/tail.ts';

const tailOf = (...chunks: (string | Uint8Array)[]): string => {
  const tail = createTail();
  for (const chunk of chunks) tail.add(Buffer.from(chunk));
  return tail.text();
};

test.for([0, 1, TAIL_BYTES - 1, TAIL_BYTES, TAIL_BYTES + 1, 100_000])(
  '%i bytes: the last ones, in any chunks',
  (length) => {
    const text = Array.from({ length }, (_, n) => String.fromCodePoint(97 + (n % 26))).join('');
    const chunks = text.match(/.{1,7}/g) ?? [];
    expect(tailOf(text)).toBe(text.slice(-TAIL_BYTES));
    expect(tailOf(...chunks)).toBe(text.slice(-TAIL_BYTES));
  },
);

test('a character that the cut goes through is left out, one that ends the output whole is not', () => {
  const text = `${'😀'.repeat(2000)}ab`;
  expect(tailOf(text)).toBe(`${'😀'.repeat(1023)}ab`);
});

test('bytes that are no UTF-8 show as the replacement character and stay within the bound', () => {
  const text = tailOf(Buffer.alloc(5000, 0xff));
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(TAIL_BYTES);
  expect(new Set(text)).toEqual(new Set(['\ufffd']));
});

test('half a character at the end shows as one replacement character', () => {
  expect(tailOf('ab', new Uint8Array([0xe2, 0x82]))).toBe('ab\ufffd');
});

test('control characters are replaced; tab, line ends and colours stay', () => {
  expect(tailOf('a\0b\u0007\t\r\n\u001b[31m')).toBe('a\ufffdb\ufffd\t\r\n\u001b[31m');
});
