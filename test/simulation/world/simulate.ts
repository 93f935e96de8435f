// One simulation from its seed to its verdict. The same seed gives the same history, event by event.
import { keyspace } from '../../../src/common/store/keyspace.ts';
import type { LeaseId } from '../../../src/common/store/etcd.ts';
import type { Millis } from '../../../src/common/model/time.ts';
import { createEtcdModel } from '../model/etcd.ts';
import { audit } from './audit.ts';
import { createJudge, type Violation } from './judge.ts';
import { createLedger } from './ledger.ts';
import { createNemesis } from './nemesis.ts';
import type { Tamper } from './network.ts';
import { allowsOverlap, startPeople } from './people.ts';
import { startSimWorker, type SimWorker } from './worker.ts';
import { createWorld } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Keeps every line of what happens. */
  readonly trace?: boolean;
  /** Takes protections out of the workers, or of the master. */
  readonly tamper?: { readonly worker?: Tamper; readonly master?: Tamper; readonly fences?: boolean };
}

export interface SimulationResult {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly trace: readonly string[];
  readonly events: number;
  /** Tasks started. */
  readonly starts: number;
  /** Records written. */
  readonly records: number;
  /** Differs when anything that etcd was told differs. */
  readonly fingerprint: string;
}

const PREFIX = '/cron/';
const CALM: Millis = 3_000;
const SETTLE: Millis = 75_000;
/** etcd looks for leases whose time is up about that often. */
const LEASE_LOOK: Millis = 500;

export async function simulate({
  seed,
  trace = false,
  tamper = {},
}: SimulationOptions): Promise<SimulationResult> {
  const world = createWorld(seed);
  const { random } = world;
  const lines: string[] = [];
  const now = (): Millis => world.now;
  const say = trace
    ? (line: string): void => void lines.push(`${(world.now / 1_000).toFixed(4)} ${line}`)
    : () => {};
  const keys = keyspace(PREFIX);
  const ledger = createLedger(PREFIX, now);
  const judge = createJudge(ledger, now, allowsOverlap, say);
  let hash = 0;
  const model = createEtcdModel({
    now,
    onCommit(commit) {
      ledger.take(commit);
      for (const { type, kv } of commit.events) {
        hash =
          (Math.imul(hash, 31) +
            kv.value.length +
            kv.key.length +
            commit.revision +
            Math.round(world.now * 1_000)) |
          0;
        say(
          `etcd @${commit.revision} ${type} ${kv.key}${isTold(kv.key) ? ` ${kv.value.slice(0, 300)}` : ''}`,
        );
      }
    },
    onLeaseEnd(lease: LeaseId) {
      say(`lease ${lease} ends`);
      judge.leaseEnded(lease);
    },
  });

  const lookAtLeases = (): void => {
    model.expire();
    world.after(random.between(1, LEASE_LOOK), lookAtLeases);
  };
  lookAtLeases();

  const ttlSeconds = random.pick([5, 5, 10]);
  const slots = random.pick([8, 64]);
  const workers = new Map<string, SimWorker>();
  const startWorker = (name: string): void => {
    say(`${name} starts`);
    workers.set(
      name,
      startSimWorker({
        world,
        model,
        keys,
        name,
        ttlSeconds,
        slots,
        marks: judge,
        say,
        isTraced: trace,
        tamper: tamper.worker ?? {},
        fences: tamper.fences ?? true,
      }),
    );
  };
  const names = Array.from({ length: random.int(2, 4) }, (_, i) => `w${i}`);
  for (const name of names) startWorker(name);
  const jobs = ['a', 'b', 'c', 'allow-d', 'e'].slice(0, random.int(2, 5));
  const people = startPeople({ world, model, keys, judge, ledger, jobs, say, tamper: tamper.master ?? {} });
  const nemesis = createNemesis({
    world,
    model,
    ttlMs: ttlSeconds * 1_000,
    workers: () => [...workers.values()].filter(({ process }) => process.isAlive),
    masterLink: people.link,
    restart: startWorker,
    say,
  });

  const chaosEnds = CALM + random.between(20_000, 60_000);
  const again = (pause: [Millis, Millis], act: () => void): void =>
    world.after(random.between(...pause), () => {
      if (world.now > chaosEnds) return;
      act();
      again(pause, act);
    });

  try {
    for (const job of jobs) people.create(job);
    await world.runUntil(CALM);
    again([200, random.pick([1_500, 6_000])], () => nemesis.strike());
    again([100, random.pick([1_000, 5_000])], () => people.act());
    await world.runUntil(chaosEnds);
    nemesis.mendAll();
    await world.runUntil(world.now + 12_000);
    people.resumeAll();
    await world.runUntil(world.now + SETTLE);
    audit(ledger, judge, world.now);
    if (trace) for (const worker of workers.values()) for (const job of jobs) say(worker.describe(job));
  } finally {
    world.end();
  }
  return {
    seed,
    violations: judge.violations,
    trace: lines,
    events: world.events,
    starts: judge.starts.size,
    records: ledger.records.size,
    fingerprint: `${model.revision}-${(hash >>> 0).toString(16)}`,
  };
}

/** Values that say what was decided. */
const isTold = (key: string): boolean => /^\/cron\/(cursor|lock|runs|jobs|trigger|kill)\//.test(key);
