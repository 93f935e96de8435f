// The built command line, which tests of processes run: that of the checkout, wherever this was compiled to.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

function checkout(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'node_modules'))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no checkout with its node_modules is around this file');
    folder = parent;
  }
  return folder;
}

export const PROGRAM = join(checkout(), 'dist', 'cli', 'main.js');
