// How runs went in the last hour, or the last day: charts with the figures of the moment one points at, and the same
// as a table.
import { Group, Switch, Table, Text, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { ActivityView } from '../../../../../src/common/api/overview.ts';
import { Choice } from '../../../components/choice.tsx';
import { Loaded } from '../../../components/loaded.tsx';
import { TimeText } from '../../../components/time-text.tsx';
import { durationText } from '../../../lib/duration-text.ts';
import { currentLanguage } from '../../../lib/i18n/language.ts';
import { minuteText } from '../../../lib/i18n/time-text.ts';
import { read } from '../../../lib/query.ts';
import { endsOf, numberText, percentText, rateOf, totalOf, worstLag } from '../figures.ts';
import { Panel } from '../panel.tsx';
import { ActivityCharts } from './activity-charts.tsx';
import './activity.css';

type Window = '1h' | '24h';
type Bucket = ActivityView['buckets'][number];
const RENEW_MS: Readonly<Record<Window, number>> = { '1h': 10_000, '24h': 60_000 };
/** Times below a chart. */
const TIMES = 4;

export function ActivityPanel(): ReactNode {
  const { t } = useTranslation('overview');
  const [window, setWindow] = useState<Window>('1h');
  const [isTable, setTable] = useState(false);
  const activity = useQuery({
    ...read('getActivity', { query: { window } }),
    refetchInterval: RENEW_MS[window],
  });
  return (
    <Panel
      title={t('activity.title')}
      actions={
        <Group gap="sm">
          <Switch
            size="xs"
            label={t('activity.asTable')}
            checked={isTable}
            onChange={(event) => setTable(event.currentTarget.checked)}
          />
          <Choice
            label={t('activity.window')}
            options={[
              ['1h', t('activity.hour')],
              ['24h', t('activity.day')],
            ]}
            value={window}
            onChoose={setWindow}
          />
        </Group>
      }
    >
      <Loaded query={activity}>
        {(shown) => (isTable ? <ActivityTable activity={shown} /> : <Charts activity={shown} />)}
      </Loaded>
    </Panel>
  );
}

const timeOf = (at: string): string => minuteText(Date.parse(at), currentLanguage());

function Charts({ activity }: { readonly activity: ActivityView }): ReactNode {
  const { t } = useTranslation('overview');
  const { buckets, bucketSeconds, since } = activity;
  const [at, setAt] = useState<number>();
  const chosen = at === undefined ? undefined : buckets[at];
  const every = Math.max(1, Math.floor(buckets.length / TIMES));
  const times = buckets.filter((_, bucket) => bucket % every === 0).map((bucket) => timeOf(bucket.at));
  const move = (event: KeyboardEvent): void => {
    const last = buckets.length - 1;
    const from = at ?? last;
    const to = { ArrowLeft: from - 1, ArrowRight: from + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    setAt(Math.min(last, Math.max(0, to)));
  };
  const words = chosen ? bucketWords(chosen) : undefined;
  return (
    <>
      <div
        className="chart-scrub"
        role="slider"
        tabIndex={0}
        aria-label={t('activity.scrub')}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, buckets.length - 1)}
        aria-valuenow={at ?? buckets.length - 1}
        aria-valuetext={words ?? t('activity.whole')}
        onKeyDown={move}
        onBlur={() => setAt(undefined)}
      >
        <ActivityCharts buckets={buckets} times={times} at={at} onAt={setAt} />
      </div>
      <Text size="xs" c="dimmed" mt={4} className="page-count overview-readout" component="div">
        {words ?? wholeWords()}
        {since !== null && since > (buckets[0]?.at ?? since) && (
          <div>
            {t('activity.since')} <TimeText at={since} />
          </div>
        )}
      </Text>
    </>
  );

  function bucketWords(bucket: Bucket): string {
    const to = new Date(Date.parse(bucket.at) + bucketSeconds * 1_000).toISOString();
    return `${timeOf(bucket.at)}–${timeOf(to)}: ${wordsOf(endsOf(bucket), bucket.lagP50Ms, bucket.lagP99Ms)}`;
  }
  function wholeWords(): string {
    return `${t('activity.whole')}: ${wordsOf(totalOf(buckets), null, worstLag(buckets) ?? null)}`;
  }
  function wordsOf(ends: ReturnType<typeof endsOf>, p50: number | null, p99: number | null): string {
    const { good, wrong, other } = ends;
    const rate = rateOf(ends);
    const parts = [
      t('activity.count', { count: good + wrong + other, text: numberText(good + wrong + other) }),
      ...(rate === undefined ? [] : [t('activity.share', { text: percentText(rate) })]),
      ...(wrong > 0 ? [t('activity.wrongCount', { text: numberText(wrong) })] : []),
      ...(p50 === null ? [] : [t('activity.median', { text: durationText(p50) })]),
      ...(p99 === null ? [] : [t('activity.worst', { text: durationText(p99) })]),
    ];
    return parts.join(' · ');
  }
}

function ActivityTable({ activity }: { readonly activity: ActivityView }): ReactNode {
  const { t } = useTranslation('overview');
  const lag = (ms: number | null): string => (ms === null ? '–' : durationText(ms));
  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <div className="activity-table" role="region" aria-label={t('activity.asTable')} tabIndex={0}>
      <Table stickyHeader>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t('column.at')}</Table.Th>
            <Table.Th ta="right">{t('activity.good')}</Table.Th>
            <Table.Th ta="right">{t('activity.wrong')}</Table.Th>
            <Table.Th ta="right">{t('activity.other')}</Table.Th>
            <Table.Th ta="right">{t('activity.rate')}</Table.Th>
            <Table.Th ta="right">
              <VisuallyHidden>{t('activity.lag')} </VisuallyHidden>
              {t('activity.p50')}
            </Table.Th>
            <Table.Th ta="right">
              <VisuallyHidden>{t('activity.lag')} </VisuallyHidden>
              {t('activity.p99')}
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody className="page-count">
          {activity.buckets.toReversed().map((bucket) => {
            const ends = endsOf(bucket);
            const rate = rateOf(ends);
            return (
              <Table.Tr key={bucket.at}>
                <Table.Td>{timeOf(bucket.at)}</Table.Td>
                <Table.Td ta="right">{numberText(ends.good)}</Table.Td>
                <Table.Td ta="right">{numberText(ends.wrong)}</Table.Td>
                <Table.Td ta="right">{numberText(ends.other)}</Table.Td>
                <Table.Td ta="right">{rate === undefined ? '–' : percentText(rate)}</Table.Td>
                <Table.Td ta="right">{lag(bucket.lagP50Ms)}</Table.Td>
                <Table.Td ta="right">{lag(bucket.lagP99Ms)}</Table.Td>
              </Table.Tr>
            );
          })}
        </Table.Tbody>
      </Table>
    </div>
  );
}
