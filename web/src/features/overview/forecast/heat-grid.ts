// The slots of a forecast as a grid: hours across, minutes down, in a zone. Pure. An hour that a change of the clocks
// repeats has two columns, one that it leaves out has none.
import type { Forecast } from '../../../../../src/common/api/timeline.ts';

export type Slot = Forecast['slots'][number];

export interface HeatColumn {
  readonly key: string;
  /** `14` */
  readonly hour: string;
  /** By minute of the hour; undefined: before the first, or after the last. */
  readonly cells: readonly (Slot | undefined)[];
}

export interface HeatGrid {
  /** `:00`, `:05` and so on. */
  readonly rows: readonly string[];
  readonly columns: readonly HeatColumn[];
}

export function heatGrid(slots: readonly Slot[], slotSeconds: number, zone?: string): HeatGrid {
  const perHour = Math.max(1, Math.round(3_600 / slotSeconds));
  const format = new Intl.DateTimeFormat('en-GB', {
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
    ...(zone !== undefined && { timeZone: zone }),
  });
  const columns: { key: string; hour: string; cells: (Slot | undefined)[] }[] = [];
  let lastMinute = Infinity;
  for (const slot of slots) {
    const [hour = '', minuteText = ''] = format.format(Date.parse(slot.at)).split(':');
    const minute = Number(minuteText);
    if (columns.at(-1)?.hour !== hour || minute < lastMinute)
      columns.push({
        key: slot.at,
        hour,
        cells: Array.from<Slot | undefined>({ length: perHour }).fill(undefined),
      });
    columns.at(-1)!.cells[Math.min(perHour - 1, Math.floor((minute * 60) / slotSeconds))] = slot;
    lastMinute = minute;
  }
  const rows = Array.from(
    { length: perHour },
    (_, row) => `:${String(Math.floor((row * slotSeconds) / 60)).padStart(2, '0')}`,
  );
  return { rows, columns };
}

export type Measure = 'busiest' | 'ticks';

export const measureOf = (slot: Slot | undefined, measure: Measure): number =>
  slot === undefined ? 0 : measure === 'ticks' ? slot.ticks : (slot.busiest?.ticks ?? 0);

/** 0 to 1. A crowd of a thousand must not make one of fifty invisible. */
export const heatOf = (value: number, most: number): number =>
  value <= 0 || most <= 0 ? 0 : 0.12 + 0.88 * Math.sqrt(value / most);

/** Seconds in which many more jobs tick than in others: worth a word. */
const CROWD = 10;
const TIMES_THE_MEAN = 5;

export function crowdOf({ crowded, ticks, slots, slotSeconds }: Forecast): Forecast['crowded'] {
  const mean = ticks / Math.max(1, slots.length * slotSeconds);
  return crowded.filter((second) => second.ticks >= Math.max(CROWD, TIMES_THE_MEAN * mean));
}
