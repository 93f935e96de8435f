// npm run bench:peers: the herd on other schedulers and on etcron, in turn, on the same machine, in one table. All of
// them, or those named: npm run bench:peers -- bullmq croner. Sizes are set as those of npm run bench are.
// What a peer needs lies in this directory: its package, and a module with register() and work().
import { fork, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildBenchmarks, installDependencies, root } from '../../scripts/install.mjs';
import { describe, provide, startPostgres, startRedis } from './servers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const MINUTE_MS = 60_000;
/** From the workers' being ready to the first tick. */
const LEAD_MS = 3_000;

const VARIANTS = [
  { peer: 'bullmq', name: 'BullMQ job schedulers, Redis as it comes', fsync: 'default' },
  { peer: 'bullmq', name: 'BullMQ job schedulers, Redis with fsync always', fsync: 'always' },
  { peer: 'graphile-worker', name: 'graphile-worker crontab' },
  { peer: 'croner', name: 'croner' },
  { peer: 'node-cron', name: 'node-cron' },
];

await installDependencies();
installPeers();
await buildBenchmarks();
const support = (name) => import(pathToFileURL(join(root, 'dist-bench/bench/support', `${name}.js`)).href);
const { withScope } = await support('scope');
const { median, printTable, spreadOf } = await support('figures');
const { numberOf, numbersOf, sized } = await support('size');
const { herd } = await support('herd');
process.exit(await main(process.argv.slice(2)));

function installPeers() {
  const changed = (file) => (existsSync(file) ? statSync(file).mtimeMs : -1);
  const installed = join(here, 'node_modules', '.package-lock.json');
  if (changed(installed) >= changed(join(here, 'package.json'))) return;
  console.error('installing the peers');
  const { status } = spawnSync(
    'npm',
    ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'],
    {
      cwd: here,
      stdio: 'inherit',
    },
  );
  if (status !== 0) process.exit(status ?? 1);
}

async function main(asked) {
  const known = [...new Set(VARIANTS.map(({ peer }) => peer))];
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    console.error(`no such peer: ${unknown.join(', ')}; there are: ${known.join(', ')}`);
    return 2;
  }
  process.env.ETCRON_BENCH_SIZE ??= 'full';
  const variants = VARIANTS.filter(({ peer }) => asked.length === 0 || asked.includes(peer));
  const sizes = numbersOf('HERD', sized({ smoke: [20], short: [1_000, 10_000], full: [1_000, 10_000] }));
  const counts = numbersOf('WORKERS', sized({ smoke: [1], short: [3], full: [1, 3] }));
  const rounds = numberOf('ROUNDS', sized({ smoke: 1, short: 2, full: 4 }));
  const results = [];
  const servers = new Map();
  let failed = 0;
  for (const jobs of sizes) {
    for (const workers of counts) {
      const ours = await herd({ jobs, workers, kind: 'handler', rounds });
      results.push({ name: 'etcron', settings: '', jobs, workers, cold: ours.cold, warm: ours.warm });
      for (const variant of variants) {
        const { needs, settings } = await import(`./${variant.peer}.mjs`);
        // In one process they are alone, and beside one worker.
        if (needs === undefined && workers !== counts[0]) continue;
        const load = { jobs, workers: needs === undefined ? 1 : workers, rounds };
        try {
          results.push({ name: variant.name, settings, ...(await peerHerd(variant, needs, load)) });
          if (needs !== undefined) servers.set(needs, describe[needs]());
          printTable([lineOf(results.at(-1), results)]);
        } catch (error) {
          failed++;
          console.error(`${variant.name} failed:`, error);
        }
      }
    }
  }
  printTable(results.map((result) => lineOf(result, results)));
  for (const { name, settings } of new Map(results.map((each) => [each.name, each])).values()) {
    if (settings !== '') console.log(`${name}: ${settings}`);
  }
  for (const text of servers.values()) console.log(text);
  const dir = process.env.ETCRON_BENCH_RESULTS ?? join(root, 'bench', 'results');
  mkdirSync(dir, { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(here, 'package.json'), 'utf8'));
  const machine = { cpu: cpus()[0]?.model, cores: availableParallelism(), node: process.version };
  const record = {
    scenario: 'peers',
    at: new Date().toISOString(),
    loadAfter: loadavg()[0],
    machine,
    settings: Object.fromEntries(
      Object.entries(process.env).filter(([name]) => name.startsWith('ETCRON_BENCH_')),
    ),
    dependencies,
    servers: Object.fromEntries(servers),
    results,
  };
  writeFileSync(join(dir, 'peers.json'), `${JSON.stringify(record, null, 2)}\n`);
  return failed === 0 ? 0 : 1;
}

/** The herd at full minutes, since not all of them know seconds. */
function peerHerd({ peer, fsync }, needs, { jobs, workers: count, rounds }) {
  return withScope(async (scope) => {
    if (needs !== undefined) provide(needs);
    const start = { redis: () => startRedis(scope, fsync), postgres: () => startPostgres(scope) }[needs];
    const url = await start?.();
    const { register } = await import(`./${peer}.mjs`);
    const since = performance.now();
    await register({ url, jobs });
    const registerMs = Math.round(performance.now() - since);
    const workers = await Promise.all(
      Array.from({ length: count }, () => startWorker(scope, { peer, url, jobs })),
    );
    const first = Math.ceil((Date.now() + LEAD_MS) / MINUTE_MS) * MINUTE_MS;
    const measured = Array.from({ length: rounds }, (_, i) => newRound(first + i * MINUTE_MS));
    const patience = measured.at(-1).tick + sized({ smoke: 20, short: 120, full: 300 }) * 1_000;
    const isOver = () => measured.every(({ started, ends }) => started.size >= jobs && ends >= jobs);
    await wait(first - Date.now());
    while (!isOver() && Date.now() < patience) {
      // Asked seldom: the answers are work for the workers.
      await wait(2_000);
      for (const worker of workers) note(measured, await worker.take());
    }
    const figures = measured.map(({ tick, lags, started, twice, lastEnd }) => ({
      ...spreadOf(lags),
      done: lastEnd - tick,
      twice,
      missing: jobs - started.size,
    }));
    const of = (some) => ({
      p50Ms: median(some.map(({ p50 }) => p50)),
      p99Ms: median(some.map(({ p99 }) => p99)),
      maxMs: median(some.map(({ max }) => max)),
      lastRecordedMs: median(some.map(({ done }) => done)),
      twice: some.reduce((sum, { twice }) => sum + twice, 0),
      missing: some.reduce((sum, { missing }) => sum + missing, 0),
    });
    return { jobs, workers: count, registerMs, cold: of(figures.slice(0, 1)), warm: of(figures.slice(1)) };
  });
}

function newRound(tick) {
  return { tick, started: new Set(), twice: 0, lags: [], ends: 0, lastEnd: Number.NaN };
}

function note(measured, { jobs, ticks, at, ends, endTicks }) {
  const roundOf = new Map(measured.map((round) => [round.tick, round]));
  for (const [i, job] of jobs.entries()) {
    const round = roundOf.get(ticks[i]);
    if (!round) continue;
    if (round.started.has(job)) round.twice++;
    round.started.add(job);
    round.lags.push(at[i] - round.tick);
  }
  for (const [i, end] of ends.entries()) {
    const round = roundOf.get(endTicks[i]);
    if (!round) continue;
    round.ends++;
    if (!(round.lastEnd > end)) round.lastEnd = end;
  }
}

async function startWorker(scope, options) {
  const child = fork(join(here, 'worker.mjs'), [JSON.stringify(options)]);
  const gone = new Promise((resolve) => child.once('exit', resolve));
  scope.onClose(async () => {
    child.kill('SIGKILL');
    await gone;
  });
  const answer = () =>
    new Promise((resolve, reject) => {
      child.once('message', resolve);
      void gone.then(() => reject(new Error(`a worker of ${options.peer} ended`)));
    });
  await answer();
  return {
    take() {
      const answered = answer();
      child.send('take');
      return answered;
    },
  };
}

/** Warm rounds where there are any, beside etcron's with as many workers, or with what it was measured with. */
function lineOf(result, results) {
  const { name, jobs, workers, registerMs } = result;
  const best = (each) => (Number.isNaN(each.warm.p99Ms) ? each.cold : each.warm);
  const figures = best(result);
  const own = results.filter((each) => each.name === 'etcron' && each.jobs === jobs);
  const ours = own.find((each) => each.workers === workers) ?? own[0];
  const times = (value, own) => (ours ? `x${(value / own).toFixed(1)}` : '-');
  return {
    name,
    jobs,
    workers,
    'cold p99 ms': result.cold.p99Ms,
    'p50 ms': figures.p50Ms,
    'p99 ms': figures.p99Ms,
    'to etcron': ours ? times(figures.p99Ms, best(ours).p99Ms) : '-',
    'done ms': figures.lastRecordedMs,
    'to etcron ': ours ? times(figures.lastRecordedMs, best(ours).lastRecordedMs) : '-',
    twice: result.cold.twice + result.warm.twice,
    missing: result.cold.missing + result.warm.missing,
    'register ms': registerMs ?? '-',
  };
}
