// One real worker in a process of its own, as `etcron worker` composes it, with a handler that notes when it
// was started. Ends with its parent.
import { writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { argv, exit } from 'node:process';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { pino } from 'pino';
import { systemClock } from '../../src/common/runtime/clock.ts';
import { start } from '../../src/worker/main.ts';
import type { HandlerContext } from '../../src/worker/tasks/handler.ts';
import {
  newStarts,
  NOOP,
  PAUSE,
  type FromWorker,
  type ToWorker,
  type WindowReport,
  type WorkerProcessOptions,
} from './worker-protocol.ts';

const LOOP_SAMPLING_MS = 5;
/** Of tasks under way, when the worker is asked to stop. */
const GRACE_MS = 1_000;

const options = JSON.parse(argv[2]!) as WorkerProcessOptions;
const tell = (message: FromWorker): void => {
  if (process.connected) process.send!(message);
};

let starts = newStarts();
const loop = monitorEventLoopDelay({ resolution: LOOP_SAMPLING_MS });
let cpu = process.cpuUsage();
let wall = performance.now();
let profiler: Session | undefined;
let windows = 0;

const takeStarts = (): typeof starts => {
  const taken = starts;
  starts = newStarts();
  return taken;
};

const begin = async (): Promise<void> => {
  if (options.profileDir !== undefined) {
    profiler = new Session();
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.setSamplingInterval', { interval: 200 });
    await profiler.post('Profiler.start');
  }
  loop.reset();
  loop.enable();
  cpu = process.cpuUsage();
  wall = performance.now();
};

const end = async (): Promise<void> => {
  const { user, system } = process.cpuUsage(cpu);
  loop.disable();
  const beyond = (ns: number): number => Math.max(0, ns / 1e6 - LOOP_SAMPLING_MS);
  const report: WindowReport = {
    starts: takeStarts(),
    loopP50Ms: beyond(loop.percentile(50)),
    loopP99Ms: beyond(loop.percentile(99)),
    loopMaxMs: beyond(loop.max),
    cpuMs: (user + system) / 1_000,
    wallMs: performance.now() - wall,
  };
  if (profiler && options.profileDir !== undefined) {
    const { profile } = await profiler.post('Profiler.stop');
    const file = join(options.profileDir, `${options.name}-${++windows}.cpuprofile`);
    writeFileSync(file, JSON.stringify(profile));
    profiler.disconnect();
    profiler = undefined;
  }
  tell({ type: 'report', report });
};

const noop = ({ job, scheduledFor }: { job: string; scheduledFor: Date }): void => {
  const at = Date.now();
  if (options.tellsStarts) return tell({ type: 'started', job, tick: scheduledFor.getTime(), at });
  starts.jobs.push(job);
  starts.ticks.push(scheduledFor.getTime());
  starts.at.push(at);
};

/** One that is soon over costs no signal. */
const paused = (context: HandlerContext): Promise<void> => {
  noop(context);
  const ms = Number(context.payload);
  return ms < GRACE_MS ? pause(ms) : pause(ms, undefined, { signal: context.signal });
};

// Ctrl-C goes to the whole group: the scenario decides when its workers end.
process.on('SIGINT', () => undefined);
process.once('disconnect', () => exit(1));
// Its parent may be gone while this was loaded.
if (!process.connected) exit(1);
if (options.measuresFromStart) await begin();

const worker = await start({
  config: {
    etcd: { endpoints: options.endpoints, prefix: options.prefix, timeout: 5_000 },
    log: { level: 'warn', format: 'json' },
    name: options.name,
    labels: {},
    slots: options.slots,
    ttl: options.ttlMs,
    dataDir: options.dataDir,
    spoolLimitBytes: 1024 ** 3,
    spoolAge: 86_400_000,
    listen: { host: '127.0.0.1', port: 0 },
    advertise: undefined,
    drainTimeout: GRACE_MS,
    maxClockOffset: 1_000,
  },
  logger: pino({ level: options.logLevel, name: options.name }, pino.destination({ dest: 2, sync: true })),
  clock: systemClock(),
  handlers: { [NOOP]: noop, [PAUSE]: paused },
});
process.once('SIGTERM', () => void worker.stop().then(() => exit(0)));
process.on('message', ({ type }: ToWorker) => {
  if (type === 'take') tell({ type: 'starts', starts: takeStarts() });
  else void (type === 'begin' ? begin() : end());
});
await worker.whenReady;
tell({ type: 'ready', url: worker.url, workerId: worker.workerId! });
