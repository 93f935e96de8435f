// One simulation from its seed to its verdict. The same seed gives the same history, event by event.
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { keyspace } from '../../../src/common/store/keyspace.ts';
import type { LeaseId } from '../../../src/common/store/etcd.ts';
import type { Millis } from '../../../src/common/model/time.ts';
import { createEtcdModel } from '../model/etcd.ts';
import { audit } from './audit.ts';
import { judgeBounds } from './bounds.ts';
import { createCoverage, type Counts } from './coverage.ts';
import { LABELS } from './definitions.ts';
import { createJudge, type Violation } from './judge.ts';
import { createLedger } from './ledger.ts';
import { startSimMaster, type SimMaster } from './master.ts';
import { createNemesis } from './nemesis.ts';
import { startSimEtcd, type Tamper } from './network.ts';
import { watchPaths } from './paths.ts';
import { startPeople } from './people.ts';
import { compareWithReader } from './reader.ts';
import { startSimWorker, type SimWorker } from './worker.ts';
import { createWorld } from './world.ts';

export interface SimulationOptions {
  readonly seed: number;
  /** Keeps every line of what happens. */
  readonly trace?: boolean;
  /** Takes protections out of the workers, or of the masters. */
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
  /** What happened, and how often. */
  readonly counts: Counts;
}

const PREFIX = '/cron/';
const CALM: Millis = 3_000;
/** From the mending until jobs are resumed, and from there to the verdict. */
const RECOVER: Millis = 12_000;
const SETTLE: Millis = 60_000;
/** etcd looks for leases whose time is up about that often. */
const LEASE_LOOK: Millis = 500;
const MASTERS = ['m0', 'm1'];
const GUESTS = ['w4', 'w5'];

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
  const coverage = createCoverage();
  const compiler = createScheduleCompiler();
  const ledger = createLedger(PREFIX, now);
  const judge = createJudge(ledger, now, say);
  const ambushes = random.pick([0, 0.005, 0.02]);
  const workers = new Map<string, SimWorker>();
  const paths = watchPaths({
    prefix: PREFIX,
    ledger,
    now,
    coverage,
    moment(workerId, what) {
      if (ambushes === 0 || !random.chance(ambushes)) return;
      const worker = [...workers.values()].find((each) => each.workerId === workerId);
      const lease = model.range({ key: keys.worker(workerId) }).kvs[0]?.lease;
      if (worker) nemesis.ambush(worker, what, lease === undefined ? undefined : model.expiryOf(lease));
    },
  });
  let hash = 0;
  const model = createEtcdModel({
    now,
    onCommit(commit) {
      paths.take(commit);
      ledger.take(commit);
      for (const { type, kv } of commit.events) {
        const time = Math.round(world.now * 1_000);
        hash = (Math.imul(hash, 31) + kv.value.length + kv.key.length + commit.revision + time) | 0;
        if (trace)
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
  const etcd = startSimEtcd(model, coverage);

  const lookAtLeases = (): void => {
    if (!etcd.isAway && model.expire().length > 0) coverage.hit('etcd: a lease ends by itself');
    world.after(random.between(1, LEASE_LOOK), lookAtLeases);
  };
  lookAtLeases();

  const ttlSeconds = random.pick([5, 5, 10]);
  const slots = random.pick([3, 8, 64]);
  const deaths: { readonly name: string; readonly at: Millis }[] = [];
  const saysLogs = trace ? say : undefined;
  const startWorker = (name: string): void => {
    say(`${name} starts`);
    const worker = startSimWorker({
      world,
      etcd,
      keys,
      name,
      labels: LABELS[Number(name.slice(1)) % LABELS.length]!,
      ttlSeconds,
      slots,
      marks: judge,
      coverage,
      say: saysLogs,
      tamper: tamper.worker ?? {},
      fences: tamper.fences ?? true,
    });
    worker.process.onKill(() => deaths.push({ name, at: world.now }));
    workers.set(name, worker);
  };
  const masters = new Map<string, SimMaster>();
  const startMaster = (name: string): void => {
    say(`${name} starts`);
    const master = startSimMaster({
      world,
      etcd,
      keys,
      name,
      coverage,
      say: saysLogs,
      tamper: tamper.master ?? {},
      compiler,
    });
    masters.set(name, master);
  };
  const mastersNow = (): SimMaster[] => [...masters.values()].filter(({ process }) => process.isAlive);

  const names = Array.from({ length: random.int(2, 4) }, (_, i) => `w${i}`);
  for (const name of names) startWorker(name);
  for (const name of MASTERS.slice(0, random.int(1, 2))) startMaster(name);
  const jobs = ['a', 'b', 'c', 'd', 'e'].slice(0, random.int(2, 5));
  const people = startPeople({ world, masters: mastersNow, judge, ledger, jobs, coverage, say });
  const nemesis = createNemesis({
    world,
    etcd,
    ttlMs: ttlSeconds * 1_000,
    workers: () => [...workers.values()].filter(({ process }) => process.isAlive),
    masters: mastersNow,
    restart: startWorker,
    restartMaster: startMaster,
    guests: GUESTS,
    stepsClocks: random.chance(0.6),
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
    world.after(500, () => jobs.forEach((job) => people.create(job)));
    await world.runUntil(CALM);
    again([200, random.pick([1_500, 6_000])], () => nemesis.strike());
    again([100, random.pick([1_000, 5_000])], () => people.act());
    await world.runUntil(chaosEnds);
    nemesis.mendAll();
    await world.runUntil(world.now + RECOVER);
    people.resumeAll();
    await world.runUntil(world.now + SETTLE);
    const lives = audit({
      ledger,
      judge,
      now: world.now,
      compiler,
      wasKilled: (name, from, to) =>
        deaths.some((each) => each.name === name && each.at >= from && each.at <= to),
    });
    judgeBounds(model, PREFIX, ledger, judge);
    const comparing = compareWithReader(mastersNow()[0]!, { ledger, judge, lives, coverage });
    const comparison = { isOver: false };
    const told = comparing.finally(() => (comparison.isOver = true));
    told.catch(() => undefined);
    while (!comparison.isOver) await world.runUntil(world.now + 50);
    await told;
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
    counts: coverage.counts,
  };
}

/** Values that say what was decided. */
const isTold = (key: string): boolean => /^\/cron\/(cursor|lock|runs|jobs|trigger|kill|drain)\//.test(key);
