// Inputs for names with values: labels, labels that a worker must have, variables and headers with their secrets. While
// two rows have one name, or a row has none, nothing is passed on but what is whole.
import {
  ActionIcon,
  Button,
  Checkbox,
  Group,
  Input,
  PasswordInput,
  Stack,
  TagsInput,
  TextInput,
} from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { sameValue } from '../../../../src/common/core/same-value.ts';
import type { ControlProps } from './controls.tsx';
import { useFault } from './use-fault.ts';

export interface PairsProps extends ControlProps {
  readonly form: 'text' | 'several' | 'secret';
}

type Value = string | readonly string[] | { readonly secret: true; readonly value?: string };
type Row = readonly [name: string, value: Value];

const rowsOf = (value: unknown): Row[] =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (Object.entries(value) as Row[])
    : [];

const recordOf = (rows: readonly Row[]): Record<string, Value> | undefined => {
  const named = rows.filter(([name]) => name !== '');
  return named.length === 0 ? undefined : Object.fromEntries(named);
};

const isEmpty = (value: Value): boolean =>
  typeof value === 'string' || Array.isArray(value) ? value.length === 0 : false;

/** A row without a name, or a second one of a name, would be left out. */
function faultOf(rows: readonly Row[]): 'unnamed' | 'twice' | undefined {
  if (rows.some(([name, value]) => name === '' && !isEmpty(value))) return 'unnamed';
  const names = rows.flatMap(([name]) => (name === '' ? [] : [name]));
  return new Set(names).size < names.length ? 'twice' : undefined;
}

export function PairsControl({
  id,
  label,
  help,
  error,
  isDisabled,
  value,
  form,
  onChange,
  onFault,
}: PairsProps): ReactNode {
  const { t } = useTranslation('editor');
  const [rows, setRows] = useState<readonly Row[]>(() => rowsOf(value));
  // The same definition may be changed as text meanwhile.
  const shown = sameValue(recordOf(rows), recordOf(rowsOf(value))) ? rows : rowsOf(value);
  const fault = faultOf(shown);
  useFault(fault === undefined ? undefined : t(`pair.${fault}`), onFault);
  const change = (next: readonly Row[]): void => {
    setRows(next);
    onChange(recordOf(next));
  };
  const empty: Value = form === 'several' ? [] : '';
  return (
    <Input.Wrapper label={label} description={help} error={error} labelElement="div">
      <Stack gap={6} mt={4}>
        {shown.map(([name, each], i) => {
          const what = name === '' ? t('pair.nameless', { number: i + 1 }) : name;
          const isTwice = name !== '' && shown.some(([other], j) => j < i && other === name);
          return (
            // oxlint-disable-next-line react/no-array-index-key -- a row is known by its place: its name changes
            <Group key={i} gap={4} align="flex-start" wrap="nowrap">
              <TextInput
                {...(i === 0 && { id })}
                flex="0 1 200px"
                miw={90}
                maw="40%"
                value={name}
                aria-label={t('pair.name', { number: i + 1 })}
                placeholder={t('pair.namePlaceholder')}
                error={isTwice ? t('pair.twice') : undefined}
                disabled={isDisabled}
                onChange={(event) => change(shown.toSpliced(i, 1, [event.currentTarget.value, each]))}
                spellCheck={false}
                classNames={{ input: 'page-mono' }}
              />
              <PairValue
                value={each}
                form={form}
                label={t('pair.value', { what })}
                isDisabled={isDisabled}
                onChange={(next) => change(shown.toSpliced(i, 1, [name, next]))}
              />
              <ActionIcon
                size={36}
                aria-label={t('remove', { what })}
                disabled={isDisabled}
                onClick={() => change(shown.toSpliced(i, 1))}
              >
                <IconTrash size={16} aria-hidden />
              </ActionIcon>
            </Group>
          );
        })}
        <div>
          <Button
            {...(shown.length === 0 && { id })}
            variant="subtle"
            size="compact-xs"
            leftSection={<IconPlus size={14} aria-hidden />}
            disabled={isDisabled}
            onClick={() => setRows([...shown, ['', empty]])}
          >
            {t('pair.add', { what: label })}
          </Button>
        </div>
      </Stack>
    </Input.Wrapper>
  );
}

interface PairValueProps {
  readonly value: Value;
  readonly form: PairsProps['form'];
  readonly label: string;
  readonly isDisabled: boolean;
  readonly onChange: (value: Value) => void;
}

function PairValue({ value, form, label, isDisabled, onChange }: PairValueProps): ReactNode {
  const { t } = useTranslation('editor');
  if (form === 'several')
    return (
      <TagsInput
        flex={1}
        aria-label={label}
        value={[value].flat().map(String)}
        placeholder={t('pair.several')}
        disabled={isDisabled}
        onChange={(texts) => onChange(texts.length === 1 ? texts[0]! : texts)}
      />
    );
  const secret = typeof value === 'object' && 'secret' in value ? value : undefined;
  const plain = typeof value === 'string' ? value : (secret?.value ?? '');
  return (
    <>
      {secret ? (
        <PasswordInput
          flex={1}
          aria-label={label}
          value={plain}
          placeholder={secret.value === undefined ? t('pair.kept') : ''}
          disabled={isDisabled}
          onChange={(event) => {
            const text = event.currentTarget.value;
            onChange(text === '' ? { secret: true } : { secret: true, value: text });
          }}
          autoComplete="off"
          visibilityToggleButtonProps={{ 'aria-label': t('pair.show') }}
        />
      ) : (
        <TextInput
          flex={1}
          aria-label={label}
          value={plain}
          disabled={isDisabled}
          onChange={(event) => onChange(event.currentTarget.value)}
          spellCheck={false}
          autoComplete="off"
          classNames={{ input: 'page-mono' }}
        />
      )}
      {form === 'secret' && (
        <Checkbox
          mt={8}
          label={t('pair.secret')}
          aria-label={t('pair.isSecret', { what: label })}
          checked={secret !== undefined}
          disabled={isDisabled}
          onChange={(event) =>
            onChange(
              event.currentTarget.checked
                ? plain === ''
                  ? { secret: true }
                  : { secret: true, value: plain }
                : plain,
            )
          }
        />
      )}
    </>
  );
}
