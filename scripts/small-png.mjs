// A picture of a page as a small PNG: of at most 256 colours. Pages have few, and between letters and their ground many
// that nobody can tell apart. Needs nothing but node.
import { crc32, deflateSync } from 'node:zlib';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
const COLOURS = 256;

/** `pixels`: four bytes each, red first; nothing shines through. */
export function smallPng(pixels, width, height) {
  const { palette, indexes } = reduced(pixels);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  // Eight bits a pixel, each the number of a colour.
  header.set([8, 3, 0, 0, 0], 8);
  const lines = Buffer.alloc((width + 1) * height);
  for (let y = 0; y < height; y++)
    lines.set(indexes.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('PLTE', Buffer.from(palette.flat())),
    chunk('IDAT', deflateSync(lines, { level: 9, memLevel: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const around = Buffer.alloc(8);
  around.writeUInt32BE(data.length, 0);
  around.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([around.subarray(0, 4), body, around.subarray(4)]);
}

/**
 * Of colours that are alike the commonest stays, so that a small red word stays red; and of all the rest the commonest.
 * Each other becomes the nearest of them.
 */
function reduced(pixels) {
  const counts = new Map();
  const colourAt = (at) => (pixels[at] << 16) | (pixels[at + 1] << 8) | pixels[at + 2];
  for (let at = 0; at < pixels.length; at += 4) {
    const colour = colourAt(at);
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const byCount = [...counts].sort(([, a], [, b]) => b - a).map(([colour]) => colour);
  const firstOfKind = new Map();
  for (const colour of byCount) {
    const kind = colour & 0xe0e0e0;
    if (!firstOfKind.has(kind)) firstOfKind.set(kind, colour);
  }
  const kept = new Set([...firstOfKind.values()].slice(0, COLOURS / 2));
  const common = [...kept, ...byCount.filter((colour) => !kept.has(colour))];
  const palette = common.slice(0, COLOURS).map((c) => [c >> 16, (c >> 8) & 255, c & 255]);
  const numbers = new Map(common.map((colour, place) => [colour, place]));
  for (const colour of common.slice(COLOURS)) numbers.set(colour, nearest(palette, colour));
  const indexes = new Uint8Array(pixels.length / 4);
  for (let at = 0; at < pixels.length; at += 4) indexes[at / 4] = numbers.get(colourAt(at));
  return { palette, indexes };
}

function nearest(palette, colour) {
  let best = 0;
  let bestAway = Infinity;
  for (const [place, [red, green, blue]] of palette.entries()) {
    // The eye sees green best.
    const away =
      3 * (red - (colour >> 16)) ** 2 +
      6 * (green - ((colour >> 8) & 255)) ** 2 +
      (blue - (colour & 255)) ** 2;
    if (away < bestAway) [best, bestAway] = [place, away];
  }
  return best;
}
