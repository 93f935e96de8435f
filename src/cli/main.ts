// The program `etcron`. Everything is in program.ts, so that importing it runs nothing.
import { runProgram } from './program.ts';

const code = await runProgram(process.argv);
if (code !== undefined) process.exit(code);
