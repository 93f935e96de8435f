// What became of every tick: a calendar of the last months, each day with its outcomes, and of the chosen day every
// tick with the reason.
import { Group, Text } from '@mantine/core';
import { IconHistoryOff } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { getRouteApi, useNavigate } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Calendar } from '../../../../src/common/api/ticks.ts';
import { Choice } from '../../components/choice.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { Notice } from '../../components/notice.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { read } from '../../lib/query.ts';
import { DayGrid } from './day-grid.tsx';
import { DayTicks } from './day-ticks.tsx';
import { legend, partsOf } from './tick-counts.ts';

/** Thirteen weeks. */
const DAYS = 91;
const route = getRouteApi('/jobs/$job');

export function TicksTab({ job, zone }: { readonly job: string; readonly zone: string }): ReactNode {
  const { t } = useTranslation('job');
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const [timezone, setTimezone] = useState(zone);
  const calendar = useQuery(read('getCalendar', { params: { job }, query: { days: DAYS, timezone } }));
  return (
    <>
      <Group justify="space-between" mb="xs">
        <Text size="sm" c="dimmed">
          {t('calendar.explain', { zone: timezone })}
        </Text>
        {own !== zone && (
          <Choice
            label={t('calendar.zone')}
            options={[
              [zone, zone],
              [own, own],
            ]}
            value={timezone}
            onChoose={setTimezone}
          />
        )}
      </Group>
      <Loaded query={calendar} lines={8}>
        {(data) => <Days calendar={data} />}
      </Loaded>
    </>
  );
}

function Days({ calendar }: { readonly calendar: Calendar }): ReactNode {
  const { t, i18n } = useTranslation('job');
  const navigate = useNavigate();
  const { day = calendar.days.at(-1)?.date } = route.useSearch();
  const chosen = calendar.days.find(({ date }) => date === day) ?? calendar.days.at(-1);
  const choose = (date: string): void =>
    void navigate({
      to: '/jobs/$job',
      params: { job: calendar.job },
      search: { tab: 'ticks', day: date },
      replace: true,
      resetScroll: false,
    });
  const { historyKnownFrom, historyHint } = calendar;
  const isUnknown = calendar.counts.notKnown > 0 && historyKnownFrom !== null;
  return (
    <>
      <DayGrid days={calendar.days} chosen={chosen?.date} onChoose={choose} />
      <Group gap="md" my="xs" role="list" aria-label={t('calendar.whole')}>
        {partsOf(calendar.counts).map(({ key, count, color }) => (
          <Text key={key} size="xs" role="listitem" className="job-legend" style={legend(color)}>
            {t(`count.${key}`)} <b className="page-count">{count.toLocaleString(i18n.language)}</b>
          </Text>
        ))}
      </Group>
      {isUnknown && (
        <Notice tone="paused" icon={IconHistoryOff} isSlim>
          {t('calendar.knownFrom')} <TimeText at={historyKnownFrom} />. {historyHint}
        </Notice>
      )}
      {chosen && <DayTicks key={chosen.from} job={calendar.job} day={chosen} zone={calendar.timezone} />}
    </>
  );
}
