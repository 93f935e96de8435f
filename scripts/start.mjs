// npm start: everything from a fresh checkout to a running `etcron dev`. Arguments are passed on to it:
// npm start -- --workers 3
import { build, buildPage, built, installDependencies } from './install.mjs';

await installDependencies();
await build();
await buildPage();
const { runProgram } = await built('cli/program.js');
// In this very process: one Ctrl-C, one handler, nothing in between that could be left behind.
const code = await runProgram([process.execPath, 'etcron', 'dev', ...process.argv.slice(2)]);
if (code !== undefined) process.exit(code);
