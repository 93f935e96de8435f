// Brings flags, environment and the YAML file together into one checked set of settings, and remembers
// where each value came from, so that every complaint names the place where the reader has to change it.
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import type { Checked, FieldIssue } from '../model/issue.ts';
import {
  allSettings,
  settingsOf,
  settingsSchema,
  type CommandName,
  type Setting,
  type Settings,
} from './settings.ts';

export interface SettingSources {
  /** By flag without dashes: `{slots: '8'}`; only those that were given. `config` names the YAML file. */
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws when the file can't be read. */
  readFile(path: string): string;
}

export interface GatheredSettings {
  readonly settings: Settings;
  /** `--slots`, `ETCRON_SLOTS`, `etcron.yaml: worker.slots`, or `default of --slots`. */
  readonly sourceOf: (path: Setting['path']) => string;
  readonly warnings: readonly string[];
}

type Raw = Record<string, Record<string, unknown>>;

/** Variables with our prefix that are no settings: where etcd comes from, a client's token, and what a task is told. */
const OTHER_VARIABLES = new Set(
  ['CONFIG', 'ETCD_BIN', 'TOKEN', 'JOB', 'RUN_ID', 'SCHEDULED_FOR', 'ATTEMPT', 'FENCING_TOKEN', 'WORKER'].map(
    (name) => `ETCRON_${name}`,
  ),
);

/** Flags win over variables, these over the file. An empty variable counts as not set. */
export function gatherSettings(command: CommandName, sources: SettingSources): Checked<GatheredSettings> {
  const issues: FieldIssue[] = [];
  const origin = new Map<string, string>();
  const file = sources.flags['config'] ?? sources.env['ETCRON_CONFIG'];
  const raw: Raw = file === undefined || file === '' ? {} : readYaml(file, sources, issues);
  for (const setting of allSettings()) {
    const section = (raw[setting.section] ??= {});
    if (section[setting.field] === null) delete section[setting.field];
    if (section[setting.field] !== undefined) origin.set(setting.path, `${file}: ${setting.path}`);
  }
  for (const setting of settingsOf(command)) {
    const variable = sources.env[setting.env];
    if (variable !== undefined && variable !== '') place(raw, origin, setting, variable, setting.env);
    const flag = sources.flags[setting.flag];
    if (flag !== undefined) place(raw, origin, setting, flag, `--${setting.flag}`);
  }
  const parsed = settingsSchema.safeParse(raw);
  if (!parsed.success)
    issues.push(...parsed.error.issues.flatMap((issue) => explain(issue, raw, origin, file)));
  if (!parsed.success || issues.length > 0) return { ok: false, issues };
  return {
    ok: true,
    value: {
      settings: parsed.data,
      sourceOf: (path) => origin.get(path) ?? `default of ${path}`,
      warnings: unknownVariables(sources.env),
    },
  };
}

function place(raw: Raw, origin: Map<string, string>, setting: Setting, text: string, source: string): void {
  raw[setting.section]![setting.field] = fromText(setting.kind ?? 'text', text);
  origin.set(setting.path, source);
}

/** What does not convert stays text, and the schema complains about it. */
function fromText(kind: NonNullable<Setting['kind']>, text: string): unknown {
  switch (kind) {
    case 'text':
      return text;
    case 'number':
      return /^-?\d+$/.test(text) ? Number(text) : text;
    case 'list':
      return text.split(',').map((item) => item.trim());
    case 'map': {
      const pairs = text.split(',').map((pair) => /^\s*([^=]+)=(.*?)\s*$/.exec(pair));
      if (pairs.includes(null)) return text;
      return Object.fromEntries(pairs.map((pair) => [pair![1], pair![2]]));
    }
  }
}

function readYaml(file: string, sources: SettingSources, issues: FieldIssue[]): Raw {
  const fail = (message: string): Raw => {
    issues.push({ path: file, message });
    return {};
  };
  let text: string;
  try {
    text = sources.readFile(file);
  } catch (error) {
    return fail(`the configuration file cannot be read: ${(error as Error).message}`);
  }
  const document = parseDocument(text);
  const broken = document.errors[0];
  if (broken) return fail(`not YAML: ${broken.message.split('\n')[0]}`);
  const content: unknown = document.toJS() ?? {};
  if (!isMap(content))
    return fail('the file must hold sections (etcd, log, master, worker, dev, client) with their settings');
  const raw: Raw = {};
  for (const [section, fields] of Object.entries(content)) {
    if (fields === null) continue;
    if (isMap(fields)) raw[section] = { ...fields };
    else if (!Object.hasOwn(settingsSchema.shape, section)) raw[section] = {};
    else fail(`${section}: must hold settings, one "name: value" a line`);
  }
  return raw;
}

const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function explain(
  issue: z.core.$ZodIssue,
  raw: Raw,
  origin: Map<string, string>,
  file: string | undefined,
): FieldIssue[] {
  const [section, field] = issue.path.map(String);
  const setting = allSettings().find((one) => one.section === section && one.field === field);
  if (setting) {
    const given = raw[setting.section]?.[setting.field];
    const path = origin.get(setting.path) ?? `default of ${setting.path}`;
    const message =
      issue.code === 'custom' && issue.path.length === 2 && issue.message !== 'Invalid input'
        ? issue.message
        : undefined;
    return [{ path, message: message ?? `${show(given)} is not ${setting.expects}` }];
  }
  if (issue.code !== 'unrecognized_keys')
    return [{ path: file ?? issue.path.join('.'), message: issue.message }];
  const known = allSettings().filter((one) => section === undefined || one.section === section);
  const names = [...new Set(known.map((one) => (section === undefined ? one.section : one.field)))].join(
    ', ',
  );
  return issue.keys.map((key) => ({
    path: `${file}: ${[...issue.path, key].join('.')}`,
    message: `unknown ${section === undefined ? 'section' : 'setting'}; known here: ${names}`,
  }));
}

const show = (value: unknown): string => JSON.stringify(value) ?? 'nothing';

function unknownVariables(env: SettingSources['env']): string[] {
  const known = new Set([...OTHER_VARIABLES, ...allSettings().map((setting) => setting.env)]);
  return Object.keys(env)
    .filter((name) => name.startsWith('ETCRON_') && !name.startsWith('ETCRON_TEST_') && !known.has(name))
    .sort()
    .map((name) => `${name} is no setting of etcron and has no effect`);
}
