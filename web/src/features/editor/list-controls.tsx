// Inputs for lists: the expressions of a schedule, the arguments of a program, codes. Each entry is a line of its own,
// so that what is wrong with it is told beside it.
import { ActionIcon, Button, Group, Input, Menu, Stack, TagsInput, Text, TextInput } from '@mantine/core';
import { IconBulb, IconPlus, IconTrash } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ControlProps } from './controls.tsx';
import { wordsOf } from './schedule-words.ts';

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
  /** Beside the button that adds one. */
  readonly beside?: ReactNode;
}

function Lines(props: LinesProps): ReactNode {
  const { t } = useTranslation('editor');
  const { id, label, help, error, isDisabled, value, errorAt, entryLabel, addLabel, placeholder, beside } =
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
        <Group gap="xs">
          <Button
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlus size={14} aria-hidden />}
            disabled={isDisabled}
            onClick={() => change([...texts, ''])}
          >
            {addLabel}
          </Button>
          {beside}
        </Group>
      </Stack>
    </Input.Wrapper>
  );
}

const EXAMPLES = [
  '*/5 * * * *',
  '0 * * * *',
  'H * * * *',
  '30 2 * * *',
  '0 9 * * 1-5',
  'H H(1-5) * * *',
  '0 18 * * fri',
  '0 0 1 * *',
  '0 6 L * *',
  '*/10 * * * * *',
  '@every 90s',
  '@manual',
];

/** For those who do not write cron: what it says in words, and how that is written. */
function ScheduleMenu({ isDisabled, onChoose }: ScheduleMenuProps): ReactNode {
  const { t } = useTranslation('editor');
  return (
    <Menu position="bottom-start" width={340}>
      <Menu.Target>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconBulb size={14} aria-hidden />}
          disabled={isDisabled}
        >
          {t('schedule.examples')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: 'auto' }}>
        {EXAMPLES.map((text) => (
          <Menu.Item key={text} onClick={() => onChoose(text)}>
            <Group justify="space-between" wrap="nowrap" gap="md">
              <span>{wordsOf({ schedule: text })}</span>
              <Text span size="xs" c="dimmed" className="page-mono page-count">
                {text}
              </Text>
            </Group>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

interface ScheduleMenuProps {
  readonly isDisabled: boolean;
  readonly onChoose: (text: string) => void;
}

export function ScheduleControl(props: ListProps): ReactNode {
  const { t } = useTranslation('editor');
  const change = (value: unknown): void => {
    const texts = value as readonly string[];
    props.onChange(texts.length === 1 ? texts[0] : texts);
  };
  return (
    <Lines
      {...props}
      entryLabel={(i) => t('schedule.entry', { number: i + 1 })}
      addLabel={t('schedule.add')}
      placeholder="*/5 * * * *"
      beside={
        <ScheduleMenu
          isDisabled={props.isDisabled}
          onChoose={(text) => change([...textsOf(props.value).slice(0, -1), text])}
        />
      }
      onChange={change}
    />
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
