// How each field of a definition is shown in the form: in which section, and by what kind of input. In the order in
// which they are shown. A field of the schema that is missing here fails test/web/unit/editor-fields.
import type { TaskKind } from './definition-fields.ts';

export const SECTIONS = ['basics', 'task', 'schedule', 'overlap', 'retry', 'workers', 'keeping'] as const;
export type Section = (typeof SECTIONS)[number];

export type Control =
  | 'text'
  | 'lines'
  | 'code'
  | 'number'
  | 'switch'
  | 'choice'
  | 'schedule'
  | 'timezone'
  | 'labels'
  | 'wanted'
  | 'values'
  | 'argv'
  | 'json'
  | 'payload'
  | 'codes'
  | 'kind';

export interface FormField {
  readonly path: string;
  readonly section: Section;
  readonly control: Control;
  /** Shown at once; the others when their section is opened. */
  readonly isBasic?: true;
  readonly kinds?: readonly TaskKind[];
  /** What holds when it is not written, where the schema has no default of its own for it. */
  readonly standard?: unknown;
}

const field = (
  path: string,
  section: Section,
  control: Control,
  more: Partial<FormField> = {},
): FormField => ({
  path,
  section,
  control,
  ...more,
});
const basic = { isBasic: true } as const;
const processes: readonly TaskKind[] = ['shell', 'exec'];

export const formFields: readonly FormField[] = [
  field('name', 'basics', 'text', basic),
  field('description', 'basics', 'lines', basic),
  field('labels', 'basics', 'labels', basic),
  field('paused', 'basics', 'switch', basic),

  field('task.kind', 'task', 'kind', basic),
  field('task.command', 'task', 'code', { ...basic, kinds: ['shell'] }),
  field('task.argv', 'task', 'argv', { ...basic, kinds: ['exec'] }),
  field('task.url', 'task', 'text', { ...basic, kinds: ['http'] }),
  field('task.method', 'task', 'choice', { ...basic, kinds: ['http'] }),
  field('task.name', 'task', 'text', { ...basic, kinds: ['handler'] }),
  field('task.payload', 'task', 'json', { ...basic, kinds: ['handler'] }),
  field('task.env', 'task', 'values', { kinds: processes }),
  field('task.cwd', 'task', 'text', { kinds: processes }),
  field('task.user', 'task', 'text', { kinds: processes }),
  field('task.shell', 'task', 'text', { kinds: ['shell'] }),
  field('task.headers', 'task', 'values', { kinds: ['http'] }),
  field('task.body', 'task', 'payload', { kinds: ['http'] }),
  field('task.expect', 'task', 'codes', { kinds: ['http'] }),
  field('task.redirects', 'task', 'number', { kinds: ['http'] }),
  field('task.timeout', 'task', 'text', { kinds: ['http'] }),
  field('task.tls.verify', 'task', 'switch', { kinds: ['http'] }),
  field('task.tls.ca', 'task', 'code', { kinds: ['http'] }),
  field('timeout', 'task', 'text'),
  field('killGrace', 'task', 'text'),

  field('schedule', 'schedule', 'schedule', basic),
  field('timezone', 'schedule', 'timezone', basic),
  field('dst.gap', 'schedule', 'choice'),
  field('dst.repeat', 'schedule', 'choice'),
  field('jitter', 'schedule', 'text'),
  field('startAt', 'schedule', 'text'),
  field('endAt', 'schedule', 'text'),
  field('anchor', 'schedule', 'text'),

  field('overlap', 'overlap', 'choice'),
  field('catchUp.policy', 'overlap', 'choice'),
  field('catchUp.window', 'overlap', 'text'),
  field('onLostLease', 'overlap', 'choice'),

  field('retry.limit', 'retry', 'number'),
  field('retry.delay', 'retry', 'text'),
  field('retry.factor', 'retry', 'number'),
  field('retry.maxDelay', 'retry', 'text'),
  field('retry.on.exitCodes', 'retry', 'codes', { kinds: processes }),
  field('retry.on.statuses', 'retry', 'codes', { kinds: ['http'] }),
  field('retry.on.timeout', 'retry', 'switch'),
  field('retry.on.error', 'retry', 'switch'),
  field('retry.on.lost', 'retry', 'switch', { standard: true }),

  field('workers.labels', 'workers', 'wanted'),
  field('workers.mode', 'workers', 'choice'),

  field('history.keep', 'keeping', 'number'),
  field('history.for', 'keeping', 'text'),
  field('output.limit', 'keeping', 'text'),
];
