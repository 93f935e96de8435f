// Which worker should schedule a job: rendezvous hashing, weighted by slots. Every worker computes the same
// answer from the same list, and a worker that comes or goes moves only its own share of the jobs. The
// answer is a hint that spares etcd hopeless transactions; it never decides: the claim does.
import { fnv1a } from './hash.ts';

/** Murmur3's finalizer: spreads the bits of two combined hashes. */
function mix(a: number, b: number): number {
  let h = (a ^ Math.imul(b, 0x9e3779b1)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

export interface Candidate {
  readonly id: string;
  /** Of its name, so that a worker that restarts under a new id gets its jobs back. */
  readonly hash: number;
  /** Its share is proportional to this. */
  readonly slots: number;
}

export interface RankedWorker {
  readonly id: string;
  readonly name: string;
  readonly slots: number;
}

/** Candidates in an order that does not depend on the order given. Two workers of one name stay two. */
export function candidatesOf(workers: readonly RankedWorker[]): Candidate[] {
  const sorted = [...workers].sort((a, b) => (a.id < b.id ? -1 : 1));
  const seen = new Map<string, number>();
  for (const { name } of sorted) seen.set(name, (seen.get(name) ?? 0) + 1);
  return sorted.map(({ id, name, slots }) => ({
    id,
    slots,
    hash: fnv1a(seen.get(name) === 1 ? name : `${name}/${id}`),
  }));
}

/** The candidate that should schedule the job; undefined when there is none. */
export function firstOf(jobHash: number, candidates: readonly Candidate[]): Candidate | undefined {
  let best: Candidate | undefined;
  let bestScore = -Infinity;
  for (const candidate of candidates) {
    // Uniform in (0, 1); -slots / ln(u) makes the share of wins proportional to the slots.
    const u = (mix(jobHash, candidate.hash) + 0.5) / 0x1_0000_0000;
    const score = -candidate.slots / Math.log(u);
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}
