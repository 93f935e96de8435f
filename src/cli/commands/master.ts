// `etcron master`: serves the API and the page.
import type { Command } from 'commander';
import { loadMasterConfig } from '../../common/runtime/config.ts';
import { runService } from '../run-service.ts';
import { addSettings, readSettings } from '../settings-options.ts';

/** Open requests and event streams get this long. */
const DEADLINE_MS = 10_000;

export function masterCommand(command: Command): Command {
  addSettings(command.description('Serve the API and the page'), 'master');
  return command.action(async (options: { supervised?: true }) => {
    const loaded = readSettings(command, loadMasterConfig);
    // Loaded when needed: a worker is smaller without the master's libraries.
    const { start } = await import('../../master/main.ts');
    await runService({
      role: 'master',
      loaded,
      start,
      deadline: DEADLINE_MS,
      supervised: options.supervised === true,
    });
  });
}
