// What tests of real processes need besides node: etcd, and faketime for clocks that differ.
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { built } from './install.mjs';

const isOnPath = (program) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .some((directory) => directory !== '' && existsSync(join(directory, program)));

/** The environment to go on with. Ends the process when there is no etcd; needs the build. */
export async function etcdAndFaketime() {
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
  return { ...process.env, ETCRON_ETCD_BIN: etcd.path };
}
