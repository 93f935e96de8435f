// docker-compose.yml, checked as far as it can be without Docker: what it starts has to be accepted by the
// programs that it names.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Checked } from '../../../src/common/model/issue.ts';
import { loadMasterConfig, loadWorkerConfig, type Loaded } from '../../../src/common/runtime/config.ts';

interface ComposeService {
  readonly image: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly healthcheck: { readonly test: readonly string[] };
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly secrets?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, null>>;
}

const file = (name: string): string => readFileSync(new URL(`../../../${name}`, import.meta.url), 'utf8');
const compose = parse(file('docker-compose.yml'), { merge: true }) as Compose;
const services = Object.entries(compose.services);
const started = (program: string) => services.filter(([, { command }]) => command[0] === program);

/** `--a=1` as `{a: '1'}`; anything else is no form that the file should use. */
function flagsOf({ command }: ComposeService): Record<string, string> {
  return Object.fromEntries(
    command.slice(1).map((argument) => {
      const match = /^--([a-z-]+)=(.+)$/.exec(argument);
      if (!match) throw new Error(`${argument} is not --flag=value`);
      return [match[1], match[2]];
    }),
  );
}

function configOf<T>(loaded: Checked<Loaded<T>>): T {
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.issues));
  return loaded.value.config;
}

const readFile = (path: string): string => {
  if (path !== '/run/secrets/etcron-tokens') throw new Error(`${path} is not in the container`);
  return 'admin 0123456789abcdef';
};

describe('docker-compose.yml', () => {
  it('starts three members of etcd, two masters and three workers', () => {
    expect([started('etcd'), started('master'), started('worker')].map((some) => some.length)).toEqual([
      3, 2, 3,
    ]);
    expect(services).toHaveLength(8);
  });

  it.each(started('master'))('starts %s with settings that a master accepts', (name, service) => {
    const loaded = loadMasterConfig({ flags: flagsOf(service), env: service.environment, readFile });
    expect(loaded).toMatchObject({ ok: true, value: { warnings: [] } });
    const config = configOf(loaded);
    expect(config.etcd.endpoints).toHaveLength(3);
    expect(config.advertise).toBe(`http://${name}:${config.listen.port}`);
    expect(config.tokens).toHaveLength(1);
    expect(service.secrets).toEqual(['etcron-tokens']);
    expect(service.healthcheck.test.join(' ')).toContain(`:${config.listen.port}/readyz`);
    // Published for this machine only: the network decides about more, not this file.
    expect(service.ports).toEqual([
      expect.stringMatching(new RegExp(`^127\\.0\\.0\\.1:\\d+:${config.listen.port}$`)),
    ]);
  });

  it.each(started('worker'))('starts %s with settings that a worker accepts', (name, service) => {
    const loaded = loadWorkerConfig({ flags: flagsOf(service), env: service.environment, readFile });
    expect(loaded).toMatchObject({ ok: true, value: { warnings: [] } });
    const config = configOf(loaded);
    expect(config.name).toBe(name);
    expect(config.advertise).toBe(`http://${name}:${config.listen.port}`);
    expect(service.volumes).toEqual([`${name}:${config.dataDir}`]);
    expect(service.healthcheck.test.join(' ')).toContain(`:${config.listen.port}/readyz`);
  });

  it('gives etcd flags and variables that it knows', () => {
    const help = execFileSync(process.env['ETCRON_ETCD_BIN'] ?? 'etcd', ['--help'], {
      encoding: 'utf8',
      stdio: 'pipe',
    });
    const known = new Set(Array.from(help.matchAll(/^ {2}--([a-z-]+)/gm), ([, flag]) => flag));
    const used = started('etcd').flatMap(([, service]) => [
      ...Object.keys(flagsOf(service)),
      // etcd reads each flag from a variable too: ETCD_DATA_DIR is --data-dir.
      ...Object.keys(service.environment).map((name) =>
        name
          .replace(/^ETCD_/, '')
          .toLowerCase()
          .replaceAll('_', '-'),
      ),
    ]);
    expect(used.length).toBeGreaterThan(20);
    expect(used.filter((flag) => !known.has(flag))).toEqual([]);
  });

  it('has members of etcd that name each other', () => {
    for (const [name, service] of started('etcd')) {
      const flags = flagsOf(service);
      const cluster = service.environment['ETCD_INITIAL_CLUSTER']!.split(',');
      expect(cluster).toHaveLength(3);
      expect(cluster).toContain(`${flags['name']}=${flags['initial-advertise-peer-urls']}`);
      expect(flags['name']).toBe(name);
    }
  });

  it('refers to nothing that is not in it', () => {
    for (const [, service] of services) {
      expect(Object.keys(compose.services)).toEqual(
        expect.arrayContaining(Object.keys(service.depends_on ?? {})),
      );
      expect(Object.keys(compose.secrets)).toEqual(expect.arrayContaining([...(service.secrets ?? [])]));
      const volumes = (service.volumes ?? []).map((volume) => volume.split(':')[0]);
      expect(Object.keys(compose.volumes)).toEqual(expect.arrayContaining(volumes));
    }
  });
});

describe('the Dockerfile', () => {
  const text = file('Dockerfile');

  it('runs as another user than root, under a first process that reaps', () => {
    expect(text).toMatch(/^USER node$/m);
    expect(text).toMatch(/^ENTRYPOINT \["\/usr\/bin\/tini", "--", "etcron"\]$/m);
  });

  it('is given every file that it copies', () => {
    const let_in = file('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const copied = Array.from(text.matchAll(/^COPY (?!--from)(.+) \S+$/gm), ([, files]) =>
      files!.split(' '),
    ).flat();
    expect(copied.length).toBeGreaterThan(4);
    expect(copied.map((path) => path.replace(/^\.\//, '')).filter((path) => !let_in.includes(path))).toEqual(
      [],
    );
  });
});
