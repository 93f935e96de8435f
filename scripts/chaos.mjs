// npm run chaos -- --minutes 5 --seed 7: faults on a real cluster. See test/chaos/main.ts.
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, installDependencies, root, run } from './install.mjs';
import { etcdAndFaketime } from './needs.mjs';

await installDependencies();
await build();
await build(
  'tsconfig.chaos.json',
  ['src', 'test/chaos', 'test/support', 'test/simulation/world'],
  'dist-chaos',
);
const env = await etcdAndFaketime();
// The version is read from it, at the same distance as in the checkout.
copyFileSync(join(root, 'package.json'), join(root, 'dist-chaos', 'package.json'));
const main = join(root, 'dist-chaos', 'test', 'chaos', 'main.js');
process.exit(await run(process.execPath, ['--enable-source-maps', main, ...process.argv.slice(2)], env));
