// The form of the editor and the schema of a definition: neither has a field that the other does not.
import { describe, expect, it } from 'vitest';
import { checkDefinition } from '../../../src/common/core/definition.ts';
import { createScheduleCompiler } from '../../../src/common/core/schedule.ts';
import { instant } from '../../../src/common/model/time.ts';
import { schemaFields } from '../../../web/src/features/editor/definition-fields.ts';
import { formFields, SECTIONS } from '../../../web/src/features/editor/form-fields.ts';
import { templates } from '../../../web/src/features/editor/templates.ts';
import { editor as en } from '../../../web/src/locales/en/editor.ts';

const inOrder = (texts: readonly string[]): string[] => [...texts].sort();

describe('the form of a definition', () => {
  it('has each field of the schema, once, and no other', () => {
    expect(inOrder(formFields.map(({ path }) => path))).toEqual(
      inOrder(schemaFields.map(({ path }) => path)),
    );
  });

  it('reads the schema down to its last field', () => {
    const paths = schemaFields.map(({ path }) => path);
    expect(paths).toContain('task.tls.verify');
    expect(paths).toContain('retry.on.exitCodes');
    expect(schemaFields.find(({ path }) => path === 'task.command')?.kinds).toEqual(['shell']);
    expect(schemaFields.find(({ path }) => path === 'task.env')?.kinds).toEqual(['shell', 'exec']);
    expect(schemaFields.find(({ path }) => path === 'overlap')).toMatchObject({
      default: 'forbid',
      options: ['forbid', 'queue', 'replace', 'allow'],
    });
  });

  it('shows fields of a task for the kinds that have them', () => {
    for (const { path, kinds } of schemaFields.filter(({ path }) => /^task\.(?!kind)/.test(path)))
      expect([path, formFields.find((field) => field.path === path)?.kinds]).toEqual([path, kinds]);
  });

  it('has words for each field, and for no other', () => {
    const keys = formFields.map(({ path }) => path.replaceAll('.', '_'));
    expect(inOrder(Object.keys(en.field))).toEqual(inOrder(keys));
  });

  it('puts each field into a section that is shown', () => {
    for (const { section } of formFields) expect(SECTIONS).toContain(section);
  });

  it.each(Object.entries(templates))(
    'begins %s with a definition that is good once it is named',
    (_, template) => {
      const checked = checkDefinition(
        { ...template, name: 'named' },
        { now: instant(Date.parse('2026-11-23T10:00:00Z')), compiler: createScheduleCompiler() },
      );
      expect(checked).toMatchObject({ ok: true });
    },
  );
});
