// npm run bench: measures. All scenarios, or those named: npm run bench -- herd ticks
// A scenario is a module bench/<name>.ts that exports run(): Promise<result>; the result, any JSON, is kept
// in bench/results/<name>.json with the machine's description. Each runs in a process of its own.
import { fork } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, statfsSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, loadavg, release, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build, built, installDependencies, root } from './install.mjs';

const FILE_SYSTEMS = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x9123683e: 'btrfs',
  0x58465342: 'xfs',
  0x794c7630: 'overlayfs',
};
const results = join(root, 'bench', 'results');
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
    .sort();
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0 || names.length === 0) {
    console.error(
      `no such scenario: ${unknown.join(', ') || '(there is none)'}; there are: ${names.join(', ')}`,
    );
    return 2;
  }
  await build();
  await build('tsconfig.bench.json', ['src', 'bench'], 'dist-bench');
  // The version is read from it, at the same distance as in the checkout.
  copyFileSync(join(root, 'package.json'), join(root, 'dist-bench', 'package.json'));

  const { findEtcd, systemEtcdSources } = await built('cli/etcd-binary.js');
  const etcd = await findEtcd(systemEtcdSources((line) => console.error(line)));
  const machine = describeMachine(etcd);
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
    const record = { scenario: name, at, loadBefore: load, machine, result: outcome };
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

function describeMachine(etcd) {
  const type = statfsSync(existsSync(tmpdir()) ? tmpdir() : root).type;
  return {
    cpu: cpus()[0]?.model ?? process.arch,
    cores: availableParallelism(),
    memory: `${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
    kernel: release(),
    node: process.version,
    etcd: etcd.version,
    filesystem: `${FILE_SYSTEMS[type] ?? `0x${type.toString(16)}`} (${tmpdir()})`,
  };
}
