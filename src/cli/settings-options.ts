// Settings as command line options: flags and help come from the schema, values are left to it as well.
import { Option, type Command } from 'commander';
import { readFileSync } from 'node:fs';
import type { Checked } from '../common/model/issue.ts';
import type { Loaded, SettingSources } from '../common/runtime/config.ts';
import { settingsOf, type CommandName } from '../common/runtime/settings.ts';

/** Settings that do not hold; its message names each source and what would be right there. */
export class BadSettings extends Error {
  override readonly name = 'BadSettings';
}

const optionsOf = (name: CommandName): readonly Option[] => [
  new Option('--config <file>', 'YAML file with settings [ETCRON_CONFIG]'),
  ...settingsOf(name).map(({ flag, takes, help, fallback, env }) => {
    const shown = fallback === undefined ? `[${env}]` : `(default: ${fallback}) [${env}]`;
    return new Option(`--${flag} <${takes}>`, `${help} ${shown}`);
  }),
];

/** Adds the options of the command's settings. */
export function addSettings(command: Command, name: CommandName): Command {
  for (const option of optionsOf(name)) command.addOption(option);
  return command.addHelpText(
    'after',
    '\nEach setting: the flag wins over the [VARIABLE], that over the file. docs/operations.md has the file.',
  );
}

/** Reads what addSettings added. Throws BadSettings. */
export function readSettings<T>(
  command: Command,
  load: (sources: SettingSources) => Checked<Loaded<T>>,
  env: NodeJS.ProcessEnv = process.env,
): Loaded<T> {
  const flags = Object.fromEntries(
    command.options.flatMap((option) => {
      const value: unknown = command.getOptionValue(option.attributeName());
      return typeof value === 'string' ? [[option.long!.slice(2), value]] : [];
    }),
  );
  const loaded = load({ flags, env, readFile: (path) => readFileSync(path, 'utf8') });
  if (loaded.ok) return loaded.value;
  throw new BadSettings(loaded.issues.map(({ path, message }) => `${path}: ${message}`).join('\n'));
}
