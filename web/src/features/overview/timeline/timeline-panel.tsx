// What ran in the last minutes and what comes in the next, live: as a picture or as tables, by worker or by job.
import { Group, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Timeline } from '../../../../../src/common/api/timeline.ts';
import { Choice, useRemembered } from '../../../components/choice.tsx';
import { ErrorState } from '../../../components/error-state.tsx';
import { TimeText } from '../../../components/time-text.tsx';
import { toneColor } from '../../../components/tone.ts';
import { read } from '../../../lib/query.ts';
import { useNews } from '../../../lib/use-live.ts';
import { Panel } from '../panel.tsx';
import { useOpenRun } from '../places.tsx';
import { createBars } from './bars.ts';
import type { Grouping } from './lanes.ts';
import { TimelineChart } from './timeline-chart.tsx';
import { TimelineTable } from './timeline-table.tsx';
import './timeline.css';

const MINUTE = 60_000;
const SPANS = { '5': 5 * MINUTE, '15': 15 * MINUTE } as const;
/** News tells most of it: this is for the ticks that come, and for what news had no room for. */
const RENEW_MS = 15_000;
const ASKED = { query: { limit: 2_000, ahead: 15 } };
/** Clocks that are closer than this are the same: an answer takes time too. */
const CLOCK_OFF_MS = 3_000;

export function TimelinePanel(): ReactNode {
  const { t } = useTranslation('overview');
  const [grouping, setGrouping] = useRemembered<Grouping>('etcron-timeline-by', ['worker', 'job']);
  const [span, setSpan] = useRemembered<keyof typeof SPANS>('etcron-timeline-span', ['15', '5']);
  const [show, setShow] = useRemembered<'chart' | 'table'>('etcron-timeline-as', ['chart', 'table']);
  const openRun = useOpenRun();
  const [bars] = useState(() => createBars());
  const timeline = useQuery({ ...read('getTimeline', ASKED), refetchInterval: RENEW_MS });
  const { data: answer, dataUpdatedAt } = timeline;
  useEffect(() => answer && bars.renew(answer), [answer, bars]);
  useNews(bars.take);
  const workers = useWorkerNames();
  const clockOffsetMs = answer ? offsetOf(answer, dataUpdatedAt) : 0;
  const shared = { bars, workers, coming: answer?.coming, spanMs: SPANS[span] };

  return (
    <Panel
      title={t('timeline.title')}
      hint={t('timeline.hint')}
      actions={
        <Group gap="xs">
          {show === 'chart' && (
            <Choice
              label={t('timeline.by')}
              options={[
                ['worker', t('timeline.byWorker')],
                ['job', t('timeline.byJob')],
              ]}
              value={grouping}
              onChoose={setGrouping}
            />
          )}
          <Choice
            label={t('timeline.span')}
            options={[
              ['15', t('timeline.minutes', { count: 15 })],
              ['5', t('timeline.minutes', { count: 5 })],
            ]}
            value={span}
            onChoose={setSpan}
          />
          <Choice
            label={t('timeline.as')}
            options={[
              ['chart', t('timeline.asChart')],
              ['table', t('timeline.asTable')],
            ]}
            value={show}
            onChoose={setShow}
          />
        </Group>
      }
    >
      {timeline.isError && !answer && (
        <ErrorState error={timeline.error} onRetry={() => void timeline.refetch()} />
      )}
      {show === 'chart' ? (
        <TimelineChart {...shared} grouping={grouping} clockOffsetMs={clockOffsetMs} onOpen={openRun} />
      ) : (
        <TimelineTable {...shared} />
      )}
      <Group gap="md" mt={6} justify="space-between">
        <Legend />
        {answer && <Remarks answer={answer} />}
      </Group>
    </Panel>
  );
}

const LEGEND = ['succeeded', 'failed', 'running', 'skipped', 'missed', 'lost', 'killed', 'not_yet'] as const;
const LEGEND_TONE = {
  succeeded: 'good',
  failed: 'bad',
  running: 'running',
  skipped: 'skipped',
  missed: 'missed',
  lost: 'lost',
  killed: 'killed',
  not_yet: 'paused',
} as const;

function Legend(): ReactNode {
  const { t } = useTranslation();
  return (
    <Group gap="sm" component="ul" className="overview-legend">
      {LEGEND.map((outcome) => (
        <li key={outcome} style={{ '--tone': toneColor(LEGEND_TONE[outcome], 'solid') } as object}>
          {t(`outcome.${outcome}`)}
        </li>
      ))}
    </Group>
  );
}

/** What is not shown, and why. */
function Remarks({ answer }: { readonly answer: Timeline }): ReactNode {
  const { t } = useTranslation('overview');
  const { cut, total, runs, since, from, coming } = answer;
  return (
    <Text size="xs" c="dimmed" component="div">
      {cut && <div>{t('timeline.cut', { shown: runs.length, total })}</div>}
      {coming.totalJobs > coming.jobs.length && (
        <div>{t('timeline.comingCut', { shown: coming.jobs.length, total: coming.totalJobs })}</div>
      )}
      {since !== null && since > from && (
        <div>
          {t('timeline.since')} <TimeText at={since} />
        </div>
      )}
    </Text>
  );
}

function offsetOf({ at }: Timeline, receivedAt: number): number {
  const ahead = Date.parse(at) - receivedAt;
  return Math.abs(ahead) > CLOCK_OFF_MS ? ahead : 0;
}

/** Names of workers by id; the same map while they are the same. */
function useWorkerNames(): ReadonlyMap<string, string> {
  const { data } = useQuery(read('listWorkers'));
  const text = JSON.stringify(data?.items.map(({ id, name }) => [id, name]) ?? []);
  return useMemo(() => new Map(JSON.parse(text) as [string, string][]), [text]);
}
