// The command line: commands, their options, and how each kind of failure is told.
import { Command, CommanderError, Option } from 'commander';
import { EXIT } from '../common/runtime/shutdown.ts';
import { packageVersion } from '../common/runtime/version.ts';
import { auditCommand } from './commands/audit.ts';
import { devCommand } from './commands/dev.ts';
import { masterCommand } from './commands/master.ts';
import { workerCommand } from './commands/worker.ts';
import { BadSettings } from './settings-options.ts';

/**
 * Without side effects until it parses. Throws CommanderError where commander would end the process. `ended`: a
 * command that does not go on running tells its exit code.
 */
export function buildProgram(ended: (code: number) => void = () => undefined): Command {
  const program = new Command('etcron')
    .description('A distributed cron on etcd: every tick runs once, on time, on one of many workers')
    .version(packageVersion(), '-V, --version')
    .exitOverride();
  // For `etcron dev` alone, which starts them: no user needs it.
  const supervised = () => new Option('--supervised', 'end with the parent process').hideHelp();
  devCommand(program.command('dev'));
  masterCommand(program.command('master').addOption(supervised()));
  workerCommand(program.command('worker').addOption(supervised()));
  auditCommand(program.command('audit'), ended);
  return program;
}

/** Arguments as in process.argv. Resolves with the exit code, or undefined when something now runs. */
export async function runProgram(argv: readonly string[]): Promise<number | undefined> {
  try {
    let code: number | undefined;
    await buildProgram((told) => (code = told)).parseAsync(argv);
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    process.stderr.write(`${(error as Error).message}\n`);
    return error instanceof BadSettings ? EXIT.usage : EXIT.failed;
  }
}
