// The slots of a forecast as a grid: hours across, minutes down, in a zone. Pure. An hour that a change of the clocks
// repeats has two columns, one that it leaves out has none.
import type { Forecast } from '../../../../../src/common/api/timeline.ts';
import { minuteText } from '../../../lib/i18n/time-text.ts';

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
  const columns: { key: string; hour: string; cells: (Slot | undefined)[] }[] = [];
  let lastMinute = Infinity;
  for (const slot of slots) {
    const [hour = '', past = ''] = minuteText(Date.parse(slot.at), 'en', zone).split(':');
    const minute = Number(past);
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

/** Colours that are told apart at a glance, beside that of nothing. */
const HEAT_STEPS = 5;

export interface HeatScale {
  /** The least that there is, of what is not nothing. */
  readonly least: number;
  /** Up to which figure each colour goes, the last to the most there is. Empty: there is nothing. */
  readonly bounds: readonly number[];
}

/** As many times more from step to step: a crowd of a thousand must not make one of fifty look like nothing. */
export function heatScale(values: readonly number[]): HeatScale {
  const some = values.filter((value) => value > 0);
  if (some.length === 0) return { least: 0, bounds: [] };
  const least = Math.min(...some);
  const most = Math.max(...some);
  if (most - least < HEAT_STEPS)
    return { least, bounds: Array.from({ length: most - least + 1 }, (_, i) => least + i) };
  const times = (most / least) ** (1 / HEAT_STEPS);
  const exact = Array.from({ length: HEAT_STEPS - 1 }, (_, i) => least * times ** (i + 1));
  // As plain as they can be without falling together.
  for (const digits of [1, 2, 3]) {
    const bounds = [...exact.map((value) => plain(value, digits)), most];
    if (bounds.every((bound, i) => bound > (bounds[i - 1] ?? least - 1))) return { least, bounds };
  }
  return { least, bounds: [...new Set([...exact.map(Math.floor), most])] };
}

/** So many digits, and zeros: 4, 20, 300. */
function plain(value: number, digits: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(value)) + 1 - digits);
  return Math.round(value / unit) * unit;
}

/** Which colour, 1 to HEAT_STEPS, 0 for nothing. Where at most two start together the page does not glow. */
export function heatStep(value: number, { bounds }: HeatScale): number {
  if (value <= 0) return 0;
  const at = bounds.findIndex((bound) => value <= bound);
  return at < 0 ? bounds.length : at + 1;
}

export interface HeatClass {
  readonly step: number;
  readonly from: number;
  readonly to: number;
}

/** What the colours stand for. */
export const heatLegend = ({ least, bounds }: HeatScale): readonly HeatClass[] => [
  { step: 0, from: 0, to: 0 },
  ...bounds.map((to, i) => ({ step: i + 1, from: i === 0 ? least : bounds[i - 1]! + 1, to })),
];

/** Seconds in which many more jobs tick than in others: worth a word. */
const CROWD = 10;
const TIMES_THE_MEAN = 5;

export function crowdOf({ crowded, ticks, slots, slotSeconds }: Forecast): Forecast['crowded'] {
  const mean = ticks / Math.max(1, slots.length * slotSeconds);
  return crowded.filter((second) => second.ticks >= Math.max(CROWD, TIMES_THE_MEAN * mean));
}
