// npm test: everything from a fresh checkout to a finished test run. Arguments are passed on to vitest:
// npm test -- --project unit
import { join } from 'node:path';
import { build, buildPage, installDependencies, root, run } from './install.mjs';
import { chromium, etcdAndFaketime } from './needs.mjs';

await installDependencies();
await build();
await buildPage();
const env = { ...(await etcdAndFaketime()), ...(await chromium()) };
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
process.exit(await run(process.execPath, [vitest, 'run', ...process.argv.slice(2)], env));
