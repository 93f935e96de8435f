// `etcron dev`: a private etcd, a master and some workers on this machine, each a process of its own, so
// that one can be killed and the others be watched going on.
import type { Command } from 'commander';
import { loadDevConfig } from '../../common/runtime/config.ts';
import { startDev } from '../dev.ts';
import { addSettings, readSettings } from '../settings-options.ts';

export function devCommand(command: Command): Command {
  return addSettings(
    command.description('Run it all on this machine: etcd, a master and workers'),
    'dev',
  ).action(() => startDev(readSettings(command, loadDevConfig)));
}
