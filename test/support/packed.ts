// The package as an application gets it: what `files` of package.json names, built, in a node_modules of its
// own. Nothing of the sources is in reach.
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = resolve(fileURLToPath(new URL('../..', import.meta.url)));

export interface PackedApp {
  readonly dir: string;
  remove(): Promise<void>;
}

/** A folder in which `import 'etcron'` finds the package. Below the repository's node_modules, for what that needs. */
export async function packApp(): Promise<PackedApp> {
  const parent = join(ROOT, 'node_modules/.cache');
  await mkdir(parent, { recursive: true });
  const dir = await mkdtemp(join(parent, 'etcron-app-'));
  const home = join(dir, 'node_modules/etcron');
  await mkdir(home, { recursive: true });
  await cp(join(ROOT, 'package.json'), join(home, 'package.json'));
  // Built before any test, from the sources under test.
  await cp(join(ROOT, 'dist'), join(home, 'dist'), { recursive: true });
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
