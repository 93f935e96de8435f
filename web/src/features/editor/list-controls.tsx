// Inputs for lists: the expressions of a schedule, the arguments of a program, codes. Each entry is a line of its own,
// so that what is wrong with it is told beside it.
import { ActionIcon, Button, Group, Input, Stack, TagsInput, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ControlProps } from './controls.tsx';

export interface ListProps extends ControlProps {
  /** What is wrong with an entry. */
  readonly errorAt: (index: number) => string | undefined;
}

const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
const textsOf = (value: unknown): string[] =>
  (Array.isArray(value) ? (value as unknown[]) : [value]).map(textOf);

interface LinesProps extends ListProps {
  readonly entryLabel: (index: number) => string;
  readonly addLabel: string;
  readonly placeholder: string;
  readonly list?: string;
}

function Lines(props: LinesProps): ReactNode {
  const { t } = useTranslation('editor');
  const { id, label, help, error, isDisabled, value, errorAt, entryLabel, addLabel, placeholder, list } =
    props;
  const texts = textsOf(value);
  const change = (next: readonly string[]): void => props.onChange(next);
  return (
    <Input.Wrapper label={label} description={help} error={error} labelElement="div">
      <Stack gap={6} mt={4}>
        {texts.map((text, i) => (
          // oxlint-disable-next-line react/no-array-index-key -- an entry is known by its place
          <Group key={i} gap={4} align="flex-start" wrap="nowrap">
            <TextInput
              id={i === 0 ? id : `${id}-${i}`}
              flex={1}
              value={text}
              placeholder={placeholder}
              aria-label={entryLabel(i)}
              error={errorAt(i)}
              disabled={isDisabled}
              {...(list !== undefined && { list })}
              onChange={(event) => change(texts.with(i, event.currentTarget.value))}
              spellCheck={false}
              autoComplete="off"
              classNames={{ input: 'page-mono' }}
            />
            {texts.length > 1 && (
              <ActionIcon
                size={36}
                aria-label={t('remove', { what: entryLabel(i) })}
                disabled={isDisabled}
                onClick={() => change(texts.toSpliced(i, 1))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            )}
          </Group>
        ))}
        <div>
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlus size={14} aria-hidden />}
            disabled={isDisabled}
            onClick={() => change([...texts, ''])}
          >
            {addLabel}
          </Button>
        </div>
      </Stack>
    </Input.Wrapper>
  );
}

const EXAMPLES = [
  '*/5 * * * *',
  '0 * * * *',
  '30 2 * * *',
  'H H * * 1-5',
  '0 0 1 * *',
  '*/10 * * * * *',
  '@hourly',
  '@daily',
  '@weekly',
  '@every 90s',
  '@manual',
];

export function ScheduleControl(props: ListProps): ReactNode {
  const { t } = useTranslation('editor');
  const list = `${props.id}-examples`;
  return (
    <>
      <datalist id={list}>
        {EXAMPLES.map((text) => (
          <option key={text} value={text}>
            {text}
          </option>
        ))}
      </datalist>
      <Lines
        {...props}
        list={list}
        entryLabel={(i) => t('schedule.entry', { number: i + 1 })}
        addLabel={t('schedule.add')}
        placeholder="*/5 * * * *"
        onChange={(value) => {
          const texts = value as readonly string[];
          props.onChange(texts.length === 1 ? texts[0] : texts);
        }}
      />
    </>
  );
}

export function ArgvControl(props: ListProps): ReactNode {
  const { t } = useTranslation('editor');
  return (
    <Lines
      {...props}
      entryLabel={(i) => (i === 0 ? t('argv.program') : t('argv.argument', { number: i }))}
      addLabel={t('argv.add')}
      placeholder="/usr/bin/program"
    />
  );
}

/** Codes and ranges: numbers as numbers. */
export function CodesControl(props: ControlProps): ReactNode {
  const { id, label, help, error, isDisabled, value, standard, onChange } = props;
  const codes = value === undefined ? [] : textsOf(value);
  return (
    <TagsInput
      id={id}
      label={label}
      description={help}
      error={error}
      disabled={isDisabled}
      value={codes}
      placeholder={codes.length === 0 ? textsOf(standard).join(', ') : ''}
      onChange={(texts) =>
        onChange(
          texts.length === 0 ? undefined : texts.map((text) => (/^\d+$/.test(text) ? Number(text) : text)),
        )
      }
      maw={420}
    />
  );
}
