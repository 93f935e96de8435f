// npm run simulate: many seeds of the simulation, or one in full. See test/simulation/main.ts.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, installDependencies, root, run } from './install.mjs';

await installDependencies();
await build('tsconfig.simulation.json', ['src', 'test/simulation'], 'dist-simulation');
// The version is read from it, at the same distance as in the checkout.
copyFileSync(join(root, 'package.json'), join(root, 'dist-simulation', 'package.json'));
const main = join(root, 'dist-simulation', 'test', 'simulation', 'main.js');
process.exit(await run(process.execPath, ['--enable-source-maps', main, ...process.argv.slice(2)]));
