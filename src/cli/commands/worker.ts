// `etcron worker`: takes ticks and runs their tasks.
import type { Command } from 'commander';
import { loadWorkerConfig } from '../../common/runtime/config.ts';
import { runService } from '../run-service.ts';
import { addSettings, readSettings } from '../settings-options.ts';

/** After the drain: to kill what is left (a job's killGrace is 10 s by default), record it, revoke the lease. */
const BEYOND_DRAIN_MS = 20_000;

export function workerCommand(command: Command): Command {
  addSettings(command.description('Take ticks and run their tasks'), 'worker');
  return command.action(async (options: { supervised?: true }) => {
    const loaded = readSettings(command, loadWorkerConfig);
    // Loaded when needed: a master is smaller without the worker's libraries.
    const { start } = await import('../../worker/main.ts');
    const deadline = loaded.config.drainTimeout + BEYOND_DRAIN_MS;
    await runService({ role: 'worker', loaded, start, deadline, supervised: options.supervised === true });
  });
}
