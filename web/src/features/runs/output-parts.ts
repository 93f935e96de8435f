// Where text begins in a part of an output that was cut at any byte. Pure.

const LINE_FEED = 0x0a;
/** A line whose end is further away is shown from its middle on. */
const LONGEST_LOOK = 64 * 1024;
/** The second to last byte of a character of UTF-8. */
const isWithinCharacter = (byte: number): boolean => (byte & 0b1100_0000) === 0b1000_0000;

/** The place of the first whole line; of the first whole character, when no line ends near. */
export function firstWhole(bytes: Uint8Array): number {
  const end = bytes.subarray(0, LONGEST_LOOK).indexOf(LINE_FEED);
  if (end !== -1) return end + 1;
  let place = 0;
  while (place < 3 && place < bytes.length && isWithinCharacter(bytes[place]!)) place++;
  return place;
}
