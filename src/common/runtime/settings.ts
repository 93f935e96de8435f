// Every setting of every command in one schema: its place in the YAML file, flag, environment variable,
// default and meaning. Help, parsing and the documentation's table are made from it, so they can't differ.
// No setting holds a secret itself: secrets are named by file, so values may appear in messages.
import { z } from 'zod';
import { workerName } from '../model/ids.ts';
import { labels } from '../model/job.ts';
import * as value from './setting-values.ts';

export type CommandName = 'master' | 'worker' | 'dev' | 'audit';

export interface SettingInfo {
  /** Without dashes; the environment variable follows from it: `etcd-user` is ETCRON_ETCD_USER. */
  readonly flag: string;
  /** What stands in the brackets of `--flag <...>`. */
  readonly takes: string;
  readonly commands: readonly CommandName[];
  readonly help: string;
  /** What a right value is: "`<value>` is not <expects>". */
  readonly expects: string;
  /** How a text (flag, variable) becomes a value; 'text', the default, stays as it is. */
  readonly kind?: 'text' | 'number' | 'list' | 'map';
  /** Shown instead of the schema's own default. */
  readonly defaultText?: string;
}

const about = z.registry<SettingInfo>();
function setting<T extends z.ZodType>(schema: T, info: SettingInfo): T {
  about.add<z.ZodType>(schema, info);
  return schema;
}

const services = ['master', 'worker'] as const;
const everywhere = ['master', 'worker', 'dev'] as const;
const masters = ['master', 'dev'] as const;
const workers = ['worker', 'dev'] as const;
const clients = ['audit'] as const;

const DURATION = 'a duration with its unit, such as "10s" or "1m30s"';
const DIRECTORY = 'the path of a directory';
const LISTEN =
  'an address to listen on: "host:port", such as "127.0.0.1:8700" or "[::1]:8700"; port 0 takes a free one';
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const;

const file = (flag: string, commands: readonly CommandName[], help: string) =>
  setting(value.path().optional(), { flag, takes: 'file', commands, help, expects: 'the path of a file' });

const advertise = (of: CommandName, help: string) =>
  setting(value.httpUrl().optional(), {
    flag: 'advertise',
    takes: 'url',
    commands: [of],
    help,
    expects: 'a URL such as "http://10.0.0.5:8700"',
    defaultText: 'made from --listen',
  });

const etcd = z.strictObject({
  endpoints: setting(z.array(value.etcdEndpoint()).min(1).default(['http://127.0.0.1:2379']), {
    flag: 'etcd',
    takes: 'urls',
    commands: services,
    kind: 'list',
    help: 'etcd endpoints, separated by commas',
    expects:
      'a list of URLs such as "http://127.0.0.1:2379", without user or password (settings of their own)',
  }),
  prefix: setting(
    z
      .string()
      .regex(/^\/(?:[A-Za-z0-9._-]+\/)+$/)
      .default('/cron/'),
    {
      flag: 'prefix',
      takes: 'path',
      commands: services,
      help: 'root of all keys; two prefixes are two independent clusters in one etcd',
      expects: 'a path with a slash at both ends, such as "/cron/"',
    },
  ),
  user: setting(z.string().min(1).optional(), {
    flag: 'etcd-user',
    takes: 'name',
    commands: services,
    help: 'user of etcd; needs the password file',
    expects: "a user's name",
  }),
  passwordFile: file('etcd-password-file', services, "file with that user's password"),
  caFile: file(
    'etcd-ca-file',
    services,
    "authority that signed etcd's certificates (PEM); the system's by default",
  ),
  certFile: file('etcd-cert-file', services, 'client certificate (PEM)'),
  keyFile: file('etcd-key-file', services, "client certificate's key (PEM)"),
  timeout: setting(value.duration('100ms', '1m').prefault('5s'), {
    flag: 'etcd-timeout',
    takes: 'duration',
    commands: services,
    help: 'deadline of one request to etcd',
    expects: DURATION,
  }),
});

const log = z.strictObject({
  level: setting(z.enum(LEVELS).default('info'), {
    flag: 'log-level',
    takes: 'level',
    commands: everywhere,
    help: LEVELS.join(', '),
    expects: `a level: ${LEVELS.join(', ')}`,
  }),
  format: setting(z.enum(['auto', 'json', 'pretty']).default('auto'), {
    flag: 'log-format',
    takes: 'format',
    commands: everywhere,
    help: 'json, pretty, or auto: pretty on a terminal, json elsewhere',
    expects: 'a format: auto, json or pretty',
  }),
});

const master = z.strictObject({
  listen: setting(value.listenAddress().prefault('127.0.0.1:8700'), {
    flag: 'listen',
    takes: 'host:port',
    commands: masters,
    help: 'address of the API and the page; beyond loopback it needs --tokens-file',
    expects: LISTEN,
  }),
  advertise: advertise('master', 'URL under which others reach this master'),
  allowedHosts: setting(z.array(value.hostName()).default([]), {
    flag: 'allowed-hosts',
    takes: 'names',
    commands: masters,
    kind: 'list',
    help: 'names under which clients may call the API, besides localhost and IP addresses',
    expects: 'a list of host names without scheme, such as "cron.example.org"',
    defaultText: 'none',
  }),
  tokensFile: file(
    'tokens-file',
    masters,
    'API tokens, one "name token" a line; with it every call of the API needs one',
  ),
  etcdQuota: setting(value.size().prefault('2GiB'), {
    flag: 'etcd-quota',
    takes: 'size',
    commands: ['master'],
    help: "etcd's --quota-backend-bytes; when 80 % of it is in use, history gives way",
    expects: 'a size with its unit, such as "2GiB" or "8GiB"',
  }),
});

const worker = z.strictObject({
  name: setting(
    workerName.prefault(() => value.hostAsWorkerName()),
    {
      flag: 'name',
      takes: 'name',
      commands: ['worker'],
      help: "the worker's name; its id adds a random suffix at every start",
      expects: 'a name of at most 63 letters, digits, ".", "_" and "-" that starts with a letter or digit',
      defaultText: "the host's name",
    },
  ),
  labels: setting(labels.default({}), {
    flag: 'labels',
    takes: 'pairs',
    commands: ['worker'],
    kind: 'map',
    help: 'labels that jobs select workers by: region=eu,tier=gold',
    expects: 'a list of pairs such as "region=eu,tier=gold"',
    defaultText: 'none',
  }),
  slots: setting(value.wholeNumber(1, 10_000).default(64), {
    flag: 'slots',
    takes: 'n',
    commands: workers,
    kind: 'number',
    help: 'runs at the same time',
    expects: 'a whole number from 1 to 10000',
  }),
  ttl: setting(
    value
      .duration('5s', '10m')
      .refine((ms) => ms % 1000 === 0)
      .prefault('10s'),
    {
      flag: 'ttl',
      takes: 'duration',
      commands: workers,
      help: "the lease's time to live: how soon others take over from a worker that died",
      expects: 'a duration of whole seconds, from 5s to 10m',
    },
  ),
  dataDir: setting(value.path().optional(), {
    flag: 'data-dir',
    takes: 'dir',
    commands: ['worker'],
    help: 'where the output of runs is kept',
    expects: DIRECTORY,
    defaultText: '~/.local/state/etcron/<name>',
  }),
  spoolLimit: setting(value.size().prefault('1GiB'), {
    flag: 'spool-limit',
    takes: 'size',
    commands: ['worker'],
    help: 'disk space for the output of runs; the oldest goes first',
    expects: 'a size with its unit, such as "1GiB" or "500MB"',
  }),
  spoolAge: setting(value.duration('1m', '3660d').prefault('7d'), {
    flag: 'spool-age',
    takes: 'duration',
    commands: ['worker'],
    help: 'output older than this goes',
    expects: DURATION,
  }),
  listen: setting(value.listenAddress().prefault('127.0.0.1:0'), {
    flag: 'listen',
    takes: 'host:port',
    commands: ['worker'],
    help: 'address for health, metrics and the output of runs (output needs a token that masters know)',
    expects: LISTEN,
  }),
  advertise: advertise('worker', 'URL under which masters reach this worker'),
  drainTimeout: setting(value.duration('0s', '7d').prefault('30s'), {
    flag: 'drain-timeout',
    takes: 'duration',
    commands: workers,
    help: 'how long running runs may go on after SIGTERM; then they are killed',
    expects: DURATION,
  }),
  maxClockOffset: setting(value.duration('100ms', '1h').prefault('1s'), {
    flag: 'max-clock-offset',
    takes: 'duration',
    commands: ['worker'],
    help: 'a worker whose clock is further off than this takes no runs',
    expects: DURATION,
  }),
});

const dev = z.strictObject({
  dataDir: setting(value.path().default('.etcron'), {
    flag: 'data-dir',
    takes: 'dir',
    commands: ['dev'],
    help: "where etcd's data and the output of runs are kept",
    expects: DIRECTORY,
  }),
  workers: setting(value.wholeNumber(1, 20).default(2), {
    flag: 'workers',
    takes: 'n',
    commands: ['dev'],
    kind: 'number',
    help: 'number of workers',
    expects: 'a whole number from 1 to 20',
  }),
  etcdPort: setting(value.wholeNumber(1, 65_535).optional(), {
    flag: 'etcd-port',
    takes: 'port',
    commands: ['dev'],
    kind: 'number',
    help: 'port of etcd, on loopback',
    expects: 'a whole number from 1 to 65535',
    defaultText: 'that of the last start, or a free one',
  }),
});

const client = z.strictObject({
  url: setting(value.httpUrl().default('http://127.0.0.1:8700'), {
    flag: 'url',
    takes: 'url',
    commands: clients,
    help: 'the master to ask, or the load balancer before several',
    expects: 'a URL such as "http://127.0.0.1:8700"',
  }),
  tokenFile: file(
    'token-file',
    clients,
    'file with the API token: alone, or a line of --tokens-file; else that of ETCRON_TOKEN is sent',
  ),
});

/** The YAML file: each section, and the file, may be left out. */
export const settingsSchema = z.strictObject({
  etcd: etcd.prefault({}),
  log: log.prefault({}),
  master: master.prefault({}),
  worker: worker.prefault({}),
  dev: dev.prefault({}),
  client: client.prefault({}),
});

export type Settings = z.output<typeof settingsSchema>;

export interface Setting extends SettingInfo {
  /** `worker.slots`: section and field in the YAML file. */
  readonly path: `${string}.${string}`;
  readonly section: string;
  readonly field: string;
  readonly env: string;
  /** As help shows it; undefined when the setting is simply absent. */
  readonly fallback: string | undefined;
}

/** All settings, in the order of the schema. */
export function allSettings(): readonly Setting[] {
  return Object.entries({ etcd, log, master, worker, dev, client }).flatMap(([section, schema]) =>
    Object.entries<z.ZodType>(schema.shape).map(([field, leaf]): Setting => {
      const info = about.get(leaf)!;
      const env = `ETCRON_${info.flag.replaceAll('-', '_').toUpperCase()}`;
      return {
        ...info,
        section,
        field,
        env,
        path: `${section}.${field}`,
        fallback: info.defaultText ?? defaultOf(leaf),
      };
    }),
  );
}

export const settingsOf = (command: CommandName): readonly Setting[] =>
  allSettings().filter((one) => one.commands.includes(command));

function defaultOf(leaf: z.ZodType): string | undefined {
  const { defaultValue } = leaf.def as { defaultValue?: string | number | readonly string[] };
  if (defaultValue === undefined) return undefined;
  return typeof defaultValue === 'object' ? defaultValue.join(',') : String(defaultValue);
}
