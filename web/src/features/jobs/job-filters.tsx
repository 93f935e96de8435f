// What narrows the list: words, states with how many jobs are in each, labels. On a phone also the order, which a
// table has in its head.
import { CloseButton, Group, MultiSelect, NativeSelect, TextInput, UnstyledButton } from '@mantine/core';
import { IconSearch } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { memo, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import { JOB_SORTS, type JobFilterState, type JobSort } from '../../../../src/common/api/jobs.ts';
import { read } from '../../lib/query.ts';
import { labelsOf, statesOf, withLabels, withStates, type JobsSearch } from './jobs-search.ts';
import type { Want } from './use-wanted.ts';

/** What needs somebody first. `active` is what most are: nobody looks for those. */
const STATES = [
  'running',
  'failing',
  'unschedulable',
  'broken',
  'paused',
] as const satisfies readonly JobFilterState[];

export interface JobFiltersProps {
  readonly wanted: JobsSearch;
  readonly want: Want;
  readonly searchBox: RefObject<HTMLInputElement | null>;
}

export function JobFilters({ wanted, want, searchBox }: JobFiltersProps): ReactNode {
  const { t } = useTranslation('jobs');
  return (
    <Group gap="xs" mb="sm" className="jobs-filters">
      <TextInput
        ref={searchBox}
        type="search"
        className="jobs-search"
        value={wanted.q ?? ''}
        onChange={(event) => want({ q: event.currentTarget.value || undefined })}
        aria-label={t('search')}
        placeholder={t('searchHint')}
        maxLength={200}
        autoComplete="off"
        spellCheck={false}
        leftSection={<IconSearch size={16} aria-hidden />}
        rightSection={
          wanted.q !== undefined && (
            <CloseButton
              size="sm"
              aria-label={t('clearSearch')}
              onClick={() => {
                want({ q: undefined });
                searchBox.current?.focus();
              }}
            />
          )
        }
      />
      <LabelFilter label={wanted.label} want={want} />
      <StateFilter state={wanted.state} want={want} />
      <NativeSelect
        hiddenFrom="sm"
        aria-label={t('sortBy')}
        value={wanted.sort ?? 'name'}
        onChange={(event) => want({ sort: event.currentTarget.value as JobSort, order: undefined })}
        data={JOB_SORTS.map((sort) => ({ value: sort, label: t(`sort.${sort}`) }))}
      />
    </Group>
  );
}

interface StateFilterProps {
  readonly state: JobsSearch['state'];
  readonly want: Want;
}

// Not drawn anew while words are typed; nor are the labels.
const StateFilter = memo(function StateFilter({ state: asked, want }: StateFilterProps): ReactNode {
  const { t } = useTranslation('jobs');
  const counts = useQuery(read('getOverview')).data?.jobs;
  const chosen = statesOf({ state: asked });
  const toggle = (state: JobFilterState): void =>
    want(withStates(chosen.includes(state) ? chosen.filter((each) => each !== state) : [...chosen, state]));
  return (
    <Group gap={4} role="group" aria-label={t('states')} wrap="nowrap" className="jobs-states">
      {STATES.map((state) => (
        <UnstyledButton
          key={state}
          className="jobs-state"
          data-state={state}
          aria-pressed={chosen.includes(state)}
          onClick={() => toggle(state)}
        >
          {t(`state.${state}`)}
          <span className="jobs-state-count" data-some={(counts?.[state] ?? 0) > 0 || undefined}>
            {counts?.[state] ?? '·'}
          </span>
        </UnstyledButton>
      ))}
    </Group>
  );
});

interface LabelFilterProps {
  readonly label: JobsSearch['label'];
  readonly want: Want;
}

const LabelFilter = memo(function LabelFilter({ label, want }: LabelFilterProps): ReactNode {
  const { t } = useTranslation('jobs');
  const labels = useQuery(read('listLabels')).data?.items ?? [];
  const chosen = labelsOf({ label });
  const known = labels.map(({ key, values }) => ({
    group: key,
    items: [
      { value: key, label: t('anyValue', { key }) },
      // What is empty, or would read as two, can only be asked for by its key.
      ...values.flatMap(({ value }) =>
        value === '' || value.includes(',') ? [] : [{ value: `${key}=${value}`, label: `${key}=${value}` }],
      ),
    ],
  }));
  const there = new Set(known.flatMap(({ items }) => items.map(({ value }) => value)));
  const others = chosen.filter((label) => !there.has(label));
  return (
    <MultiSelect
      className="jobs-label-filter"
      aria-label={t('labels')}
      placeholder={chosen.length === 0 ? t('labels') : ''}
      data={others.length > 0 ? [...known, { group: '…', items: others }] : known}
      value={[...chosen]}
      onChange={(values) => want(withLabels(values))}
      limit={200}
      searchable
      clearable
      nothingFoundMessage={t('noLabel')}
      clearButtonProps={{ 'aria-label': t('clearLabels') }}
      comboboxProps={{ width: 280, position: 'bottom-start' }}
    />
  );
});
