import { describe, expect, it } from 'vitest';
import {
  loadDevConfig,
  loadMasterConfig,
  loadWorkerConfig,
  type SettingSources,
} from '../../../src/common/runtime/config.ts';
import { allSettings, settingsOf } from '../../../src/common/runtime/settings.ts';

interface Given {
  readonly flags?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

const sources = ({ flags = {}, env = {}, files = {} }: Given): SettingSources => ({
  flags,
  env,
  readFile: (path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return text;
  },
});

function worker(given: Given) {
  const loaded = loadWorkerConfig(sources(given));
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  return loaded.value;
}

function complaints(load: typeof loadWorkerConfig | typeof loadMasterConfig, given: Given): string[] {
  const loaded = load(sources(given));
  return loaded.ok ? [] : loaded.issues.map(({ path, message }) => `${path}: ${message}`);
}

const yaml = (text: string): Given => ({ flags: { config: 'etcron.yaml' }, files: { 'etcron.yaml': text } });

describe('where a setting comes from', () => {
  it('is its default when nobody sets it', () => {
    expect(worker({}).config).toMatchObject({
      etcd: { endpoints: ['http://127.0.0.1:2379'], prefix: '/cron/', timeout: 5_000 },
      slots: 64,
      ttl: 10_000,
      listen: { host: '127.0.0.1', port: 0 },
      drainTimeout: 30_000,
      maxClockOffset: 1_000,
      labels: {},
    });
  });

  it('is the flag, before the variable, before the file', () => {
    const files = { 'etcron.yaml': 'worker: {slots: 1, ttl: 11s, drainTimeout: 7s}' };
    const env = { ETCRON_CONFIG: 'etcron.yaml', ETCRON_SLOTS: '2', ETCRON_TTL: '12s' };
    expect(worker({ flags: { slots: '3' }, env, files }).config).toMatchObject({
      slots: 3,
      ttl: 12_000,
      drainTimeout: 7_000,
    });
  });

  it('takes an empty variable, section and field for not set', () => {
    const given = { ...yaml('worker:\nlog:\n  level:\n'), env: { ETCRON_SLOTS: '' } };
    expect(worker(given).config).toMatchObject({ slots: 64, log: { level: 'info' } });
  });

  it('reads lists and pairs from text as from YAML', () => {
    const flags = { etcd: 'http://a:2379, http://b:2379', labels: 'region=eu,tier=gold' };
    const expected = {
      etcd: { endpoints: ['http://a:2379', 'http://b:2379'] },
      labels: { region: 'eu', tier: 'gold' },
    };
    expect(worker({ flags }).config).toMatchObject(expected);
    const text =
      'etcd: {endpoints: ["http://a:2379", "http://b:2379"]}\nworker: {labels: {region: eu, tier: gold}}';
    expect(worker(yaml(text)).config).toMatchObject(expected);
  });

  it('has its own flag and variable for each command', () => {
    for (const command of ['master', 'worker', 'dev'] as const) {
      const flags = settingsOf(command).map((setting) => setting.flag);
      expect(new Set(flags).size).toBe(flags.length);
    }
    expect(allSettings().every((setting) => /^ETCRON_[A-Z_]+$/.test(setting.env))).toBe(true);
  });

  it('reads the default that help shows as that very default', () => {
    const { config } = worker({});
    const shown = settingsOf('worker').filter(
      (one) => one.fallback !== undefined && one.defaultText === undefined,
    );
    expect(shown.length).toBeGreaterThan(8);
    const flags = Object.fromEntries(shown.map((setting) => [setting.flag, setting.fallback!]));
    expect(worker({ flags }).config).toEqual(config);
  });
});

describe('bad settings', () => {
  const cases: [name: string, given: Given, complaint: RegExp][] = [
    ['a flag', { flags: { ttl: '3s' } }, /^--ttl: 3s is out of bounds: at least 5s and at most 10m$/],
    ['a variable', { env: { ETCRON_SLOTS: '0' } }, /^ETCRON_SLOTS: 0 is not a whole number from 1 to 10000$/],
    ['a word for a number', { flags: { slots: 'many' } }, /^--slots: "many" is not a whole number/],
    [
      'a field of the file',
      yaml('worker: {slots: no}'),
      /^etcron.yaml: worker.slots: "no" is not a whole number/,
    ],
    [
      'a number for a duration',
      yaml('worker: {ttl: 10}'),
      /^etcron.yaml: worker.ttl: 10 is not a duration of whole/,
    ],
    [
      'half a second of lease',
      { flags: { ttl: '5500ms' } },
      /^--ttl: "5500ms" is not a duration of whole seconds/,
    ],
    [
      'an unknown field',
      yaml('worker: {slotz: 1}'),
      /^etcron.yaml: worker.slotz: unknown setting; known here: name, labels/,
    ],
    [
      'an unknown section',
      yaml('wroker: {slots: 1}'),
      /^etcron.yaml: wroker: unknown section; known here: etcd, log/,
    ],
    ['a section that is none', yaml('worker: 5'), /^etcron.yaml: worker: must hold settings/],
    ['a file that is no YAML', yaml('worker: {'), /^etcron.yaml: not YAML: .* line/],
    ['a file that is a list', yaml('- worker'), /^etcron.yaml: the file must hold sections/],
    [
      'a file that is not there',
      { flags: { config: 'no.yaml' } },
      /^no.yaml: the configuration file cannot be read: ENOENT/,
    ],
    [
      'an endpoint without scheme',
      { env: { ETCRON_ETCD: 'a:2379' } },
      /^ETCRON_ETCD: \["a:2379"\] is not a list of URLs/,
    ],
    [
      'a prefix without its slash',
      { flags: { prefix: '/cron' } },
      /^--prefix: "\/cron" is not a path with a slash at both ends/,
    ],
    ['labels without values', { flags: { labels: 'eu' } }, /^--labels: "eu" is not a list of pairs/],
    ['a name with a slash', { flags: { name: 'a/b' } }, /^--name: "a\/b" is not a name of at most 63/],
    [
      'an address without port',
      { flags: { listen: 'localhost' } },
      /^--listen: "localhost" is not an address/,
    ],
    [
      'a user without password',
      { flags: { 'etcd-user': 'u' } },
      /^--etcd-user: needs the password as well: --etcd-password-file/,
    ],
    [
      'a certificate for http',
      { flags: { 'etcd-ca-file': 'x' }, files: { x: '' } },
      /^--etcd-ca-file: is of use with https endpoints only/,
    ],
    [
      'http and https mixed',
      { flags: { etcd: 'http://a:1,https://b:2' } },
      /^--etcd: all endpoints must be http, or all https/,
    ],
  ];
  it.each(cases)('names the source and what is right: %s', (_name, given, complaint) => {
    const found = complaints(loadWorkerConfig, given);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(complaint);
  });

  it('tells all of them at once', () => {
    const given = { flags: { slots: '0' }, env: { ETCRON_TTL: 'x' } };
    expect(complaints(loadWorkerConfig, given)).toHaveLength(2);
  });

  it('checks the sections of other commands in a shared file too', () => {
    expect(complaints(loadMasterConfig, yaml('worker: {slots: 0}'))).toHaveLength(1);
  });

  it('warns of variables that mean nothing, and only of those', () => {
    const env = {
      ETCRON_SLOTZ: '1',
      ETCRON_SLOTS: '1',
      ETCRON_LISTEN: '127.0.0.1:1',
      ETCRON_JOB: 'a',
      ETCRON_ETCD_BIN: 'x',
    };
    expect(worker({ env }).warnings).toEqual(['ETCRON_SLOTZ is no setting of etcron and has no effect']);
  });
});

describe('an open address', () => {
  const token = 'admin 0123456789abcdef0123';

  it.each(['0.0.0.0:8700', '[::]:8700', '10.0.0.1:8700', 'example.org:8700'])(
    'is refused without tokens, with the way out: %s',
    (listen) => {
      const [complaint] = complaints(loadMasterConfig, { flags: { listen } });
      expect(complaint).toMatch(
        /^--listen: .*other machines.*--tokens-file.*openssl rand.*127\.0\.0\.1:8700$/,
      );
      const dev = loadDevConfig(sources({ flags: { listen } }));
      expect(dev.ok).toBe(false);
    },
  );

  it.each(['127.0.0.1:8700', '127.8.8.8:1', '[::1]:8700', 'localhost:0'])('is not: %s', (listen) => {
    expect(complaints(loadMasterConfig, { flags: { listen } })).toEqual([]);
  });

  it('is served with tokens', () => {
    const given = {
      flags: { listen: '0.0.0.0:8700', 'tokens-file': 't' },
      files: { t: `# people\n${token}\n` },
    };
    const loaded = loadMasterConfig(sources(given));
    expect(loaded.ok && loaded.value.config.tokens.map(({ name, token }) => [name, token.reveal()])).toEqual([
      ['admin', '0123456789abcdef0123'],
    ]);
  });

  it.each([
    ['', /^--tokens-file: t holds no token/],
    ['admin\n', /^--tokens-file: t, line 1: must be a name and a token/],
    ['\nadmin short\n', /^--tokens-file: t, line 2: the token needs at least 16/],
    [`${token}\n${token}\n`, /^--tokens-file: t, line 2: the name admin is there twice/],
  ])('is refused when the file of tokens is no good: %j', (text, complaint) => {
    const given = { flags: { listen: '0.0.0.0:8700', 'tokens-file': 't' }, files: { t: text } };
    const found = complaints(loadMasterConfig, given);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(complaint);
    expect(found[0]).not.toContain('short');
    expect(found[0]).not.toContain('0123456789abcdef0123');
  });
});

describe('secrets', () => {
  it('are read from files and never printed with the configuration', () => {
    const flags = {
      etcd: 'https://a:2379',
      'etcd-user': 'root',
      'etcd-password-file': 'pw',
      'etcd-cert-file': 'c',
      'etcd-key-file': 'k',
    };
    const { config } = worker({ flags, files: { pw: 'hunter22\n', c: 'CERT', k: 'PRIVATE' } });
    expect(config.etcd.auth?.password.reveal()).toBe('hunter22');
    expect(config.etcd.tls?.client?.cert).toBe('CERT');
    expect(config.etcd.tls?.client?.key.reveal()).toBe('PRIVATE');
    expect(JSON.stringify(config)).not.toMatch(/hunter22|PRIVATE/);
    expect(`${config.etcd.auth?.password.toString()}`).toBe('[secret]');
  });
});
