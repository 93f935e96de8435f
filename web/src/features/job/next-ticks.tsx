// When the job ticks next: in its zone and in the reader's, with what a change of the clocks does to a tick. Also of
// a paused job: what it would do.
import { Paper, Text, Title, VisuallyHidden } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobDetail } from '../../../../src/common/api/jobs.ts';
import type { SchedulePreview } from '../../../../src/common/api/schedules.ts';
import { Countdown } from '../../components/countdown.tsx';
import { Loaded } from '../../components/loaded.tsx';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { remarkText } from '../../lib/i18n/remark-words.ts';
import { useScheduleText } from '../../lib/i18n/schedule-text.ts';
import { dayText, timeText } from '../../lib/i18n/time-text.ts';
import { useNow } from '../../lib/now.ts';
import { read } from '../../lib/query.ts';

const COUNT = 8;
const SOONEST_MS = 1_000;
const LATEST_MS = 60_000;
const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

export function NextTicks({ job }: { readonly job: JobDetail }): ReactNode {
  const { t } = useTranslation('job');
  const { schedule, timezone, dst, jitter, startAt, endAt, anchor = job.anchor, paused } = job.definition;
  const asked = { name: job.name, schedule, timezone, dst, jitter, startAt, endAt, anchor, count: COUNT };
  const preview = useQuery({
    ...read('previewSchedule', { body: asked }),
    // Anew when the first of them is over.
    refetchInterval: ({ state }) => {
      const first = state.data?.ticks[0];
      const left = first === undefined ? LATEST_MS : Date.parse(first.at) - Date.now();
      return Math.min(LATEST_MS, Math.max(SOONEST_MS, left));
    },
  });
  const written = [schedule].flat().join('; ');
  const words = useScheduleText({ name: job.name, schedule, scheduleText: job.scheduleText });
  return (
    <Paper p="sm">
      <Title order={2} mb={4}>
        {t('next.title')}
      </Title>
      <Text size="sm" fw={550}>
        {words}
      </Text>
      <Text size="xs" c="dimmed" className="page-mono" mb="xs">
        {words === written ? timezone : `${written} · ${timezone}`}
      </Text>
      {paused && (
        <Text size="xs" mb="xs">
          {t('next.paused')}
        </Text>
      )}
      <Loaded query={preview} lines={COUNT}>
        {({ ticks }) =>
          ticks.length === 0 ? (
            <Text size="sm" c="dimmed">
              {t('next.none')}
            </Text>
          ) : (
            <TickList ticks={ticks} zone={timezone} isPaused={paused} />
          )
        }
      </Loaded>
    </Paper>
  );
}

interface TickListProps {
  readonly ticks: SchedulePreview['ticks'];
  readonly zone: string;
  readonly isPaused: boolean;
}

/** The day is told where it begins; a change of the clocks is told by the offset behind each time, and in words. */
function TickList({ ticks, zone, isPaused }: TickListProps): ReactNode {
  const { t } = useTranslation('job');
  const language = currentLanguage();
  const now = useNow(60_000);
  const isOwn = ownZone() === zone;
  const days = ticks.map(({ at }) => dayText(Date.parse(at), now, language, zone));
  const hereText = (at: number, day: string): string => {
    const own = dayText(at, now, language);
    const text = timeText(at, language);
    return own === day ? t('next.here', { text }) : t('next.hereOn', { text, day: own });
  };
  return (
    <ol className="job-ticks">
      {ticks.map(({ at, remark }, place) => {
        const day = days[place]!;
        const isFirst = day !== days[place - 1];
        const ms = Date.parse(at);
        return (
          <li key={at} data-first={isFirst || undefined}>
            <span className="job-tick-day">{isFirst ? day : <VisuallyHidden>{day}</VisuallyHidden>}</span>
            <span className="page-count">{timeText(ms, language, zone)}</span>
            <Text size="xs" c="dimmed" className="job-tick-left">
              {!isPaused && <Countdown to={at} />}
            </Text>
            {!isOwn && (
              <Text size="xs" c="dimmed" className="page-count job-tick-more">
                {hereText(ms, day)}
              </Text>
            )}
            {remark !== undefined && (
              <Text size="xs" className="job-tick-more job-remark">
                {remarkText(remark, language)}
              </Text>
            )}
          </li>
        );
      })}
    </ol>
  );
}
