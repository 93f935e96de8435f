// What is chosen of the runs: which list, the outcome of those that ended, words. All of it is in the address.
import { Group, NativeSelect, Text, TextInput } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { getRouteApi } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Choice } from '../../components/choice.tsx';
import { END_FILTERS, RUN_LISTS, type EndFilter, type RunList, type RunsSearch } from './runs-search.ts';

const route = getRouteApi('/runs');

export function RunsBar({ count }: { readonly count: string | undefined }): ReactNode {
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation();
  const { show = 'active', state = '', q = '' } = route.useSearch();
  const navigate = route.useNavigate();
  const want = (change: { [K in keyof RunsSearch]?: RunsSearch[K] | undefined }): void =>
    void navigate({ search: (old) => ({ ...old, ...change }), replace: true });
  const choose = (value: RunList): void =>
    want({ show: value === 'active' ? undefined : value, state: undefined });
  // Side by side its choices are more than the width of a phone.
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false;
  return (
    <Group mb="sm" gap="sm">
      {isNarrow ? (
        <NativeSelect
          size="xs"
          aria-label={t('list.label')}
          value={show}
          onChange={(event) => choose(event.currentTarget.value as RunList)}
          data={RUN_LISTS.map((value) => ({ value, label: t(`list.${value}`) }))}
        />
      ) : (
        <Choice
          label={t('list.label')}
          options={RUN_LISTS.map((value) => [value, t(`list.${value}`)] as const)}
          value={show}
          onChoose={choose}
        />
      )}
      {show === 'recent' && (
        <NativeSelect
          size="xs"
          aria-label={t('end.label')}
          value={state}
          onChange={(event) =>
            want({ state: (event.currentTarget.value || undefined) as EndFilter | undefined })
          }
          data={[
            { value: '', label: t('end.any') },
            ...END_FILTERS.map((value) => ({
              value,
              label: value === 'wrong' ? t('end.wrong') : common(`outcome.${value}`),
            })),
          ]}
        />
      )}
      <TextInput
        size="xs"
        w={{ base: '100%', xs: 240 }}
        value={q}
        onChange={(event) => want({ q: event.currentTarget.value || undefined })}
        placeholder={t('search')}
        aria-label={t('search')}
        leftSection={<IconSearch size={14} aria-hidden />}
      />
      {count !== undefined && (
        <Text size="xs" c="dimmed" role="status" className="page-count">
          {count}
        </Text>
      )}
    </Group>
  );
}
