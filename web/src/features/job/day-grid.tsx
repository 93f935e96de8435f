// Days as weeks beside each other, each with a bar of what became of its ticks. By keyboard: one stop for all of
// them, arrows go from day to day, Enter chooses.
import { useRef, type CSSProperties, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { Calendar } from '../../../../src/common/api/ticks.ts';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { dateText } from '../../lib/i18n/time-text.ts';
import { partsOf } from './tick-counts.ts';

type Day = Calendar['days'][number];

export interface DayGridProps {
  readonly days: readonly Day[];
  readonly chosen: string | undefined;
  readonly onChoose: (date: string) => void;
}

const STEPS: Readonly<Record<string, number>> = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: -7, ArrowRight: 7 };

/** 0 is Monday. */
const weekdayOf = (date: string): number => (new Date(`${date}T12:00:00Z`).getUTCDay() + 6) % 7;
/** One after the other. */
const WEEK = ['05', '06', '07', '08', '09', '10', '11'].map((day) => `2026-01-${day}`);

export function DayGrid({ days, chosen, onChoose }: DayGridProps): ReactNode {
  const { t } = useTranslation('job');
  const grid = useRef<HTMLDivElement>(null);
  const shift = weekdayOf(days[0]?.date ?? WEEK[0]!);
  const language = currentLanguage();
  const list = new Intl.ListFormat(language, { type: 'unit', style: 'short' });
  const tell = ({ date, counts }: Day): string => {
    const parts = partsOf(counts).map(({ key, count }) => `${count} ${t(`count.${key}`)}`);
    return `${dateText(date, language, 'fullDay')}: ${parts.length > 0 ? list.format(parts) : t('calendar.nothing')}`;
  };
  const move = (event: KeyboardEvent): void => {
    const step = STEPS[event.key];
    const at = days.findIndex(({ date }) => date === (event.target as HTMLElement).dataset['date']);
    const next = days[at + (step ?? 0)];
    if (step === undefined || at === -1 || !next) return;
    event.preventDefault();
    grid.current?.querySelector<HTMLElement>(`[data-date="${next.date}"]`)?.focus();
  };
  return (
    // The keys are for the buttons within.
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions
    <div ref={grid} className="job-days" role="group" aria-label={t('calendar.title')} onKeyDown={move}>
      {WEEK.map((date, day) => (
        <span key={date} className="job-weekday" style={{ gridRow: day + 2 }} aria-hidden>
          {dateText(date, language, 'weekday')}
        </span>
      ))}
      {days.map((day, place) => {
        const week = Math.floor((place + shift) / 7) + 2;
        const isFirst = place === 0 ? weekdayOf(day.date) < 4 : day.date.endsWith('-01');
        return [
          isFirst && (
            <span key={`month ${day.date}`} className="job-month" style={{ gridColumn: week }} aria-hidden>
              {dateText(day.date, language, 'month')}
            </span>
          ),
          <button
            key={day.date}
            type="button"
            className="job-day"
            style={{ gridColumn: week, gridRow: ((place + shift) % 7) + 2 }}
            data-date={day.date}
            aria-pressed={day.date === chosen}
            aria-label={tell(day)}
            title={tell(day)}
            tabIndex={day.date === chosen ? 0 : -1}
            onClick={() => onChoose(day.date)}
          >
            <span className="page-count">{Number(day.date.slice(8))}</span>
            <DayBar day={day} />
          </button>,
        ];
      })}
    </div>
  );
}

/** What is wrong is to be seen, though it be one of ten thousand. */
const LEAST = 0.14;

function DayBar({ day }: { readonly day: Day }): ReactNode {
  const parts = partsOf(day.counts);
  const all = parts.reduce((sum, { count }) => sum + count, 0);
  return (
    <span className="job-day-bar">
      {parts.map(({ key, count, color }) => (
        <span
          key={key}
          data-part={key}
          style={{ '--legend': color, flexGrow: Math.max(LEAST, count / all) } as CSSProperties}
        />
      ))}
    </span>
  );
}
