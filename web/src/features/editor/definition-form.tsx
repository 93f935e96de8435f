// The form: what every job needs first, the rest in sections that open. A section opens by itself when something is
// wrong in it, and tells how much of it is set.
import { Accordion, Badge, Group, Stack, Text } from '@mantine/core';
import { Fragment, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';
import type { TaskKind } from './definition-fields.ts';
import { FieldInput } from './field-input.tsx';
import { formFields, SECTIONS, type FormField, type Section } from './form-fields.ts';
import { isWithin, valueAt } from './paths.ts';

export interface DefinitionFormProps {
  readonly draft: unknown;
  /** Those that are shown. */
  readonly issues: readonly FieldIssue[];
  readonly isDisabled: boolean;
  /** A job has its name for ever. */
  readonly isNew: boolean;
  readonly onChange: (path: string, value: unknown) => void;
  readonly onFault: (path: string, message: string | undefined) => void;
  /** Where there is no room beside the form: what the schedule means. */
  readonly preview: ReactNode;
}

export function DefinitionForm({
  draft,
  issues,
  isDisabled,
  isNew,
  onChange,
  onFault,
  preview,
}: DefinitionFormProps): ReactNode {
  const { t } = useTranslation('editor');
  const [opened, setOpened] = useState<string[]>([]);
  const kind = valueAt(draft, 'task.kind') as TaskKind | undefined;
  const isThere = ({ kinds, path }: FormField): boolean =>
    !kinds || kinds.some((each) => each === kind) || valueAt(draft, path) !== undefined;
  const shown = formFields.filter(isThere);
  const hasIssue = ({ path }: FormField): boolean => issues.some((issue) => isWithin(issue.path, path));
  const input = (field: FormField): ReactNode => (
    <FieldInput
      key={field.path}
      field={field}
      draft={draft}
      issues={issues}
      isDisabled={isDisabled || (field.path === 'name' && !isNew)}
      onChange={onChange}
      onFault={onFault}
    />
  );
  const sections = SECTIONS.map((section) => {
    const fields = shown.filter((field) => field.section === section && !field.isBasic);
    return {
      section,
      fields,
      set: fields.filter(({ path }) => valueAt(draft, path) !== undefined).length,
      wrong: fields.filter(hasIssue).length,
    };
  }).filter(({ fields }) => fields.length > 0);
  const open = [
    ...new Set<string>([
      ...opened,
      ...sections.flatMap(({ section, wrong }) => (wrong > 0 ? [section] : [])),
    ]),
  ];

  return (
    <Stack gap="md">
      {shown
        .filter(({ isBasic }) => isBasic)
        .map((field) => (
          <Fragment key={field.path}>
            {input(field)}
            {field.path === 'timezone' && preview}
          </Fragment>
        ))}
      <Accordion multiple order={2} variant="contained" value={open} onChange={setOpened} keepMounted={false}>
        {sections.map(({ section, fields, set, wrong }) => (
          <Accordion.Item key={section} value={section}>
            <Accordion.Control>
              <Group gap="xs">
                <Text size="sm" fw={600}>
                  {t(`section.${section satisfies Section}.title`)}
                </Text>
                {set > 0 && (
                  <Badge size="xs" variant="default" tt="none">
                    {t('section.set', { count: set })}
                  </Badge>
                )}
                {wrong > 0 && (
                  <Badge size="xs" color="red" tt="none">
                    {t('section.wrong', { count: wrong })}
                  </Badge>
                )}
                <Text size="xs" c="dimmed">
                  {t(`section.${section satisfies Section}.help`)}
                </Text>
              </Group>
            </Accordion.Control>
            <Accordion.Panel>
              <Stack gap="md">{fields.map(input)}</Stack>
            </Accordion.Panel>
          </Accordion.Item>
        ))}
      </Accordion>
    </Stack>
  );
}
