// Bytes of a protocol buffers message, written straight into one buffer. The library's writer makes an object for
// each number and text before it writes any, 5 KiB for a run's end: at ten thousand runs in a second the collector
// took more time than the writing.

const FIRST_SIZE = 16 * 1024;
const LONGEST_VARINT = 10;
/** Numbers above this are written in two halves, for bits are of 32-bit numbers. */
const LOW = 2 ** 28;
const ONE_BYTE = 0x80;

export class WireWriter {
  private buffer: Buffer = Buffer.allocUnsafe(FIRST_SIZE);
  private at = 0;

  /** A whole number from 0 to 2^53. */
  number(field: number, value: number): void {
    this.reserve(2 * LONGEST_VARINT);
    this.varint(field << 3);
    this.varint(value);
  }

  bool(field: number, value: boolean): void {
    this.number(field, value ? 1 : 0);
  }

  /** Any 64-bit number, as decimal digits. */
  int64(field: number, digits: string): void {
    this.reserve(2 * LONGEST_VARINT);
    this.varint(field << 3);
    let left = BigInt.asUintN(64, BigInt(digits));
    while (left >= 0x80n) {
      this.buffer[this.at++] = Number(left & 0x7fn) | ONE_BYTE;
      left >>= 7n;
    }
    this.buffer[this.at++] = Number(left);
  }

  text(field: number, text: string): void {
    const length = Buffer.byteLength(text);
    this.reserve(2 * LONGEST_VARINT + length);
    this.varint((field << 3) | 2);
    this.varint(length);
    this.at += this.buffer.write(text, this.at);
  }

  /** Begins a message inside the message; what is answered is handed to `close`. */
  open(field: number): number {
    this.reserve(LONGEST_VARINT);
    this.varint((field << 3) | 2);
    // Room for a length of one byte; a longer one moves what was written behind it.
    return ++this.at;
  }

  close(start: number): void {
    const length = this.at - start;
    if (length < ONE_BYTE) {
      this.buffer[start - 1] = length;
      return;
    }
    const more = length < 2 ** 14 ? 1 : length < 2 ** 21 ? 2 : length < LOW ? 3 : 4;
    this.reserve(more);
    this.buffer.copyWithin(start + more, start, this.at);
    this.at = start - 1;
    this.varint(length);
    this.at += length;
  }

  /** What was written; nothing may be added after it. */
  finish(): Buffer {
    return this.buffer.subarray(0, this.at);
  }

  private varint(value: number): void {
    let left = value;
    while (left >= LOW) {
      this.buffer[this.at++] = (left % ONE_BYTE) | ONE_BYTE;
      left = Math.floor(left / ONE_BYTE);
    }
    while (left >= ONE_BYTE) {
      this.buffer[this.at++] = (left & 0x7f) | ONE_BYTE;
      left >>>= 7;
    }
    this.buffer[this.at++] = left;
  }

  private reserve(bytes: number): void {
    if (this.at + bytes <= this.buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(2 * this.buffer.length, this.at + bytes));
    this.buffer.copy(larger, 0, 0, this.at);
    this.buffer = larger;
  }
}
