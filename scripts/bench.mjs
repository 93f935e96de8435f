// npm run bench: measures. All scenarios, shortened to less than half an hour together; or those named, in full:
// npm run bench -- herd ticks. ETCRON_BENCH_SIZE=smoke|short|full says otherwise.
// A scenario is a module bench/<name>.ts that exports run(): Promise<result>; the result, any JSON, is kept
// in bench/results/<name>.json with the machine, the version and the settings. Each runs in a process of its own.
import { fork } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildBenchmarks, built, installDependencies, root } from './install.mjs';
import { benchSettings, describeMachine } from './machine.mjs';

/** What takes the least of the machine first; what is not named here comes last. */
const ORDER = [
  'ticks',
  'claims',
  'spawn',
  'idle',
  'register',
  'api',
  'herd',
  'steady',
  'dkron',
  'cost',
  'failover',
  'leader',
  'skew',
  'search',
  'page',
  'load',
];
/** `ETCRON_BENCH_RESULTS` says where else. */
const results = process.env.ETCRON_BENCH_RESULTS ?? join(root, 'bench', 'results');
/** The process of the scenario that is on. */
let running;

if (process.send) await measure(process.argv[2]);
else process.exit(await main(process.argv.slice(2)));

/** In the scenario's own process. */
async function measure(name) {
  const scenario = await import(pathToFileURL(join(root, 'dist-bench', 'bench', `${name}.js`)).href);
  const result = await scenario.run();
  process.send({ result: result ?? null }, () => process.exit(0));
}

async function main(asked) {
  await installDependencies();
  const names = readdirSync(join(root, 'bench'))
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'))
    .map((file) => file.slice(0, -3))
    .sort((a, b) => placeOf(a) - placeOf(b));
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0 || names.length === 0) {
    console.error(
      `no such scenario: ${unknown.join(', ') || '(there is none)'}; there are: ${names.join(', ')}`,
    );
    return 2;
  }
  await buildBenchmarks();

  process.env.ETCRON_BENCH_SIZE ??= asked.length > 0 ? 'full' : 'short';
  const settings = benchSettings();
  const { findEtcd, systemEtcdSources } = await built('cli/etcd-binary.js');
  const etcd = await findEtcd(systemEtcdSources((line) => console.error(line)));
  const machine = describeMachine(etcd.version);
  for (const [key, value] of Object.entries(machine)) console.log(`${key.padEnd(10)} ${value}`);

  mkdirSync(results, { recursive: true });
  let failed = 0;
  let signalled = false;
  // The scenario is told, and we wait until all that it started is gone.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      signalled = true;
      running?.kill(signal);
    });
  }
  for (const name of asked.length > 0 ? asked : names) {
    if (signalled) return 130;
    // What else the machine is busy with is in the figures, too.
    const load = Number(loadavg()[0].toFixed(2));
    console.log(`\n== ${name} (load before it: ${load})`);
    const at = new Date().toISOString();
    const outcome = await runScenario(name, { ...process.env, ETCRON_ETCD_BIN: etcd.path });
    if (outcome === undefined) {
      failed++;
      console.error(`${name} failed`);
      continue;
    }
    const seconds = Math.round((Date.now() - Date.parse(at)) / 1000);
    const record = { scenario: name, at, seconds, loadBefore: load, machine, settings, result: outcome };
    writeFileSync(join(results, `${name}.json`), `${JSON.stringify(record, null, 2)}\n`);
  }
  console.log(`\nin full: ${results}`);
  return signalled ? 130 : failed === 0 ? 0 : 1;
}

function runScenario(name, env) {
  return new Promise((resolve) => {
    let result;
    const child = fork(fileURLToPath(import.meta.url), [name], { env, execArgv: ['--expose-gc'] });
    running = child;
    child.on('message', (message) => {
      result = message.result;
    });
    child.once('exit', (code) => resolve(code === 0 ? result : undefined));
  });
}

function placeOf(name) {
  const place = ORDER.indexOf(name);
  return place === -1 ? ORDER.length : place;
}
