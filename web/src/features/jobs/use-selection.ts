// Which jobs are selected, by name: it outlives filters and pages, so that a selection can be put together from
// several searches. Of a range that has not been loaded as a whole the master tells the names.
import { useMutation } from '@tanstack/react-query';
import { useCallback, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { MOST_NAMES, type JobSummary } from '../../../../src/common/api/jobs.ts';
import { notifyFailed } from '../../components/notify.ts';
import { call } from '../../lib/api.ts';
import { namesGiven, type JobsSearch } from './jobs-search.ts';
import { rangeOf, type Range, type RowAt } from './selected-range.ts';

export interface Selection {
  readonly names: ReadonlySet<string>;
  /** With `isRange`, all from the one toggled last to this one become as this one does. Always the same function. */
  readonly toggle: (index: number, isRange: boolean) => void;
  readonly replace: (names: readonly string[]) => void;
}

interface Asked {
  readonly range: Extract<Range, { kind: 'ask' }>;
  readonly isOn: boolean;
}

export function useSelection(jobs: readonly (JobSummary | undefined)[], wanted: JobsSearch): Selection {
  const { t, i18n } = useTranslation('jobs');
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<RowAt & { readonly wanted: JobsSearch }>(undefined);
  const put = (changed: readonly string[], isOn: boolean): void =>
    setNames((old) => {
      const next = new Set(old);
      for (const name of changed)
        if (isOn) next.add(name);
        else next.delete(name);
      return next;
    });
  const between = useMutation({
    mutationFn: ({ range: { offset, limit } }: Asked) =>
      call('listJobNames', { query: { ...namesGiven(wanted), offset, limit } }),
    onSuccess({ names: found }, { range: { ends }, isOn }) {
      // Others stand there now than those that were chosen.
      if (found[0] !== ends[0] || found.at(-1) !== ends[1]) notifyFailed(t('range.not'), t('range.moved'));
      else put(found, isOn);
    },
  });

  const toggle = (index: number, isRange: boolean): void => {
    const name = jobs[index]?.name;
    if (name === undefined) return;
    const to = { index, name, wanted };
    const from = isRange ? (last.current ?? to) : to;
    const isOn = !names.has(name);
    const range = rangeOf(jobs, from, to, from.wanted === wanted);
    if (range.kind === 'too-long') {
      const told = (count: number): string => count.toLocaleString(i18n.language);
      const words = t('range.tooLong', { jobs: told(range.length), most: told(MOST_NAMES) });
      notifyFailed(t('range.not'), words);
      return;
    }
    last.current = to;
    if (range.kind === 'known') put(range.names, isOn);
    else between.mutate({ range, isOn });
  };
  const latest = useRef(toggle);
  useLayoutEffect(() => {
    latest.current = toggle;
  });

  return {
    names,
    // Rows are drawn anew when what they are given changes.
    toggle: useCallback((index, isRange) => latest.current(index, isRange), []),
    replace(all) {
      last.current = undefined;
      setNames(new Set(all));
    },
  };
}
