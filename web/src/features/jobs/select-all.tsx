// The box in the head: selects all jobs that match, not only those that have been loaded; or none.
import { useMutation } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { notifyDone } from '../../components/notify.ts';
import { call } from '../../lib/api.ts';
import { namesGiven, type JobsSearch } from './jobs-search.ts';
import { SelectBox } from './select-box.tsx';
import type { Selection } from './use-selection.ts';

export interface SelectAllProps {
  readonly selection: Selection;
  readonly wanted: JobsSearch;
  readonly total: number;
}

export function SelectAll({ selection, wanted, total }: SelectAllProps): ReactNode {
  const { t } = useTranslation('jobs');
  const all = useMutation({
    mutationFn: () => call('listJobNames', { query: namesGiven(wanted) }),
    onSuccess: ({ names, total }) => {
      selection.replace(names);
      if (names.length < total) notifyDone(t('selectedFirst', { count: names.length, total }));
    },
  });
  const count = selection.names.size;
  const hasSome = count > 0;
  return (
    <SelectBox
      label={t(hasSome ? 'selectNone' : 'selectAll', { count: total })}
      isOn={count > 0 && count >= total}
      isPart={count > 0 && count < total}
      isDisabled={all.isPending}
      onClick={() => (count > 0 ? selection.replace([]) : all.mutate())}
    />
  );
}
