// npm test: everything from a fresh checkout to a finished test run. Arguments are passed on to vitest:
// npm test -- --project unit
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { build, built, installDependencies, root, run } from './install.mjs';

const isOnPath = (program) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .some((directory) => directory !== '' && existsSync(join(directory, program)));

await installDependencies();
await build();

const { findEtcd, systemEtcdSources } = await built('cli/etcd-binary.js');
const { canInstallPackages, installPackages } = await built('cli/apt.js');

let etcd;
try {
  etcd = await findEtcd(systemEtcdSources((line) => console.error(line)));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
console.error(`etcd ${etcd.version} (${etcd.path})`);

// Workers with clocks that differ: the tests that need it say so when it is missing.
if (!isOnPath('faketime') && canInstallPackages()) {
  console.error('installing faketime with apt-get');
  const installed = await installPackages(['faketime']);
  if (!installed.ok) console.error(installed.reason);
}

const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const env = { ...process.env, ETCRON_ETCD_BIN: etcd.path };
process.exit(await run(process.execPath, [vitest, 'run', ...process.argv.slice(2)], env));
