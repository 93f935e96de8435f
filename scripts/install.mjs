// Brings a fresh checkout to where it can run: the right node, dependencies, a current build. Plain node
// without dependencies, for it runs before any are there. Does nothing when there is nothing to do.
// Used by start, test and bench; run alone (npm run build) it installs and builds.
import { spawn } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Ends the process with a message when this node is too old. */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  console.error(
    `etcron needs Node.js 20.19 or newer; this is ${process.version} (${process.execPath}).\n` +
      'Get it from https://nodejs.org, or with a version manager such as nvm: nvm install 22',
  );
  process.exit(1);
}

/** Runs a program in the checkout with our terminal; resolves with its exit code (128 + n for a signal). */
export function run(program, args, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: root, stdio: 'inherit', env });
    const forward = (signal) => child.kill(signal);
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    const done = () => signals.forEach((signal) => process.off(signal, forward));
    child.once('error', (error) => {
      done();
      reject(error);
    });
    child.once('exit', (code, signal) => {
      done();
      resolve(code ?? 128 + ({ SIGHUP: 1, SIGINT: 2, SIGKILL: 9, SIGTERM: 15 }[signal] ?? 0));
    });
  });
}

async function must(what, program, args, env = process.env) {
  const code = await run(program, args, env);
  if (code === 0) return;
  console.error(`${what} failed (exit code ${code})`);
  process.exit(code);
}

const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : -1);

/** What is compiled; results of benchmarks lie among their sources. */
const TYPESCRIPT = /\.ts$/;
/** What the page is made of. */
const OF_PAGE = /\.(?:tsx?|css|html|svg|js)$/;

function newestUnder(directory, sources) {
  let newest = 0;
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const isSource = entry.isFile() && sources.test(entry.name);
    if (isSource && !(entry.parentPath ?? entry.path).includes('node_modules'))
      newest = Math.max(newest, changedAt(join(entry.parentPath ?? entry.path, entry.name)));
  }
  return newest;
}

/** npm writes this file last, so that it is there says that an installation was completed. */
const INSTALLED = join(root, 'node_modules', '.package-lock.json');

export async function installDependencies() {
  checkNode();
  if (changedAt(INSTALLED) >= changedAt(join(root, 'package-lock.json'))) return;
  console.error('installing dependencies');
  // Not `npm ci`: it refuses a lock file without the programs of other platforms, which not every registry has.
  // The versions are those of the lock file here too, and the file is not written.
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
  await must('npm install', 'npm', ['install', '--no-save', '--include=dev', ...quiet]);
  const now = new Date();
  utimesSync(INSTALLED, now, now);
}

/**
 * Compiles when a source is newer than the last build. Built aside and moved into place: what runs from the
 * old one never meets half of the new one, and nothing is left of sources that are gone.
 */
export async function build(config = 'tsconfig.build.json', sources = ['src'], target = 'dist') {
  const stamp = join(root, target, '.built');
  const newest = Math.max(
    ...sources.map((source) => newestUnder(join(root, source), TYPESCRIPT)),
    ...['package.json', 'package-lock.json', 'tsconfig.json', config].map((file) =>
      changedAt(join(root, file)),
    ),
  );
  const before = changedAt(stamp);
  if (before > newest) return;
  const started = new Date();
  console.error(`building ${target}`);
  const aside = join(root, `${target}.${process.pid}`);
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  try {
    await must('the build', process.execPath, [tsc, '-p', config, '--outDir', aside]);
    writeFileSync(join(aside, '.built'), '');
    utimesSync(join(aside, '.built'), started, started);
    // The page lies in there too, and is built by itself.
    if (existsSync(join(root, target, 'web')))
      cpSync(join(root, target, 'web'), join(aside, 'web'), { recursive: true, preserveTimestamps: true });
    moveIntoPlace(aside, join(root, target));
  } catch (error) {
    // Another process built the same in the meantime and moved its own into place: as good as ours.
    if (changedAt(stamp) <= newest) throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function moveIntoPlace(aside, target) {
  const old = `${aside}.old`;
  if (existsSync(target)) renameSync(target, old);
  renameSync(aside, target);
  rmSync(old, { recursive: true, force: true });
}

/** The admin page, into dist/web, in the same way: the master serves the files that are there. */
export async function buildPage() {
  const target = join(root, 'dist', 'web');
  const stamp = join(target, '.built');
  const sources = ['web/src', 'web/public', 'src/common'].map((each) =>
    newestUnder(join(root, each), OF_PAGE),
  );
  const files = [
    'scripts/install.mjs',
    'web/index.html',
    'web/vite.config.ts',
    'web/unused-styles.ts',
    'package.json',
    'package-lock.json',
  ];
  const newest = Math.max(...sources, ...files.map((file) => changedAt(join(root, file))));
  if (changedAt(stamp) > newest) return;
  const started = new Date();
  console.error('building the page');
  const aside = join(root, `dist.${process.pid}.web`);
  const vite = join(root, 'node_modules', 'vite', 'bin', 'vite.js');
  const how = ['build', '--config', 'web/vite.config.ts', '--outDir', aside, '--logLevel', 'warn'];
  // Started by tests it would else be built for tests: twice the size, and slow.
  const env = { ...process.env, NODE_ENV: 'production' };
  try {
    await must('the build of the page', process.execPath, [vite, ...how], env);
    writeFileSync(join(aside, '.built'), '');
    utimesSync(join(aside, '.built'), started, started);
    moveIntoPlace(aside, target);
  } catch (error) {
    if (changedAt(stamp) <= newest) throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

/** The product and the benchmarks, which are compiled with it. */
export async function buildBenchmarks() {
  await build();
  await build('tsconfig.bench.json', ['src', 'bench'], 'dist-bench');
  // The version is read from it, at the same distance as in the checkout.
  copyFileSync(join(root, 'package.json'), join(root, 'dist-bench', 'package.json'));
  // And so is the page, which two scenarios open.
  await buildPage();
  const page = join(root, 'dist-bench', 'dist', 'web');
  rmSync(page, { recursive: true, force: true });
  cpSync(join(root, 'dist', 'web'), page, { recursive: true });
}

/** A module of the build. */
export const built = (path) => import(pathToFileURL(join(root, 'dist', path)).href);

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await installDependencies();
  await build();
  await buildPage();
}
