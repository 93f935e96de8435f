// The fixed hash behind `H` and `jitter`: the same number for a job's name on every worker, for ever.
// Never change it: every job with `H` or jitter would move to another time.

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** FNV-1a of the text's UTF-16 units (job names are ASCII), 32 bits, unsigned. */
export function fnv1a(text: string): number {
  let hash = FNV_OFFSET;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash >>> 0;
}

/**
 * A whole number in [0, below) that depends on the job and on what it is for (`salt`), and on nothing else.
 * FNV-1a alone leaves names that differ in the last digit close together, so its bits are mixed once more
 * (the finalizer of MurmurHash3).
 */
export function hashBelow(name: string, salt: string, below: number): number {
  let hash = fnv1a(`${name}/${salt}`);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return Math.floor((hash / 2 ** 32) * below);
}
