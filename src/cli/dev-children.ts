// The processes that `etcron dev` starts, as arguments of our own commands. Pure.
import { join } from 'node:path';
import type { DevConfig } from '../common/runtime/config.ts';
import { listenText } from '../common/runtime/listen.ts';

export interface ChildPlan {
  readonly name: string;
  readonly args: readonly string[];
  readonly dataDir?: string;
}

/** The master first, then the workers. `dir` is absolute. */
export function childArguments(
  config: DevConfig,
  dir: string,
  endpoint: string,
  isTerminal: boolean,
): readonly ChildPlan[] {
  // A child's output is a pipe, so it can't see whether a person reads it.
  const format = config.log.format === 'auto' ? (isTerminal ? 'pretty' : 'json') : config.log.format;
  const common = [
    '--supervised',
    '--etcd',
    endpoint,
    '--log-level',
    config.log.level,
    '--log-format',
    format,
  ];
  const { slots, ttl, drainTimeout } = config.worker;
  const hosts = config.allowedHosts.length > 0 ? ['--allowed-hosts', config.allowedHosts.join(',')] : [];
  const tokens = config.tokensFile === undefined ? [] : ['--tokens-file', config.tokensFile];
  const workers = Array.from({ length: config.workers }, (_, index): ChildPlan => {
    const name = `worker-${index + 1}`;
    const dataDir = join(dir, name);
    const own = [
      '--name',
      name,
      '--data-dir',
      dataDir,
      '--slots',
      `${slots}`,
      '--ttl',
      `${ttl}ms`,
      '--drain-timeout',
      `${drainTimeout}ms`,
    ];
    return { name, dataDir, args: ['worker', ...common, ...own, '--listen', '127.0.0.1:0'] };
  });
  return [
    {
      name: 'master',
      args: ['master', ...common, '--listen', listenText(config.listen), ...hosts, ...tokens],
    },
    ...workers,
  ];
}

/** Settings meant for a cluster elsewhere must not reach these processes, nor the tasks they run. */
export const childEnvironment = (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(env).filter(([name]) => !name.startsWith('ETCRON_') || name.startsWith('ETCRON_TEST_')),
  );
