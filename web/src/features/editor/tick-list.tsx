// Ticks as the wall clock of the job's zone shows them, with what a change of the clocks does to them.
import { Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Countdown } from '../../components/countdown.tsx';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { remarkText } from '../../lib/i18n/remark-words.ts';
import { clockText } from '../../lib/i18n/time-text.ts';
import { useNow } from '../../lib/now.ts';

interface Tick {
  readonly at: number | string;
  readonly local: string;
  readonly remark?: string | undefined;
}

export interface TickListProps {
  readonly ticks: readonly Tick[];
  readonly label: string;
  /** Ticks that are not in the other list. */
  readonly isNew?: (tick: Tick) => boolean;
  /** Why there is none, when that is not the schedule's doing. */
  readonly none?: string | undefined;
}

/** `2027-03-28T03:00:00+02:00` -> `2027-03-28 03:00:00 +02:00`. */
const readable = (local: string): string =>
  local.replace('T', ' ').replace(/(?=[+-]\d\d:\d\d(?::\d\d)?$)/, ' ');

const msOf = ({ at }: Tick): number => new Date(at).getTime();

/** The reader's own clock shows the same. */
const isHere = (tick: Tick): boolean => {
  const at = new Date(tick.at);
  return Date.parse(`${tick.local.slice(0, 19)}Z`) === at.getTime() - at.getTimezoneOffset() * 60_000;
};

export function TickList({ ticks, label, isNew, none }: TickListProps): ReactNode {
  const { t } = useTranslation('editor');
  const { t: common } = useTranslation();
  const now = useNow(60_000);
  if (ticks.length === 0)
    return (
      <Text size="sm" c="dimmed">
        {none ?? t('preview.none')}
      </Text>
    );
  return (
    <ol className="editor-ticks" aria-label={label}>
      {ticks.map((tick, i) => (
        <li key={tick.local} data-new={isNew?.(tick) || undefined}>
          <span className="page-mono page-count">{readable(tick.local)}</span>
          {!isHere(tick) && (
            <Text span size="xs" c="dimmed" className="page-count">
              {common('time.local', { text: clockText(msOf(tick), now, currentLanguage()) })}
            </Text>
          )}
          {i === 0 && (
            <Text span size="xs" c="dimmed">
              <Countdown to={new Date(tick.at).toISOString()} />
            </Text>
          )}
          {tick.remark !== undefined && (
            <span className="editor-remark">{remarkText(tick.remark, currentLanguage())}</span>
          )}
        </li>
      ))}
    </ol>
  );
}
