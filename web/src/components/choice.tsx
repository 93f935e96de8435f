// One of a few, all of which are to be seen: how something is shown, and how much of it.
import { SegmentedControl } from '@mantine/core';
import { useState, type ReactNode } from 'react';
import { readStored, writeStored } from '../lib/stored.ts';

export interface ChoiceProps<T extends string> {
  /** Not seen; said to who cannot see what it is about. */
  readonly label: string;
  readonly options: readonly (readonly [value: T, name: string])[];
  readonly value: T;
  readonly onChoose: (value: T) => void;
}

export function Choice<T extends string>({ label, options, value, onChoose }: ChoiceProps<T>): ReactNode {
  return (
    <SegmentedControl
      size="xs"
      aria-label={label}
      value={value}
      onChange={onChoose}
      data={options.map(([each, name]) => ({ value: each, label: name }))}
    />
  );
}

/** What was chosen in this browser, under `key`; the first when nothing was. */
export function useRemembered<T extends string>(
  key: string,
  all: readonly [T, ...T[]],
): readonly [T, (value: T) => void] {
  const [value, setValue] = useState(() => {
    const stored = readStored(key);
    return all.find((each) => each === stored) ?? all[0];
  });
  const choose = (chosen: T): void => {
    setValue(chosen);
    writeStored(key, chosen);
  };
  return [value, choose];
}
