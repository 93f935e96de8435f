// Which workers may run a job, by labels.
import type { WantedLabels } from '../model/job.ts';

export type Labels = Readonly<Record<string, string>>;

/** Every wanted label is there, with the wanted value or one of the wanted values. */
export function labelsMatch(wanted: WantedLabels | undefined, offered: Labels): boolean {
  if (wanted === undefined) return true;
  for (const key in wanted) {
    const value = Object.hasOwn(offered, key) ? offered[key] : undefined;
    const values = wanted[key]!;
    if (value === undefined) return false;
    if (typeof values === 'string' ? values !== value : !values.includes(value)) return false;
  }
  return true;
}

/** `gpu=yes, region=eu or us`: the same text for the same wishes. */
export const labelsText = (wanted: WantedLabels): string =>
  Object.keys(wanted)
    .sort()
    .map((key) => `${key}=${[wanted[key]!].flat().join(' or ')}`)
    .join(', ');
