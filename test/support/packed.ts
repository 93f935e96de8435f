// The package as an application gets it: what `files` of package.json names, built, in a node_modules of its
// own. Nothing of the sources is in reach.
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

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
  // Not the build in dist/: that may be older than the sources under test.
  const options = join(dir, 'tsconfig.json');
  await writeFile(
    options,
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.build.json'),
      compilerOptions: {
        rootDir: join(ROOT, 'src'),
        outDir: join(home, 'dist'),
        sourceMap: false,
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      include: [join(ROOT, 'src')],
    }),
  );
  await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', options]);
  return { dir, remove: () => rm(dir, { recursive: true, force: true }) };
}
