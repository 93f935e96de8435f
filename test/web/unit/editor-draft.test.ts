// A definition as text and as fields: both stay the same, and what two people did to it comes together.
import { describe, expect, it } from 'vitest';
import { jobDefinition } from '../../../src/common/model/job.ts';
import {
  draftOf,
  placeOf,
  withField,
  withoutDefaults,
  withText,
} from '../../../web/src/features/editor/draft.ts';
import { meetings } from '../../../web/src/features/editor/merge.ts';
import { isWithin, stepsOf, valueAt } from '../../../web/src/features/editor/paths.ts';

const plain = { name: 'a', schedule: '@daily', task: { kind: 'shell', command: 'true' } };
const defined = (more: object = {}) => jobDefinition.parse({ ...plain, ...more });

describe('paths', () => {
  it('are read as messages write them', () => {
    expect(stepsOf('retry.delay')).toEqual(['retry', 'delay']);
    expect(stepsOf('schedule[1]')).toEqual(['schedule', 1]);
    expect(stepsOf('labels["a b"].x')).toEqual(['labels', 'a b', 'x']);
    expect(valueAt({ schedule: ['a', 'b'] }, 'schedule[1]')).toBe('b');
    expect(valueAt({ a: 1 }, 'a.b')).toBeUndefined();
  });
  it('lie in each other only at a border', () => {
    expect(isWithin('retry.delay', 'retry')).toBe(true);
    expect(isWithin('schedule[0]', 'schedule')).toBe(true);
    expect(isWithin('retryOf', 'retry')).toBe(false);
  });
});

describe('a draft', () => {
  it('keeps comments and order when a field is changed', () => {
    const draft = withText(draftOf({}), '# the nightly one\nname: a # short\nschedule: "@daily"\n');
    const changed = withField(withField(draft, 'retry.limit', 3), 'name', 'b');
    expect(changed.text).toBe('# the nightly one\nname: b # short\nschedule: "@daily"\nretry:\n  limit: 3\n');
    expect(changed.value).toEqual({ name: 'b', schedule: '@daily', retry: { limit: 3 } });
  });
  it('takes away what is empty with the last field in it', () => {
    const draft = draftOf({ name: 'a', retry: { on: { timeout: true } } });
    expect(withField(draft, 'retry.on.timeout', undefined).value).toEqual({ name: 'a' });
  });
  it('keeps what it said last while the text cannot be read, and says where', () => {
    const draft = withText(draftOf({ name: 'a' }), 'name: [a\n');
    expect(draft.value).toEqual({ name: 'a' });
    expect(draft.fault?.message).toMatch(/\S/);
    expect(withField(draft, 'name', 'b')).toBe(draft);
    expect(withText(draft, 'name: c\n')).toMatchObject({ value: { name: 'c' }, fault: undefined });
  });
  it('takes no text that is a list or a word', () => {
    expect(withText(draftOf({}), '- a\n').fault).toBeDefined();
    expect(withText(draftOf({ name: 'a' }), '').value).toEqual({});
  });
  it('finds a field in the text, or what is around it', () => {
    const { text } = draftOf({ name: 'a', retry: { limit: 3 } });
    expect(text.slice(...placeOf(text, 'retry.limit'))).toBe('3');
    expect(text.slice(...placeOf(text, 'retry.delay'))).toContain('limit: 3');
    expect(text.slice(...placeOf(text, 'timezone'))).toBe('name: a');
  });
  it('leaves out what has its default, and nothing else', () => {
    const definition = defined({ paused: true, retry: { limit: 2 } });
    expect(withoutDefaults(definition)).toEqual({ ...plain, paused: true, retry: { limit: 2 } });
    expect(jobDefinition.parse(withoutDefaults(definition))).toEqual(definition);
  });
});

describe('two that changed one definition', () => {
  it('keep what only one of them changed, and meet over what both did', () => {
    const base = defined({ timeout: '5m' });
    const theirs = defined({ timeout: '10m', description: 'ours', retry: { limit: 1 } });
    const mine = defined({ timeout: '15m', overlap: 'queue', retry: { limit: 1 } });
    const met = new Map(meetings(base, theirs, mine).map((each) => [each.path, each]));
    expect(met.get('timeout')).toMatchObject({ isConflict: true, base: '5m', theirs: '10m', mine: '15m' });
    expect(met.get('description')).toMatchObject({ isConflict: false, by: 'them' });
    expect(met.get('overlap')).toMatchObject({ isConflict: false, by: 'me' });
    expect(met.get('retry.limit')).toMatchObject({ isConflict: false, by: 'both' });
    expect(met.size).toBe(4);
  });
  it('meet over a secret as a whole', () => {
    const env = (value: string) =>
      defined({ task: { ...plain.task, env: { TOKEN: { secret: true, value } } } });
    const met = meetings(env('•••'), env('•••'), env('new'));
    expect(met.map(({ path, by }) => [path, by])).toEqual([['task.env.TOKEN', 'me']]);
  });
  it('meet over the whole where one changed a part of what the other replaced', () => {
    const base = defined({ labels: { team: 'a' } });
    const theirs = defined({ labels: { team: 'b' } });
    const mine = defined();
    expect(meetings(base, theirs, mine)).toMatchObject([{ path: 'labels', isConflict: true }]);
  });
});
