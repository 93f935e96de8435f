// A master as the product composes it, without its http server: its intents and reads are called as its routes
// call them. Restarted, it comes back as another.
import type { ScheduleCompiler } from '../../../src/common/core/schedule.ts';
import type { Clock } from '../../../src/common/core/clock.ts';
import type { Etcd } from '../../../src/common/store/etcd.ts';
import type { Keyspace } from '../../../src/common/store/keyspace.ts';
import { composeMaster } from '../../../src/master/compose.ts';
import { workerRoutes } from '../../../src/master/http/workers.ts';
import { outcomeReader, type OutcomeReader } from '../../../src/master/reads/outcomes.ts';
import type { Comparison } from '../../../src/master/comparison.ts';
import type { Views } from '../../../src/master/views/views.ts';
import { countingLogger, type Coverage } from './coverage.ts';
import { connectSimulated, goodLink, type Link, type SimEtcd, type Tamper } from './network.ts';
import type { SimProcess, World } from './world.ts';

export interface SimMasterOptions {
  readonly world: World;
  readonly etcd: SimEtcd;
  readonly keys: Keyspace;
  readonly name: string;
  readonly coverage: Coverage;
  readonly say: ((line: string) => void) | undefined;
  readonly tamper: Tamper;
  /** Of this simulation alone: what it has compiled before decides how often it draws lots. */
  readonly compiler: ScheduleCompiler;
}

export interface SimMaster {
  readonly name: string;
  readonly process: SimProcess;
  readonly link: Link;
  /** What intents take. */
  readonly deps: {
    readonly etcd: Etcd;
    readonly keys: Keyspace;
    readonly clock: Clock;
    readonly compiler: ScheduleCompiler;
  };
  readonly views: Views;
  readonly comparison: Comparison;
  readonly outcomes: OutcomeReader;
  readonly workers: ReturnType<typeof workerRoutes>;
}

/** Small enough that histories are cut for want of space in some seeds. */
export const QUOTA_BYTES = 2_000_000;
const TIMING = { roundEvery: 10_000, pace: 50, leftoverAge: 15_000 };
export function startSimMaster(options: SimMasterOptions): SimMaster {
  const { world, keys, name, coverage, say } = options;
  const process = world.startProcess(name);
  const link = goodLink();
  const etcd = connectSimulated(world, process, options.etcd, link, options.tamper);
  const logger = countingLogger(name, coverage, say);
  const master = composeMaster({ etcd, keys, clock: process.clock, logger });
  const id = `${name}-${world.random.hex(6)}`;
  master.join(
    { id, host: 'simulated', pid: 1, version: '0.0.0', http: 'http://simulated' },
    { quotaBytes: QUOTA_BYTES, timing: TIMING },
  );
  const { views, comparison } = master;
  const deps = { etcd, keys, clock: master.clocks.clock, compiler: options.compiler };
  return {
    name,
    process,
    link,
    deps,
    views,
    comparison,
    outcomes: outcomeReader({ ...deps, views }),
    workers: workerRoutes({ ...deps, clockOffsetOf: () => null }),
  };
}
