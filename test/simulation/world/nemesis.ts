// What goes wrong: one fault after the other, drawn by the seed, each mended after a while of its own, so that
// many are on at once; and some at the very moment that is worst (ambush.ts asks for these). At the end everything
// is mended.
import type { Millis } from '../../../src/common/model/time.ts';
import type { Coverage } from './coverage.ts';
import type { SimMaster } from './master.ts';
import { breakStreams, goodLink, type Link, type SimEtcd } from './network.ts';
import type { SimWorker } from './worker.ts';
import type { World } from './world.ts';

export interface Nemesis {
  strike(): void;
  /** Does something to this worker, now or in a moment. `leaseEnd`: when its lease ends, if it is known. */
  ambush(worker: SimWorker, moment: string, leaseEnd: Millis | undefined): void;
  mendAll(): void;
}

export interface NemesisOptions {
  readonly world: World;
  readonly etcd: SimEtcd;
  readonly ttlMs: Millis;
  /** Those that live now. */
  readonly workers: () => SimWorker[];
  readonly masters: () => SimMaster[];
  /** Starts a new process under the name. */
  readonly restart: (name: string) => void;
  readonly restartMaster: (name: string) => void;
  /** Names of workers that may join. */
  readonly guests: readonly string[];
  readonly stepsClocks: boolean;
  readonly say: (line: string) => void;
}

export function createNemesis(options: NemesisOptions): Nemesis {
  const { world, etcd, ttlMs, workers, restart, stepsClocks } = options;
  const { model } = etcd;
  const { random } = world;
  const { hit }: Coverage = etcd.coverage;
  const mends = new Set<() => void>();
  /** Names of workers that are stopping or gone. */
  const away = new Set<string>();
  let isMended = false;

  const say = (line: string): void => options.say(`nemesis: ${line}`);

  const forAWhile = (delay: Millis, mend: () => void): void => {
    const once = (): void => {
      if (mends.delete(once)) mend();
    };
    mends.add(once);
    world.after(delay, once);
    // Whoever was asked to stop before may have stopped after it.
    if (isMended) once();
  };

  const comeBack = (name: string, delay: Millis): void => {
    away.add(name);
    forAWhile(delay, () => {
      away.delete(name);
      restart(name);
    });
  };

  const crash = (worker: SimWorker): void => {
    const delay = random.pick([50, 1_000, random.between(2_000, 15_000)]);
    hit('fault: worker killed');
    say(`${worker.name} is killed for ${Math.round(delay)} ms`);
    worker.process.kill();
    comeBack(worker.name, delay);
  };

  const stop = (worker: SimWorker): void => {
    hit('fault: worker stopped');
    say(`${worker.name} is stopped`);
    away.add(worker.name);
    void worker.stop().then(() => {
      options.say(`${worker.name} has stopped`);
      comeBack(worker.name, random.between(10, 4_000));
    });
  };

  const freezeFor = (worker: SimWorker, delay: Millis): void => {
    say(`${worker.name} is frozen for ${Math.round(delay)} ms`);
    worker.process.freeze();
    forAWhile(delay, () => {
      say(`${worker.name} goes on`);
      worker.process.thaw();
    });
  };

  const freeze = (worker: SimWorker): void => {
    const [what, delay] = random.pick([
      ['shortly', random.between(50, 1_500)],
      ['about its TTL', random.between(0.7, 1.3) * ttlMs],
      ['beyond its TTL', random.between(1, 3) * ttlMs],
    ] as const);
    hit(`fault: worker frozen, ${what}`);
    freezeFor(worker, delay);
  };

  const spoil = (
    name: string,
    link: Link,
    how = random.pick(['cut', 'out', 'in', 'lossy', 'slow', 'stragglers'] as const),
  ): void => {
    const delay = random.pick([random.between(100, 1_500), random.between(0.5, 2.5) * ttlMs]);
    hit(`fault: way to etcd, ${how}`);
    say(`the way of ${name} to etcd: ${how}, for ${Math.round(delay)} ms`);
    if (how === 'cut') link.cut = { out: true, in: true };
    else if (how === 'out' || how === 'in') link.cut = { ...link.cut, [how]: true };
    else if (how === 'lossy') link.loss = random.between(0.02, 0.3);
    else if (how === 'slow') link.delay = random.between(50, 1_500);
    else link.straggle = random.between(0.05, 0.4);
    forAWhile(delay, () => {
      say(`the way of ${name} is mended`);
      Object.assign(link, goodLink());
    });
  };

  const stepClock = ({ process, name }: SimWorker): void => {
    const by = random.pick([random.between(-400, 400), random.between(-3_000, 3_000)]);
    hit(`fault: clock set ${by < 0 ? 'back' : 'forward'}`);
    say(`the clock of ${name} steps by ${Math.round(by)} ms`);
    process.stepClock(by);
    forAWhile(random.between(500, 12_000), () => process.stepClock(-by));
  };

  const compact = (): void => {
    const at = model.revision - random.int(0, 40);
    if (at <= model.compactRevision) return;
    model.compact(at);
    hit('fault: compaction');
    say(`compacted to ${at}`);
  };

  /** Every connection breaks; when it is back, all leases have their whole time again. */
  const restartEtcd = (): void => {
    const delay = random.pick([random.between(5, 300), random.between(500, 4_000)]);
    hit('fault: etcd restarts, or has a new leader');
    say(`etcd is away for ${Math.round(delay)} ms`);
    etcd.isAway = true;
    if (random.chance(0.7)) breakStreams(etcd);
    forAWhile(delay, () => {
      model.promote(random.between(0, 1_000));
      etcd.isAway = false;
      say('etcd is back');
    });
  };

  const fillEtcd = (): void => {
    if (model.noSpace) return;
    const delay = random.pick([random.between(200, 2_000), random.between(2_000, 15_000)]);
    hit('fault: etcd is full');
    say(`etcd is full for ${Math.round(delay)} ms`);
    model.noSpace = true;
    forAWhile(delay, () => {
      say('etcd has room again');
      model.noSpace = false;
    });
  };

  const joinOrLeave = (): void => {
    const name = random.pick(options.guests);
    const there = workers().find((each) => each.name === name);
    if (away.has(name)) return;
    if (!there) {
      hit('fault: a worker joins');
      return restart(name);
    }
    hit('fault: a worker leaves for good');
    say(`${name} leaves`);
    away.add(name);
    void there.stop().then(() => away.delete(name));
  };

  const killMaster = (): void => {
    const masters = options.masters();
    if (masters.length === 0) return;
    const { name, process } = random.pick(masters);
    const delay = random.between(50, 12_000);
    hit('fault: master killed');
    say(`${name} is killed for ${Math.round(delay)} ms`);
    process.kill();
    forAWhile(delay, () => options.restartMaster(name));
  };

  const strikeWorker = (worker: SimWorker): void => {
    const draw = random.next();
    if (draw < 0.2) crash(worker);
    else if (draw < 0.28) stop(worker);
    else if (draw < 0.48) freeze(worker);
    else if (draw < 0.8) spoil(worker.name, worker.link);
    else if (draw < 0.94) {
      if (stepsClocks) stepClock(worker);
    } else {
      hit('fault: runner dies');
      say(`the runner of ${worker.name} dies`);
      worker.runner.crash();
    }
  };

  const isUp = ({ name, process }: SimWorker): boolean =>
    process.isAlive && !process.isFrozen && !away.has(name);

  const strike = (): void => {
    const up = workers().filter(isUp);
    const masters = options.masters();
    const draw = random.next();
    if (draw < 0.07) compact();
    else if (draw < 0.1) {
      const how = random.pick(['cut', 'in', 'lossy', 'slow'] as const);
      hit('fault: all are cut off at once');
      for (const { name, link } of up) spoil(name, link, how);
    } else if (draw < 0.15) restartEtcd();
    else if (draw < 0.18) fillEtcd();
    else if (draw < 0.23) joinOrLeave();
    else if (draw < 0.26) killMaster();
    else if (draw < 0.31 && masters.length > 0) {
      const { name, link } = random.pick(masters);
      spoil(name, link);
    } else if (up.length > 0) strikeWorker(random.pick(up));
  };

  const ambush = (worker: SimWorker, moment: string, leaseEnd: Millis | undefined): void => {
    if (isMended || !isUp(worker)) return;
    const how = random.pick(['killed', 'cut off', 'deaf', 'frozen'] as const);
    // Now, or in the middle of what follows.
    world.after(random.pick([0, random.between(0, 5), random.between(0, 400)]), () => {
      if (isMended || !isUp(worker)) return;
      hit(`ambush: ${how} ${moment}`);
      say(`ambush: ${worker.name} ${how} ${moment}`);
      if (how === 'killed') crash(worker);
      else if (how === 'cut off') spoil(worker.name, worker.link, 'cut');
      else if (how === 'deaf') spoil(worker.name, worker.link, 'in');
      else {
        // To wake right when its lease ends, or its fence has passed.
        const end = leaseEnd === undefined ? ttlMs : leaseEnd - world.now;
        freezeFor(worker, Math.max(1, end + random.between(-0.25, 0.1) * ttlMs));
      }
    });
  };

  return {
    strike,
    ambush,
    mendAll() {
      say('everything is mended');
      isMended = true;
      for (const mend of mends) mend();
    },
  };
}
