// What goes wrong: one fault after the other, drawn by the seed, each mended after a while of its own, so that
// many are on at once. At the end everything is mended.
import type { Millis } from '../../../src/common/model/time.ts';
import type { EtcdModel } from '../model/etcd.ts';
import { goodLink, type Link } from './network.ts';
import type { SimWorker } from './worker.ts';
import type { World } from './world.ts';

export interface Nemesis {
  strike(): void;
  mendAll(): void;
}

export interface NemesisOptions {
  readonly world: World;
  readonly model: EtcdModel;
  readonly ttlMs: Millis;
  /** Those that live now. */
  readonly workers: () => SimWorker[];
  readonly masterLink: Link;
  /** Starts a new process under the name. */
  readonly restart: (name: string) => void;
  readonly say: (line: string) => void;
}

export function createNemesis(options: NemesisOptions): Nemesis {
  const { world, model, ttlMs, workers, say, restart } = options;
  const { random } = world;
  const mends = new Set<() => void>();
  /** Names of workers that are stopping or gone. */
  const away = new Set<string>();

  const forAWhile = (delay: Millis, mend: () => void): void => {
    const once = (): void => {
      if (mends.delete(once)) mend();
    };
    mends.add(once);
    world.after(delay, once);
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
    say(`nemesis: ${worker.name} is killed for ${Math.round(delay)} ms`);
    worker.process.kill();
    comeBack(worker.name, delay);
  };

  const stop = (worker: SimWorker): void => {
    say(`nemesis: ${worker.name} is stopped`);
    away.add(worker.name);
    void worker.stop().then(() => {
      say(`${worker.name} has stopped`);
      comeBack(worker.name, random.between(10, 4_000));
    });
  };

  const freeze = (worker: SimWorker): void => {
    const delay = random.pick([
      random.between(50, 1_500),
      random.between(0.7, 1.3) * ttlMs,
      random.between(1, 3) * ttlMs,
    ]);
    say(`nemesis: ${worker.name} is frozen for ${Math.round(delay)} ms`);
    worker.process.freeze();
    forAWhile(delay, () => {
      say(`nemesis: ${worker.name} goes on`);
      worker.process.thaw();
    });
  };

  const spoil = (name: string, link: Link): void => {
    const delay = random.pick([random.between(100, 1_500), random.between(0.5, 2.5) * ttlMs]);
    const how = random.pick(['cut', 'out', 'in', 'lossy', 'slow', 'stragglers'] as const);
    say(`nemesis: the way of ${name} to etcd: ${how}, for ${Math.round(delay)} ms`);
    if (how === 'cut') link.cut = { out: true, in: true };
    else if (how === 'out' || how === 'in') link.cut = { ...link.cut, [how]: true };
    else if (how === 'lossy') link.loss = random.between(0.02, 0.3);
    else if (how === 'slow') link.delay = random.between(50, 1_500);
    else link.straggle = random.between(0.05, 0.4);
    forAWhile(delay, () => {
      say(`nemesis: the way of ${name} is mended`);
      Object.assign(link, goodLink());
    });
  };

  const stepClock = ({ process, name }: SimWorker): void => {
    const by = random.pick([random.between(-400, 400), random.between(-3_000, 3_000)]);
    say(`nemesis: the clock of ${name} steps by ${Math.round(by)} ms`);
    process.stepClock(by);
    forAWhile(random.between(500, 12_000), () => process.stepClock(-by));
  };

  const strike = (): void => {
    const up = workers().filter(({ name, process }) => !away.has(name) && !process.isFrozen);
    const draw = random.next();
    if (draw < 0.08) {
      const at = model.revision - random.int(0, 40);
      if (at > model.compactRevision) model.compact(at);
      say(`nemesis: compacted to ${at}`);
    } else if (draw < 0.14) {
      for (const { name, link } of up) spoil(name, link);
    } else if (draw < 0.2) spoil('the master', options.masterLink);
    else if (up.length > 0) {
      const worker = random.pick(up);
      if (draw < 0.36) crash(worker);
      else if (draw < 0.42) stop(worker);
      else if (draw < 0.58) freeze(worker);
      else if (draw < 0.84) spoil(worker.name, worker.link);
      else if (draw < 0.95) stepClock(worker);
      else {
        say(`nemesis: the runner of ${worker.name} dies`);
        worker.runner.crash();
      }
    }
  };

  return {
    strike,
    mendAll() {
      say('nemesis: everything is mended');
      for (const mend of mends) mend();
    },
  };
}
