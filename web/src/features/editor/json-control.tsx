// Input for any value: JSON; where a text may be meant, what is no JSON object or list is the text that it is.
import { Textarea } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { sameValue } from '../../../../src/common/core/same-value.ts';
import type { ControlProps } from './controls.tsx';
import { useFault } from './use-fault.ts';

export interface JsonProps extends ControlProps {
  readonly mayBeText: boolean;
}

type Read = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

function readJson(text: string, mayBeText: boolean): Read {
  if (text.trim() === '') return { ok: true, value: undefined };
  if (mayBeText && !/^\s*[[{]/.test(text)) return { ok: true, value: text };
  try {
    return { ok: true, value: JSON.parse(text) as unknown };
  } catch {
    return mayBeText ? { ok: true, value: text } : { ok: false };
  }
}

const textOf = (value: unknown, mayBeText: boolean): string =>
  value === undefined
    ? ''
    : mayBeText && typeof value === 'string'
      ? value
      : JSON.stringify(value, undefined, 2);

export function JsonControl({
  id,
  label,
  help,
  error,
  isDisabled,
  value,
  mayBeText,
  onChange,
  onFault,
}: JsonProps): ReactNode {
  const { t } = useTranslation('editor');
  const [typed, setTyped] = useState(() => textOf(value, mayBeText));
  const told = readJson(typed, mayBeText);
  // Changed as YAML meanwhile.
  const isSame = !told.ok || sameValue(told.value, value);
  const text = isSame ? typed : textOf(value, mayBeText);
  const isBrokenJson = mayBeText && /^\s*[[{]/.test(text) && told.ok && typeof told.value === 'string';
  useFault(told.ok ? undefined : t('noJson'), onFault);
  return (
    <Textarea
      id={id}
      label={label}
      description={isBrokenJson ? `${help} ${t('asText')}` : help}
      error={error}
      disabled={isDisabled}
      value={text}
      onChange={(event) => {
        const next = event.currentTarget.value;
        setTyped(next);
        const read = readJson(next, mayBeText);
        if (read.ok) onChange(read.value);
      }}
      autosize
      minRows={2}
      maxRows={16}
      spellCheck={false}
      classNames={{ input: 'page-mono' }}
    />
  );
}
