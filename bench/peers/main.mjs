// npm run bench:peers: etcron and other schedulers, in turn, on the same machine, in one table of ratios. All scenarios
// and all peers, or those named: npm run bench:peers -- failover bullmq agenda. Sizes are set as those of npm run bench
// are; the records go to bench/results/peers-<scenario>.json.
// What a peer needs lies in this directory: its package, and a module in adapters/.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildBenchmarks, built, installDependencies, root } from '../../scripts/install.mjs';
import { benchSettings, describeMachine } from '../../scripts/machine.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const readJson = (...path) => JSON.parse(readFileSync(join(...path), 'utf8'));

await installDependencies();
installPeers();
await buildBenchmarks();
process.exit(await main(process.argv.slice(2)));

function installPeers() {
  const changed = (file) => (existsSync(file) ? statSync(file).mtimeMs : -1);
  const installed = join(here, 'node_modules', '.package-lock.json');
  if (changed(installed) >= changed(join(here, 'package.json'))) return;
  console.error('installing the peers');
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', args, { cwd: here, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
  const now = new Date();
  utimesSync(installed, now, now);
}

async function main(asked) {
  process.env.ETCRON_BENCH_SIZE ??= 'full';
  const { findEtcd, systemEtcdSources } = await built('cli/etcd-binary.js');
  const etcd = await findEtcd(systemEtcdSources((line) => console.error(line)));
  const machine = describeMachine(etcd.version);
  const versions = Object.fromEntries(
    Object.keys(readJson(here, 'package.json').dependencies).map((name) => [
      name,
      readJson(here, 'node_modules', name, 'package.json').version,
    ]),
  );
  for (const [key, value] of Object.entries({ ...machine, ...versions }))
    console.log(`${key.padEnd(26)} ${value}`);
  const dir = process.env.ETCRON_BENCH_RESULTS ?? join(root, 'bench', 'results');
  mkdirSync(dir, { recursive: true });
  const { compare } = await import(pathToFileURL(join(root, 'dist-bench/bench/peers/run.js')).href);
  return compare(asked, (record) => {
    const whole = { ...record, machine, versions, settings: benchSettings() };
    writeFileSync(join(dir, `peers-${record.scenario}.json`), `${JSON.stringify(whole, null, 2)}\n`);
  });
}
