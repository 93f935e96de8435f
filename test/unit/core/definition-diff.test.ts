// What differs between two definitions, and what of it may be told.
import { describe, expect, it } from 'vitest';
import { diffDefinitions, type Shown } from '../../../src/common/core/definition-diff.ts';
import { markSecrets, redactSecrets, secretNames } from '../../../src/common/core/definition.ts';
import { jobDefinition, type JobDefinitionInput } from '../../../src/common/model/job.ts';

const define = (rest: Partial<JobDefinitionInput> = {}): Shown => {
  const input = { name: 'a', schedule: '@daily', task: { kind: 'shell', command: 'true' }, ...rest };
  const stored = jobDefinition.parse(input);
  return { stored, shown: redactSecrets(stored) };
};
const withEnv = (env: Record<string, string | { secret: true; value: string }>): Shown =>
  define({ task: { kind: 'shell', command: 'true', env } });
const withPayload = (payload: unknown): Shown =>
  define({ task: { kind: 'handler', name: 'h', payload: payload as never } });

describe('the differences of two definitions', () => {
  it('are none when they say the same, whatever the order of their fields', () => {
    const a = define({ labels: { x: '1', y: '2' } });
    const b = define({ labels: { y: '2', x: '1' } });
    expect(diffDefinitions(a, b)).toEqual([]);
  });

  it('are told by the path of the field, with what it was and what it is', () => {
    const changes = diffDefinitions(
      define({ retry: { limit: 1 }, timeout: '1m', schedule: ['@daily', '@hourly'] }),
      define({ retry: { limit: 2 }, labels: { 'team/a': 'x' }, schedule: ['@daily'] }),
    );
    expect(changes).toEqual([
      { path: 'labels', after: { 'team/a': 'x' } },
      { path: 'schedule', before: ['@daily', '@hourly'], after: ['@daily'] },
      { path: 'retry.limit', before: 1, after: 2 },
      { path: 'timeout', before: '1m' },
    ]);
    const [label] = diffDefinitions(define({ labels: { 'a/b': '1' } }), define({ labels: { 'a/b': '2' } }));
    expect(label).toEqual({ path: 'labels["a/b"]', before: '1', after: '2' });
  });

  it('between kinds of tasks are those of their fields', () => {
    const changes = diffDefinitions(define(), define({ task: { kind: 'exec', argv: ['true'] } }));
    expect(changes.map(({ path }) => path)).toEqual(['task.kind', 'task.argv', 'task.command', 'task.shell']);
  });

  it('of a first definition are all of its fields', () => {
    const changes = diffDefinitions(undefined, define());
    expect(changes.map(({ path }) => path)).toEqual(Object.keys(define().stored));
    expect(changes.every((change) => !('before' in change))).toBe(true);
  });

  it('of payloads go down to a depth, and know no prototype', () => {
    const nested = (value: unknown, levels: number): unknown =>
      levels === 0 ? value : { in: nested(value, levels - 1) };
    const [deep] = diffDefinitions(withPayload(nested(1, 100)), withPayload(nested(2, 100)));
    expect(deep!.path.split('.').length).toBeLessThan(20);
    expect(diffDefinitions(withPayload({}), withPayload({ toString: 1, constructor: null }))).toEqual([
      { path: 'task.payload.toString', after: 1 },
      { path: 'task.payload.constructor', after: null },
    ]);
  });
});

describe('a secret among the differences', () => {
  const secret = (value: string) => ({ secret: true as const, value });
  const tells = (changes: unknown): string => JSON.stringify(changes);

  it('is told to differ, never as what', () => {
    const changes = diffDefinitions(withEnv({ A: secret('hidden-1') }), withEnv({ A: secret('hidden-2') }));
    expect(changes).toEqual([
      { path: 'task.env.A', before: { secret: true }, after: { secret: true }, secret: true },
    ]);
  });

  it('that is the same is not told', () => {
    const changes = diffDefinitions(
      withEnv({ A: secret('hidden'), B: '1' }),
      withEnv({ A: secret('hidden'), B: '2' }),
    );
    expect(changes).toEqual([{ path: 'task.env.B', before: '1', after: '2' }]);
  });

  it('that comes or goes, alone or with all others, is told without its value', () => {
    const one = withEnv({ A: secret('hidden') });
    for (const other of [withEnv({}), define()]) {
      expect(diffDefinitions(other, one)).toMatchObject([{ secret: true }]);
      expect(diffDefinitions(one, other)).toMatchObject([{ secret: true }]);
      expect(tells([diffDefinitions(other, one), diffDefinitions(one, other)])).not.toContain('hidden');
    }
  });

  it('that was plain before stays hidden where its name was marked', () => {
    const plain = withEnv({ A: 'hidden', B: 'open' });
    const marked = withEnv({ A: secret('hidden'), B: 'open' });
    const names = new Set(secretNames(marked.stored));
    const before = { ...plain, shown: redactSecrets(markSecrets(plain.stored, names)) };
    const changes = diffDefinitions(before, marked);
    expect(changes).toMatchObject([{ path: 'task.env.A', secret: true }]);
    expect(tells(changes)).not.toContain('hidden');
    expect(before.shown.task).toMatchObject({ env: { A: { secret: true }, B: 'open' } });
  });
});
