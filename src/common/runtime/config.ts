// What each process is configured with: checked, complete, files read. The only place that turns settings
// (settings.ts) into the values that master, worker and dev are started with.
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { FieldIssue, Checked } from '../model/issue.ts';
import type { Millis } from '../model/time.ts';
import { parseApiTokens, type ApiToken } from './api-tokens.ts';
import { isLoopback, listenText, type ListenAddress } from './listen.ts';
import { secret, type Secret } from './secret.ts';
import { gatherSettings, type SettingSources } from './settings-sources.ts';
import type { CommandName, Setting, Settings } from './settings.ts';

export interface EtcdConfig {
  /** URLs, all of one scheme. */
  readonly endpoints: readonly string[];
  /** Ends with a slash. */
  readonly prefix: string;
  readonly auth?: { readonly user: string; readonly password: Secret };
  /** Present when the endpoints are https. PEM texts. */
  readonly tls?: { readonly ca?: string; readonly client?: { readonly cert: string; readonly key: Secret } };
  /** Deadline of one request. */
  readonly timeout: Millis;
}

export interface LogConfig {
  readonly level: Settings['log']['level'];
  readonly format: Settings['log']['format'];
}

export interface MasterConfig {
  readonly etcd: EtcdConfig;
  readonly log: LogConfig;
  readonly listen: ListenAddress;
  /** URL to register with; undefined: the address it listens on. */
  readonly advertise: string | undefined;
  /** Host names that are right besides localhost, loopback addresses and `listen`. */
  readonly allowedHosts: readonly string[];
  /** Empty: no token is asked for (then it listens on loopback only). */
  readonly tokens: readonly ApiToken[];
  /** etcd's quota: history gives way as it fills up. */
  readonly quotaBytes: number;
}

export interface WorkerConfig {
  readonly etcd: EtcdConfig;
  readonly log: LogConfig;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly slots: number;
  /** Whole seconds, in ms. */
  readonly ttl: Millis;
  readonly dataDir: string;
  readonly spoolLimitBytes: number;
  readonly spoolAge: Millis;
  readonly listen: ListenAddress;
  readonly advertise: string | undefined;
  readonly drainTimeout: Millis;
  readonly maxClockOffset: Millis;
}

export interface DevConfig {
  readonly log: LogConfig;
  readonly dataDir: string;
  readonly workers: number;
  /** Undefined: that of the last start, or a free one. */
  readonly etcdPort: number | undefined;
  readonly listen: ListenAddress;
  readonly allowedHosts: readonly string[];
  readonly tokensFile: string | undefined;
  readonly worker: { readonly slots: number; readonly ttl: Millis; readonly drainTimeout: Millis };
}

/** Of a command that asks a master. */
export interface ClientConfig {
  /** Without a slash at its end. */
  readonly url: string;
  readonly token: Secret | undefined;
}

export interface Loaded<T> {
  readonly config: T;
  /** To be logged once there is a logger. */
  readonly warnings: readonly string[];
}

/** Issues have the source as their path: `--ttl`, `ETCRON_SLOTS`, `etcron.yaml: worker.slots`. */
export function loadMasterConfig(sources: SettingSources): Checked<Loaded<MasterConfig>> {
  return load('master', sources, ({ settings: { log, master }, etcd, readTokens }) => ({
    etcd: etcd(),
    log,
    listen: master.listen,
    advertise: master.advertise,
    allowedHosts: master.allowedHosts,
    tokens: readTokens(),
    quotaBytes: master.etcdQuota,
  }));
}

export function loadWorkerConfig(sources: SettingSources): Checked<Loaded<WorkerConfig>> {
  return load('worker', sources, ({ settings: { log, worker }, etcd }) => {
    const { spoolLimit, dataDir, ...rest } = worker;
    const state = sources.env['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
    return {
      etcd: etcd(),
      log,
      ...rest,
      advertise: worker.advertise,
      spoolLimitBytes: spoolLimit,
      dataDir: dataDir ?? join(state, 'etcron', worker.name),
    };
  });
}

export function loadDevConfig(sources: SettingSources): Checked<Loaded<DevConfig>> {
  return load('dev', sources, ({ settings: { log, master, worker, dev }, readTokens }) => {
    readTokens();
    return {
      log,
      dataDir: dev.dataDir,
      workers: dev.workers,
      etcdPort: dev.etcdPort,
      listen: master.listen,
      allowedHosts: master.allowedHosts,
      tokensFile: master.tokensFile,
      worker: { slots: worker.slots, ttl: worker.ttl, drainTimeout: worker.drainTimeout },
    };
  });
}

/** `command`: one that asks a master. */
export function loadClientConfig(command: 'audit', sources: SettingSources): Checked<Loaded<ClientConfig>> {
  return load(command, sources, ({ settings: { client }, readClientToken }) => ({
    url: client.url.replace(/\/+$/, ''),
    token: readClientToken(sources.env['ETCRON_TOKEN']),
  }));
}

interface Reading {
  readonly settings: Settings;
  readonly etcd: () => EtcdConfig;
  /** Also refuses an open address without tokens. */
  readonly readTokens: () => readonly ApiToken[];
  /** Of the file, or else the given one. */
  readonly readClientToken: (given: string | undefined) => Secret | undefined;
}

function load<T>(
  command: CommandName,
  sources: SettingSources,
  build: (reading: Reading) => T,
): Checked<Loaded<T>> {
  const gathered = gatherSettings(command, sources);
  if (!gathered.ok) return gathered;
  const { settings, sourceOf, warnings } = gathered.value;
  const issues: FieldIssue[] = [];
  const complain = (path: Setting['path'], message: string): void =>
    void issues.push({ path: sourceOf(path), message });
  const readFile = (path: Setting['path'], file: string | undefined): string => {
    try {
      return file === undefined ? '' : sources.readFile(file);
    } catch (error) {
      complain(path, `the file cannot be read: ${(error as Error).message}`);
      return '';
    }
  };
  const config = build({
    settings,
    etcd: () => etcdConfig(settings.etcd, readFile, complain),
    readTokens: () => masterTokens(settings.master, readFile, complain),
    readClientToken: (given) => clientToken(settings.client, given, readFile, complain),
  });
  return issues.length > 0 ? { ok: false, issues } : { ok: true, value: { config, warnings } };
}

type ReadFile = (path: Setting['path'], file: string | undefined) => string;
type Complain = (path: Setting['path'], message: string) => void;

function etcdConfig(given: Settings['etcd'], readFile: ReadFile, complain: Complain): EtcdConfig {
  const { endpoints, prefix, user, passwordFile, caFile, certFile, keyFile, timeout } = given;
  const encrypted = endpoints.filter((url) => url.startsWith('https:'));
  if (encrypted.length > 0 && encrypted.length < endpoints.length) {
    complain('etcd.endpoints', 'all endpoints must be http, or all https');
  }
  const files = { caFile, certFile, keyFile };
  for (const [field, file] of Object.entries(files)) {
    if (file !== undefined && encrypted.length === 0)
      complain(`etcd.${field}`, 'is of use with https endpoints only: change the endpoints');
  }
  if (certFile !== undefined && keyFile === undefined)
    complain('etcd.certFile', 'needs the key as well: --etcd-key-file');
  if (keyFile !== undefined && certFile === undefined)
    complain('etcd.keyFile', 'needs the certificate as well: --etcd-cert-file');
  if (user !== undefined && passwordFile === undefined)
    complain('etcd.user', 'needs the password as well: --etcd-password-file');
  if (passwordFile !== undefined && user === undefined)
    complain('etcd.passwordFile', 'needs the user as well: --etcd-user');

  const password = readFile('etcd.passwordFile', passwordFile).replace(/\r?\n$/, '');
  const ca = readFile('etcd.caFile', caFile);
  const cert = readFile('etcd.certFile', certFile);
  const key = readFile('etcd.keyFile', keyFile);
  const client =
    certFile !== undefined && keyFile !== undefined ? { client: { cert, key: secret(key) } } : {};
  return {
    endpoints,
    prefix,
    timeout,
    ...(user === undefined ? {} : { auth: { user, password: secret(password) } }),
    ...(encrypted.length === 0 ? {} : { tls: { ...(caFile === undefined ? {} : { ca }), ...client } }),
  };
}

function masterTokens(
  given: Settings['master'],
  readFile: ReadFile,
  complain: Complain,
): readonly ApiToken[] {
  const { listen, tokensFile } = given;
  if (tokensFile === undefined) {
    if (!isLoopback(listen.host)) {
      complain(
        'master.listen',
        `${listenText(listen)} can be reached from other machines, and who reaches the API runs commands on the workers. ` +
          'Configure tokens (--tokens-file, ETCRON_TOKENS_FILE or master.tokensFile: one "name token" a line; ' +
          '"openssl rand -hex 24" makes a token), or listen on loopback: 127.0.0.1:8700',
      );
    }
    return [];
  }
  const text = readFile('master.tokensFile', tokensFile);
  if (text === '') {
    complain('master.tokensFile', `${tokensFile} holds no token: write one "name token" a line`);
    return [];
  }
  const parsed = parseApiTokens(text);
  if (parsed.ok) return parsed.value;
  for (const { path, message } of parsed.issues)
    complain('master.tokensFile', `${tokensFile}${path && `, ${path}`}: ${message}`);
  return [];
}

function clientToken(
  { tokenFile }: Settings['client'],
  given: string | undefined,
  readFile: ReadFile,
  complain: Complain,
): Secret | undefined {
  if (tokenFile === undefined) return given === undefined || given === '' ? undefined : secret(given.trim());
  const text = readFile('client.tokenFile', tokenFile);
  const line = text.split('\n').find((each) => each.trim() !== '' && !each.trim().startsWith('#'));
  const token = line?.trim().split(/\s+/).at(-1);
  if (token !== undefined) return secret(token);
  if (text !== '') complain('client.tokenFile', `${tokenFile} holds no token`);
  return undefined;
}

export type { SettingSources };
