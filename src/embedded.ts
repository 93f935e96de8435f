// A worker inside an application: the application's functions are its handlers. It lives and ends with the
// application, which owns signals, exit and log; it never touches these.
import { readFileSync } from 'node:fs';
import { nearest } from './common/core/definition-issues.ts';
import { systemClock } from './common/runtime/clock.ts';
import { loadWorkerConfig } from './common/runtime/config.ts';
import { createLogger, type Logger } from './common/runtime/logger.ts';
import { settingsOf } from './common/runtime/settings.ts';
import { start, type RunningWorker } from './worker/main.ts';
import type { Handler } from './worker/tasks/handler.ts';

/** As in a job's `task.name`. */
const LONGEST_NAME = 128;
/** The names stand in the worker's registration, which everybody reads every ten seconds. */
const MOST_NAMES_BYTES = 16 * 1024;

export interface EmbeddedWorkerOptions {
  /**
   * By the name that tasks of the kind `handler` give. Jobs of these names come here, and to other workers that have
   * them; what is added later is not known.
   */
  readonly handlers: Readonly<Record<string, Handler>>;
  /**
   * As the flags of `etcron worker`, without dashes: `{etcd: 'http://10.0.0.1:2379', labels: 'app=billing'}`; `labels`
   * may be an object as well. They win over `ETCRON_*` variables, these over the file that `config` names.
   */
  readonly settings?: { readonly [flag: string]: string | Readonly<Record<string, string>> };
  /** A pino logger; by default one on standard output, as `log-level` and `log-format` say. */
  readonly logger?: Logger;
  /**
   * Also runs jobs of the kinds shell and exec. Off by default: who may write jobs could run any command
   * as the application's user. Such jobs then run on other workers.
   */
  readonly processes?: boolean;
}

/**
 * Resolves when it has started; with etcd away it goes on trying, and `whenReady` waits. Throws an error that
 * names each setting that is wrong. Call `stop()` before the application ends: it drains.
 */
export async function embedWorker(options: EmbeddedWorkerOptions): Promise<RunningWorker> {
  const wrong = optionFaults(options);
  if (wrong.length > 0) throw cannotStart(wrong);
  const { handlers, settings = {}, processes = false } = options;
  const faults = [...handlerFaults(handlers), ...flagFaults(settings)];
  const loaded = loadWorkerConfig({
    flags: flagsOf(settings),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
  if (!loaded.ok) faults.push(...loaded.issues.map(({ path, message }) => `${path}: ${message}`));
  if (!loaded.ok || faults.length > 0) throw cannotStart(faults);
  const { config, warnings } = loaded.value;
  const logger = options.logger ?? createLogger({ name: 'worker', ...config.log });
  for (const warning of warnings) logger.warn(warning);
  return start({ config, logger, clock: systemClock(), handlers, processes });
}

const cannotStart = (faults: readonly string[]): Error =>
  new Error(`etcron cannot start:\n  ${faults.join('\n  ')}`);

const OPTIONS = ['handlers', 'settings', 'logger', 'processes'];

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** From JavaScript anything may come. What is unknown is a mistake: nothing of it would be done. */
function optionFaults(options: unknown): string[] {
  if (!isObject(options))
    return ['embedWorker needs an object: embedWorker({handlers: {report: async ({log}) => log("done")}})'];
  const { settings, logger, processes } = options;
  const faults = Object.keys(options).flatMap((name) => {
    if (OPTIONS.includes(name)) return [];
    const near = nearest(name, OPTIONS);
    const flag = settingsOf('worker').some((setting) => setting.flag === name) ? `settings.${name}` : near;
    return [
      `${name}: unknown; ${flag === undefined ? `there are ${OPTIONS.join(', ')}` : `did you mean ${flag}?`}`,
    ];
  });
  if (settings !== undefined && !isObject(settings))
    faults.push("settings: must be an object such as {slots: '8'}");
  if (logger !== undefined && !(isObject(logger) && typeof logger['child'] === 'function'))
    faults.push('logger: must be a logger of pino, or be left out');
  if (processes !== undefined && typeof processes !== 'boolean')
    faults.push(`processes: must be true or false, not ${typeof processes}`);
  return faults;
}

function handlerFaults(handlers: Readonly<Record<string, unknown>>): string[] {
  const names = Object.keys(handlers ?? {});
  const faults = names.flatMap((name) => {
    const handler = handlers[name];
    if (typeof handler !== 'function') return [`handlers.${name}: must be a function, not ${typeof handler}`];
    if (name !== '' && name.length <= LONGEST_NAME) return [];
    return [`handlers.${name}: no job can name it; a name has 1 to ${LONGEST_NAME} characters`];
  });
  const bytes = Buffer.byteLength(JSON.stringify(names));
  if (bytes <= MOST_NAMES_BYTES) return faults;
  const most = `at most ${MOST_NAMES_BYTES}; register fewer, and tell them apart by the payload`;
  return [...faults, `handlers: the ${names.length} names have ${bytes} bytes together: ${most}`];
}

function flagFaults(settings: Readonly<Record<string, unknown>>): string[] {
  const known = ['config', ...settingsOf('worker').map(({ flag }) => flag)];
  return Object.entries(settings).flatMap(([flag, value]) => {
    if (!known.includes(flag)) {
      const near = nearest(flag, known);
      return [
        `settings.${flag}: unknown; ${near === undefined ? `there are ${known.join(', ')}` : `did you mean ${near}?`}`,
      ];
    }
    if (flag === 'labels' && isObject(value)) return labelFaults(value);
    return typeof value === 'string'
      ? []
      : [`settings.${flag}: must be a text such as a flag takes, not ${kindOf(value)}`];
  });
}

const kindOf = (value: unknown): string =>
  value === null ? 'null' : Array.isArray(value) ? 'a list' : typeof value;

/** What the text of the flag can say, an object can. */
const labelFaults = (labels: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(labels).flatMap(([name, value]) => {
    if (typeof value !== 'string') return [`settings.labels.${name}: must be a text, not ${kindOf(value)}`];
    return /[=,]/.test(name) || value.includes(',')
      ? [`settings.labels.${name}: a label's name has no "=" and no ",", its value no ","`]
      : [];
  });

const flagsOf = (settings: Readonly<Record<string, unknown>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(settings).flatMap(([flag, value]) => {
      if (typeof value === 'string') return [[flag, value]];
      if (flag !== 'labels' || !isObject(value) || Object.keys(value).length === 0) return [];
      const pairs = Object.entries(value).map(([name, each]) => `${name}=${String(each)}`);
      return [[flag, pairs.join(',')]];
    }),
  );
