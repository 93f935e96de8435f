// Figures as text, and what they come from. Pure but for the formats, which are made once for each language.
import type { ActivityView } from '../../../../src/common/api/overview.ts';
import { currentLanguage, type Language } from '../../lib/i18n/language.ts';

type Bucket = ActivityView['buckets'][number];

const numbers = new Map<Language, Intl.NumberFormat>();

/** `12,345` */
export function numberText(value: number): string {
  const language = currentLanguage();
  let format = numbers.get(language);
  if (!format)
    numbers.set(language, (format = new Intl.NumberFormat(language, { maximumFractionDigits: 0 })));
  return format.format(value);
}

/** `100 %`, `99.97 %`, `98.4 %`: never 100 when something went wrong. */
export function percentText(share: number): string {
  if (share === 1) return '100 %';
  const percent = share * 100;
  const digits = percent >= 99 ? 2 : 1;
  const floor = 10 ** digits;
  return `${(Math.floor(percent * floor) / floor).toFixed(digits)} %`;
}

export interface Ends {
  readonly good: number;
  readonly wrong: number;
  /** Ended on purpose, or never begun on purpose. */
  readonly other: number;
}

export const endsOf = (bucket: Bucket): Ends => ({
  good: bucket.succeeded,
  wrong: bucket.failed + bucket.timed_out + bucket.lost + bucket.missed,
  other: bucket.killed + bucket.skipped,
});

/** Of what was to succeed. Undefined: there was nothing. */
export const rateOf = ({ good, wrong }: Ends): number | undefined =>
  good + wrong === 0 ? undefined : good / (good + wrong);

export const totalOf = (buckets: readonly Bucket[]): Ends =>
  buckets.map(endsOf).reduce(
    (sum, ends) => ({
      good: sum.good + ends.good,
      wrong: sum.wrong + ends.wrong,
      other: sum.other + ends.other,
    }),
    { good: 0, wrong: 0, other: 0 },
  );

/** The largest of some buckets. */
export function worstLag(buckets: readonly Bucket[]): number | undefined {
  const lags = buckets.flatMap(({ lagP99Ms }) => (lagP99Ms === null ? [] : [lagP99Ms]));
  return lags.length === 0 ? undefined : Math.max(...lags);
}
