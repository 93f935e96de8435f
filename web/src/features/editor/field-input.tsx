// One field of the form: the input for it, its words, what is wrong with it.
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { FieldIssue } from '../../../../src/common/model/issue.ts';
import {
  ChoiceControl,
  KindControl,
  LinesControl,
  NumberControl,
  SwitchControl,
  TextControl,
  TimezoneControl,
  type ControlProps,
} from './controls.tsx';
import { schemaField } from './definition-fields.ts';
import type { FormField } from './form-fields.ts';
import { JsonControl } from './json-control.tsx';
import { ArgvControl, CodesControl, ScheduleControl } from './list-controls.tsx';
import { PairsControl } from './pair-controls.tsx';
import { isWithin, valueAt } from './paths.ts';
import { helpKey } from './words.ts';

export interface FieldInputProps {
  readonly field: FormField;
  readonly draft: unknown;
  readonly issues: readonly FieldIssue[];
  readonly isDisabled: boolean;
  readonly onChange: (path: string, value: unknown) => void;
  readonly onFault: (path: string, message: string | undefined) => void;
}

export const idOf = (path: string): string => `field-${path.replaceAll('.', '-')}`;

export function FieldInput({
  field,
  draft,
  issues,
  isDisabled,
  onChange,
  onFault,
}: FieldInputProps): ReactNode {
  const { t } = useTranslation('editor');
  const { path, control } = field;
  const own = issues.filter((issue) => isWithin(issue.path, path));
  const isListed = control === 'schedule' || control === 'argv';
  const entryPath = (i: number): string => `${path}[${i}]`;
  const said = own.filter((issue) => !isListed || !/^\[\d+\]$/.test(issue.path.slice(path.length)));
  const error = said
    .map((issue) =>
      issue.path === path ? issue.message : `${issue.path.slice(path.length)} ${issue.message}`,
    )
    .join('; ');
  const known = schemaField(path);
  const key = helpKey(path);
  const props: ControlProps = {
    id: idOf(path),
    label: t(`field.${key}.label`),
    help: t(`field.${key}.help`),
    value: valueAt(draft, path),
    standard: field.standard ?? known.default,
    options: known.options,
    error: error === '' ? undefined : error,
    isDisabled,
    onChange: (value) => onChange(path, value),
    onFault: (message) => onFault(path, message),
  };
  const errorAt = (i: number): string | undefined =>
    own.find((issue) => issue.path === entryPath(i))?.message;
  switch (control) {
    case 'text':
      return <TextControl {...props} />;
    case 'lines':
      return <LinesControl {...props} />;
    case 'code':
      return <LinesControl {...props} isCode />;
    case 'number':
      return <NumberControl {...props} />;
    case 'switch':
      return <SwitchControl {...props} />;
    case 'choice':
      return <ChoiceControl {...props} />;
    case 'kind':
      return <KindControl {...props} />;
    case 'timezone':
      return <TimezoneControl {...props} />;
    case 'schedule':
      return <ScheduleControl {...props} errorAt={errorAt} />;
    case 'argv':
      return <ArgvControl {...props} errorAt={errorAt} />;
    case 'codes':
      return <CodesControl {...props} />;
    case 'labels':
      return <PairsControl {...props} form="text" />;
    case 'wanted':
      return <PairsControl {...props} form="several" />;
    case 'values':
      return <PairsControl {...props} form="secret" />;
    case 'json':
      return <JsonControl {...props} mayBeText={false} />;
    case 'payload':
      return <JsonControl {...props} mayBeText />;
  }
}
