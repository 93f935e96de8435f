// Where the next 24 hours are crowded, and what to do about it.
import { Box, Group, Text } from '@mantine/core';
import { IconArrowsSplit } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useMemo, useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Forecast } from '../../../../../src/common/api/timeline.ts';
import { Choice } from '../../../components/choice.tsx';
import '../../../components/outcome.css';
import { Loaded } from '../../../components/loaded.tsx';
import { toneStyle } from '../../../components/tone.ts';
import { currentLanguage } from '../../../lib/i18n/language.ts';
import { clockText } from '../../../lib/i18n/time-text.ts';
import { useNow } from '../../../lib/now.ts';
import { read } from '../../../lib/query.ts';
import { numberText } from '../figures.ts';
import { Panel } from '../panel.tsx';
import { crowdOf, heatGrid, type Measure, type Slot } from './heat-grid.ts';
import { HeatMap } from './heat-map.tsx';
import './forecast.css';

const RENEW_MS = 60_000;
const ASKED = { query: { hours: 24, slot: '5m' } } as const;
const MOST_CROWDS = 5;

export function ForecastPanel({ slots }: { readonly slots: number }): ReactNode {
  const { t } = useTranslation('overview');
  const [measure, setMeasure] = useState<Measure>('busiest');
  const forecast = useQuery({ ...read('getForecast', ASKED), refetchInterval: RENEW_MS });
  return (
    <Panel
      title={t('forecast.title')}
      hint={t('forecast.hint')}
      actions={
        <Choice
          label={t('forecast.measure')}
          options={[
            ['busiest', t('forecast.byBusiest')],
            ['ticks', t('forecast.byTicks')],
          ]}
          value={measure}
          onChoose={setMeasure}
        />
      }
    >
      <Loaded query={forecast} lines={8}>
        {(shown) => <Heat forecast={shown} measure={measure} slots={slots} />}
      </Loaded>
    </Panel>
  );
}

interface HeatProps {
  readonly forecast: Forecast;
  readonly measure: Measure;
  readonly slots: number;
}

function Heat({ forecast, measure, slots }: HeatProps): ReactNode {
  const { t } = useTranslation('overview');
  const [slot, setSlot] = useState<Slot>();
  const now = useNow(60_000);
  const language = currentLanguage();
  const grid = useMemo(() => heatGrid(forecast.slots, forecast.slotSeconds), [forecast]);
  const words = useCallback(
    ({ at, ticks, busiest }: Slot): string => {
      const from = clockText(Date.parse(at), now, language);
      if (!busiest) return t('forecast.free', { from });
      const second = clockText(Date.parse(busiest.at), now, language);
      return t('forecast.slot', {
        from,
        count: ticks,
        text: numberText(ticks),
        second,
        most: numberText(busiest.ticks),
      });
    },
    [t, now, language],
  );
  return (
    <>
      <HeatMap grid={grid} measure={measure} words={words} onSlot={setSlot} />
      <Text size="xs" c="dimmed" mt={4} className="page-count overview-readout">
        {slot
          ? words(slot)
          : t('forecast.whole', {
              count: forecast.jobs,
              jobs: numberText(forecast.jobs),
              ticks: numberText(forecast.ticks),
            })}
        {forecast.approximate && ` ${t('forecast.approximate')}`}
      </Text>
      <Crowds forecast={forecast} slots={slots} />
    </>
  );
}

function Crowds({ forecast, slots }: { readonly forecast: Forecast; readonly slots: number }): ReactNode {
  const { t } = useTranslation('overview');
  const now = useNow(60_000);
  const crowds = crowdOf(forecast).slice(0, MOST_CROWDS);
  const [worst] = crowds;
  if (!worst)
    return (
      <Text size="sm" mt="xs">
        {t('forecast.even')}
      </Text>
    );
  const timeOf = (at: string): string => clockText(Date.parse(at), now, currentLanguage());
  const isOver = slots > 0 && worst.ticks > slots;
  return (
    <Box mt="sm" p="sm" className="heat-advice" style={toneStyle(isOver ? 'missed' : 'skipped')}>
      <Group gap={8} mb={2} wrap="nowrap" align="flex-start">
        <IconArrowsSplit size={16} aria-hidden />
        <Text size="sm" fw={600}>
          {t('forecast.crowd', { time: timeOf(worst.at), text: numberText(worst.ticks) })}
        </Text>
      </Group>
      <Text size="sm">
        {isOver && `${t('forecast.over', { slots: numberText(slots) })} `}
        {t('forecast.advice')}
      </Text>
      {crowds.length > 1 && (
        <Group gap="md" mt={6} component="ul" className="overview-legend page-count">
          {crowds.map(({ at, ticks }) => (
            <li key={at} className="heat-crowd">
              {timeOf(at)} <b>{numberText(ticks)}</b>
            </li>
          ))}
        </Group>
      )}
    </Box>
  );
}
