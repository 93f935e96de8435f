// What tests of real processes need besides node: etcd, faketime for clocks that differ, a browser for the page.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { built } from './install.mjs';

const whereIs = (program) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, program))
    .find((path) => existsSync(path));

const isOnPath = (program) => whereIs(program) !== undefined;

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

/** Where browsers are, in the order in which they are taken. */
const BROWSERS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** What to add to the environment: a browser for the tests of the page, which say so when there is none. */
export async function chromium() {
  const { canInstallPackages, installPackages } = await built('cli/apt.js');
  const given = process.env.ETCRON_TEST_CHROMIUM;
  const find = () => BROWSERS.map(whereIs).find((path) => path !== undefined);
  let path = given ?? find();
  if (path === undefined && canInstallPackages()) {
    console.error('installing chromium with apt-get');
    const installed = await installPackages(['chromium', 'fonts-liberation']);
    if (!installed.ok) console.error(installed.reason);
    path = find();
  }
  // The page is shown in Chinese too: without it all tests pass, on boxes.
  if (path !== undefined && !hasChineseFont() && canInstallPackages()) {
    const installed = await installPackages(['fonts-wqy-microhei']);
    if (!installed.ok) console.error(installed.reason);
  }
  return path === undefined ? {} : { ETCRON_TEST_CHROMIUM: path };
}

function hasChineseFont() {
  try {
    return execFileSync('fc-list', [':lang=zh'], { encoding: 'utf8' }).trim() !== '';
  } catch {
    return false;
  }
}
