// The command palette: pages, what can be done on this one, how it looks, and jobs by name, searched by the master.
import '@mantine/spotlight/styles.layer.css';
import { useMantineColorScheme } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import {
  Spotlight,
  spotlight,
  type SpotlightActionData,
  type SpotlightActionGroupData,
} from '@mantine/spotlight';
import { IconClipboardList, IconLanguage, IconPlus, IconSearch } from '@tabler/icons-react';
import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { useEffect, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import { chooseLanguage, LANGUAGES, type Language } from '../../lib/i18n/language.ts';
import { paletteActions } from '../../lib/palette.ts';
import { read } from '../../lib/query.ts';
import { useStore } from '../../lib/store.ts';
import { pages } from '../pages.ts';
import { paletteOpen } from './palette-open.ts';
import { SCHEMES } from './schemes.ts';

const MOST_JOBS = 8;
const SETTLE_MS = 120;

export function Palette(): ReactNode {
  const { t } = useTranslation('shell');
  const [query, setQuery] = useState('');
  const jobs = useJobActions(query);
  const registered = useStore(paletteActions.all);
  const fixed = useFixedActions();
  const isOpen = useStore(paletteOpen);
  useEffect(() => (isOpen ? spotlight.open() : spotlight.close()), [isOpen]);

  const here: SpotlightActionGroupData = {
    group: t('palette.here'),
    actions: registered.map(({ icon: Icon, act, keywords, ...action }) => ({
      ...action,
      ...(keywords && { keywords: [...keywords] }),
      leftSection: Icon && <Icon size={18} aria-hidden />,
      onClick: act,
    })),
  };
  const groups = [{ group: t('palette.jobs'), actions: jobs }, here, ...fixed];
  return (
    <Spotlight
      query={query}
      onQueryChange={setQuery}
      shortcut={null}
      attributes={{ content: { 'aria-label': t('palette.open') } }}
      onSpotlightClose={() => paletteOpen.set(false)}
      actions={groups.filter(({ actions }) => actions.length > 0)}
      // The master has found the jobs already, by more than their names.
      filter={(text, all) =>
        all.map((each) => filtered(text, each as SpotlightActionGroupData, t('palette.jobs')))
      }
      nothingFound={t('palette.nothing')}
      highlightQuery
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={18} aria-hidden />,
        placeholder: t('palette.placeholder'),
        'aria-label': t('palette.placeholder'),
      }}
    />
  );
}

function filtered(text: string, group: SpotlightActionGroupData, jobs: string): SpotlightActionGroupData {
  const words = text.trim().toLowerCase();
  if (group.group === jobs || words === '') return group;
  const has = ({ label, description, keywords = [] }: SpotlightActionData): boolean =>
    [label, description, ...[keywords].flat()].some((each) => each?.toLowerCase().includes(words));
  return { ...group, actions: group.actions.filter(has) };
}

function useJobActions(query: string): SpotlightActionData[] {
  const navigate = useNavigate();
  const [settled] = useDebouncedValue(query.trim(), SETTLE_MS);
  const { data, isPlaceholderData } = useQuery({
    ...read('listJobs', { query: { q: settled, limit: MOST_JOBS } }),
    enabled: settled !== '',
    placeholderData: keepPreviousData,
  });
  if (query.trim() === '' || !data) return [];
  // Until the master has answered: those of the search before that this one would find too.
  const words = query.trim().toLowerCase();
  const isAnswered = !isPlaceholderData && settled === query.trim();
  const isStill = ({ name, description = '' }: JobSummary): boolean =>
    isAnswered || name.toLowerCase().includes(words) || description.toLowerCase().includes(words);
  return data.items.filter(isStill).map(({ name, description }) => ({
    id: `job ${name}`,
    label: name,
    ...(description !== undefined && { description }),
    leftSection: <IconClipboardList size={18} aria-hidden />,
    onClick: () => void navigate({ to: '/jobs/$job', params: { job: name } }),
  }));
}

function useFixedActions(): SpotlightActionGroupData[] {
  const { t } = useTranslation('shell');
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  return [
    {
      group: t('palette.pages'),
      actions: [
        ...pages.map(({ to, key, icon: Icon }) => ({
          id: `page ${to}`,
          label: t(`nav.${key}`),
          leftSection: <Icon size={18} aria-hidden />,
          onClick: () => void navigate({ to }),
        })),
        {
          id: 'new job',
          label: t('newJob'),
          leftSection: <IconPlus size={18} aria-hidden />,
          onClick: () => void navigate({ to: '/jobs/new' }),
        },
      ],
    },
    {
      group: t('palette.look'),
      actions: [
        ...SCHEMES.map(({ scheme, icon: Icon }) => ({
          id: `scheme ${scheme}`,
          label: `${t('scheme.label')}: ${t(`scheme.${scheme}`)}`,
          leftSection: <Icon size={18} aria-hidden />,
          onClick: () => setColorScheme(scheme),
        })),
        ...Object.entries(LANGUAGES).map(([tag, name]) => ({
          id: `language ${tag}`,
          label: `${t('language.label')}: ${name}`,
          leftSection: <IconLanguage size={18} aria-hidden />,
          onClick: () => void chooseLanguage(tag as Language),
        })),
      ],
    },
  ];
}
