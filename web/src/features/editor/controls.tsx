// Plain inputs of the form, each for a value that is text, a number, one of several, yes or no.
import { Autocomplete, NumberInput, Select, Switch, Textarea, TextInput } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { TASK_KINDS } from './definition-fields.ts';

export interface ControlProps {
  readonly id: string;
  readonly label: string;
  readonly help: string;
  readonly value: unknown;
  /** Of the schema; shown where nothing is written. */
  readonly standard: unknown;
  readonly options: readonly string[] | undefined;
  readonly error: string | undefined;
  readonly isDisabled: boolean;
  /** `undefined`: it is not set. */
  readonly onChange: (value: unknown) => void;
  /** What stands in it and cannot be passed on, so that it is not lost unseen; undefined: it can be. */
  readonly onFault: (message: string | undefined) => void;
}

const base = ({ id, label, help, error, isDisabled }: ControlProps) => ({
  id,
  label,
  description: help,
  error,
  disabled: isDisabled,
});
const textOf = (value: unknown): string =>
  value === undefined ? '' : typeof value === 'string' ? value : JSON.stringify(value);
const orNone = (text: string): string | undefined => (text === '' ? undefined : text);

export function TextControl(props: ControlProps): ReactNode {
  const { value, standard, onChange } = props;
  return (
    <TextInput
      {...base(props)}
      value={textOf(value)}
      placeholder={textOf(standard)}
      onChange={(event) => onChange(orNone(event.currentTarget.value))}
      spellCheck={false}
      autoComplete="off"
    />
  );
}

export function LinesControl(props: ControlProps & { readonly isCode?: boolean }): ReactNode {
  const { value, standard, onChange, isCode = false } = props;
  return (
    <Textarea
      {...base(props)}
      value={textOf(value)}
      placeholder={textOf(standard)}
      onChange={(event) => onChange(orNone(event.currentTarget.value))}
      autosize
      minRows={isCode ? 3 : 1}
      maxRows={16}
      spellCheck={!isCode}
      {...(isCode && { classNames: { input: 'page-mono' } })}
    />
  );
}

export function NumberControl(props: ControlProps): ReactNode {
  const { value, standard, onChange } = props;
  return (
    <NumberInput
      {...base(props)}
      value={typeof value === 'number' ? value : textOf(value)}
      placeholder={textOf(standard)}
      onChange={(told) =>
        onChange(told === '' ? undefined : Number.isNaN(Number(told)) ? told : Number(told))
      }
      maw={220}
    />
  );
}

export function SwitchControl(props: ControlProps): ReactNode {
  const { value, standard, onChange } = props;
  return (
    <Switch
      {...base(props)}
      checked={(value ?? standard) === true}
      onChange={(event) =>
        onChange(event.currentTarget.checked || (standard === undefined ? undefined : false))
      }
    />
  );
}

export function ChoiceControl(props: ControlProps): ReactNode {
  const { value, standard, options = [], onChange } = props;
  return (
    <Select
      {...base(props)}
      data={[...options]}
      value={typeof value === 'string' ? value : textOf(standard)}
      onChange={(told) => onChange(told ?? undefined)}
      allowDeselect={false}
      maw={320}
    />
  );
}

export function KindControl(props: ControlProps): ReactNode {
  const { t } = useTranslation('editor');
  const { value, onChange } = props;
  return (
    <Select
      {...base(props)}
      data={TASK_KINDS.map((kind) => ({ value: kind, label: t(`kind.${kind}`) }))}
      value={typeof value === 'string' ? value : null}
      onChange={(told) => onChange(told ?? undefined)}
      allowDeselect={false}
      maw={320}
    />
  );
}

const ZONES = ['UTC', ...Intl.supportedValuesOf('timeZone').filter((zone) => zone !== 'UTC')];
const MOST_ZONES = 30;

export function TimezoneControl(props: ControlProps): ReactNode {
  const { value, standard, onChange } = props;
  return (
    <Autocomplete
      {...base(props)}
      data={ZONES}
      limit={MOST_ZONES}
      value={textOf(value)}
      placeholder={textOf(standard)}
      onChange={(told) => onChange(orNone(told))}
      maw={320}
    />
  );
}
