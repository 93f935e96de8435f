// What is done to the cluster, and when: all of it drawn from the seed before anything starts. The same seed
// and duration give the same plan; who leads at that moment is the cluster's own affair.
import { createRandom, type Random } from '../simulation/world/random.ts';

/** A number of milliseconds from the start of the plan; `forMs` until it is mended. */
interface Timed {
  readonly at: number;
  readonly forMs: number;
}

/** Which etcd member: roles are looked up when the fault begins. */
export type MemberRole = 'leader' | 'follower';

export type FaultSpec =
  | { readonly kind: 'worker-kill' | 'worker-stop' | 'worker-freeze'; readonly worker: number }
  | { readonly kind: 'workers-kill'; readonly spare: number }
  | { readonly kind: 'workers-freeze' }
  | { readonly kind: 'runner-kill' | 'runner-freeze'; readonly worker: number }
  | { readonly kind: 'master-kill' | 'master-freeze'; readonly master: number }
  | { readonly kind: 'etcd-kill' | 'etcd-freeze' | 'etcd-cut'; readonly member: MemberRole }
  | { readonly kind: 'etcd-majority-kill' | 'etcd-split' }
  | { readonly kind: 'worker-cut' | 'worker-cut-from-leader'; readonly worker: number }
  | { readonly kind: 'workers-cut' }
  | { readonly kind: 'master-cut'; readonly master: number }
  | { readonly kind: 'slow-links' | 'slow-peers'; readonly delayMs: number }
  | { readonly kind: 'lossy-links'; readonly stallMs: number }
  | { readonly kind: 'reset' }
  | { readonly kind: 'space-alarm' | 'space-full' }
  | { readonly kind: 'compact-defragment' }
  | { readonly kind: 'clock'; readonly seconds: number }
  | { readonly kind: 'rolling-restart' };

export type FaultKind = FaultSpec['kind'];
export type PlannedFault = Timed & FaultSpec;

export type ActionSpec =
  | { readonly kind: 'change' | 'pause' | 'resume' | 'delete' | 'create'; readonly job: number }
  | { readonly kind: 'reschedule'; readonly job: number; readonly seconds: number }
  | { readonly kind: 'run'; readonly job: string; readonly queue: boolean }
  | { readonly kind: 'kill'; readonly job: string }
  | { readonly kind: 'drain' | 'undrain'; readonly worker: number };

export type PlannedAction = { readonly at: number; readonly master: number } & ActionSpec;

export interface Plan {
  readonly seed: number;
  readonly durationMs: number;
  readonly ttlMs: number;
  readonly faults: readonly PlannedFault[];
  readonly actions: readonly PlannedAction[];
}

/** What a fault touches: two of one area never overlap. */
const AREAS: Readonly<
  Record<FaultKind, 'workers' | 'masters' | 'etcd' | 'links' | 'space' | 'clock' | 'all'>
> = {
  'worker-kill': 'workers',
  'worker-stop': 'workers',
  'worker-freeze': 'workers',
  'workers-kill': 'workers',
  'workers-freeze': 'workers',
  'runner-kill': 'workers',
  'runner-freeze': 'workers',
  'worker-cut': 'workers',
  'worker-cut-from-leader': 'workers',
  'workers-cut': 'workers',
  'master-kill': 'masters',
  'master-freeze': 'masters',
  'master-cut': 'masters',
  'etcd-kill': 'etcd',
  'etcd-freeze': 'etcd',
  'etcd-cut': 'etcd',
  'etcd-majority-kill': 'etcd',
  'etcd-split': 'etcd',
  'slow-links': 'links',
  'slow-peers': 'links',
  'lossy-links': 'links',
  reset: 'links',
  'space-alarm': 'space',
  'space-full': 'space',
  'compact-defragment': 'space',
  clock: 'clock',
  'rolling-restart': 'all',
};

export const FAULT_KINDS = Object.keys(AREAS) as readonly FaultKind[];

const FIRST_FAULT = 4_000;
/** Time to recover is measured in the pauses between faults. */
const QUIET: readonly [number, number] = [2_500, 5_000];
const LONG_QUIET: readonly [number, number] = [9_000, 14_000];
/** Processes that live long tell whether memory is flat: everything is restarted in the first third only. */
const RESTARTS_WITHIN = 1 / 3;
const LONG_RUN = 10 * 60_000;

export interface PlanOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly ttlMs: number;
}

export function planChaos({ seed, durationMs, ttlMs }: PlanOptions): Plan {
  const random = createRandom(seed);
  const faults = planFaults(random, durationMs, ttlMs);
  const actions = planActions(createRandom(seed ^ 0x5bd1e995), durationMs);
  return { seed, durationMs, ttlMs, faults, actions };
}

function planFaults(random: Random, durationMs: number, ttlMs: number): PlannedFault[] {
  const faults: PlannedFault[] = [];
  const spare = spared(durationMs);
  let deck: FaultKind[] = [];
  const draw = (isAllowed: (kind: FaultKind) => boolean): FaultKind => {
    // Every kind has its turn before any comes again.
    if (!deck.some(isAllowed)) deck = [...deck, ...shuffled(random, FAULT_KINDS)];
    const index = deck.findIndex(isAllowed);
    return deck.splice(index, 1)[0]!;
  };
  let at = FIRST_FAULT;
  for (let round = 1; ; round++) {
    const isLate = durationMs >= LONG_RUN && at > durationMs * RESTARTS_WITHIN;
    const first = draw((kind) => !(isLate && kind === 'rolling-restart'));
    const together: PlannedFault[] = [{ at, ...specOf(first, random, ttlMs, spare) }];
    if (AREAS[first] !== 'all' && random.chance(0.4)) {
      const second = draw((kind) => AREAS[kind] !== AREAS[first] && AREAS[kind] !== 'all');
      together.push({ at: at + random.int(0, 3_000), ...specOf(second, random, ttlMs, spare) });
    }
    const end = Math.max(...together.map((fault) => fault.at + fault.forMs));
    if (end > durationMs) return faults;
    faults.push(...together);
    at = end + random.int(...(round % 4 === 0 ? LONG_QUIET : QUIET));
  }
}

/** In long runs, the first worker and master suffer everything but being ended. */
const spared = (durationMs: number): number => (durationMs >= LONG_RUN ? 1 : 0);

function specOf(
  kind: FaultKind,
  random: Random,
  ttlMs: number,
  spare: number,
): FaultSpec & { readonly forMs: number } {
  const worker = random.int(0, 3);
  const mortal = random.int(spare, 3);
  const master = random.int(0, 1);
  const member = random.pick<MemberRole>(['leader', 'leader', 'follower']);
  /** Below the fence, or beyond the end of the lease. */
  const aroundTtl = random.chance(0.4) ? random.int(1_500, 3_000) : ttlMs + random.int(1_500, 5_000);
  const short = random.int(2_000, 6_000);
  switch (kind) {
    case 'worker-kill':
      return { kind, worker: mortal, forMs: random.chance(0.5) ? short : ttlMs + short };
    case 'worker-stop':
      return { kind, worker: mortal, forMs: random.int(4_000, 9_000) };
    case 'runner-kill':
      return { kind, worker, forMs: 1_000 };
    case 'runner-freeze':
      return { kind, worker, forMs: random.int(3_000, 9_000) };
    case 'worker-freeze':
    case 'worker-cut':
      return { kind, worker, forMs: aroundTtl };
    case 'worker-cut-from-leader':
      return { kind, worker, forMs: ttlMs + short };
    case 'workers-kill':
      return { kind, spare, forMs: random.chance(0.5) ? short : ttlMs + short };
    case 'workers-freeze':
    case 'workers-cut':
    case 'etcd-split':
      return { kind, forMs: aroundTtl };
    case 'master-kill':
      return { kind, master: Math.max(master, spare), forMs: short };
    case 'master-freeze':
    case 'master-cut':
      return { kind, master, forMs: random.int(3_000, 9_000) };
    case 'etcd-kill':
    case 'etcd-freeze':
    case 'etcd-cut':
      return { kind, member, forMs: random.int(3_000, 9_000) };
    case 'etcd-majority-kill':
      return { kind, forMs: aroundTtl };
    case 'slow-links':
      return { kind, delayMs: random.int(50, 400), forMs: random.int(5_000, 10_000) };
    case 'slow-peers':
      return { kind, delayMs: random.int(20, 120), forMs: random.int(5_000, 10_000) };
    case 'lossy-links':
      return { kind, stallMs: random.int(200, 1_500), forMs: random.int(5_000, 10_000) };
    case 'reset':
    case 'compact-defragment':
      return { kind, forMs: 1_000 };
    case 'space-alarm':
      return { kind, forMs: aroundTtl };
    case 'space-full':
      return { kind, forMs: random.int(3_000, 7_000) };
    case 'clock': {
      const seconds = random.pick([0.3, 0.8, 3, 5, 90, 600]) * random.pick([1, -1]);
      return { kind, seconds, forMs: random.int(6_000, 15_000) };
    }
    case 'rolling-restart':
      return { kind, forMs: 20_000 };
  }
}

/** Jobs by hand, and those whose runs are worth a kill. */
const TO_RUN = [
  'by-hand',
  'slow',
  'slow-latest',
  'beside',
  'everywhere',
  'retried',
  'edited1',
  'edited2',
] as const;
const TO_KILL = ['slow', 'slow-latest', 'outliving', 'retried', 'beside', 'by-hand', 'everywhere'] as const;
const EDITED = 3;

function planActions(random: Random, durationMs: number): PlannedAction[] {
  const actions: PlannedAction[] = [];
  const edits = [
    'change',
    'change',
    'reschedule',
    'pause',
    'resume',
    'resume',
    'delete',
    'create',
    'create',
  ] as const;
  let drained = -Infinity;
  for (let at = 2_000; at < durationMs; at += random.int(300, 2_000)) {
    const master = random.int(0, 1);
    const chance = random.next();
    if (chance < 0.55) {
      const kind = random.pick(edits);
      const job = random.int(0, EDITED - 1);
      if (kind === 'reschedule') actions.push({ at, master, kind, job, seconds: random.pick([1, 2, 3]) });
      else actions.push({ at, master, kind, job });
    } else if (chance < 0.8)
      actions.push({ at, master, kind: 'run', job: random.pick(TO_RUN), queue: random.chance(0.5) });
    else if (chance < 0.95 || at - drained < 15_000)
      actions.push({ at, master, kind: 'kill', job: random.pick(TO_KILL) });
    else {
      drained = at;
      const worker = random.int(0, 3);
      actions.push({ at, master, kind: 'drain', worker });
      actions.push({ at: at + random.int(2_000, 6_000), master: 1 - master, kind: 'undrain', worker });
    }
  }
  return actions.sort((a, b) => a.at - b.at);
}

function shuffled<T>(random: Random, items: readonly T[]): T[] {
  const all = [...items];
  for (let i = all.length - 1; i > 0; i--) {
    const other = random.int(0, i);
    [all[i], all[other]] = [all[other]!, all[i]!];
  }
  return all;
}
