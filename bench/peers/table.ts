// The one table at the end: a line for each contestant, each figure beside its ratio to etcron's. Pure.
import type { Figure, Measured } from './contestant.ts';

export type Outcome =
  | { readonly kind: 'measured'; readonly measured: Measured }
  /** It makes no sense there, or cannot do it. */
  | { readonly kind: 'none'; readonly reason: string }
  | { readonly kind: 'failed'; readonly reason: string };

export interface Result {
  readonly part: string;
  readonly contestant: string;
  readonly settings: string;
  readonly outcome: Outcome;
}

type Row = Readonly<Record<string, string>>;

const textOf = ({ ms, isBound }: Figure): string =>
  Number.isFinite(ms) ? `${isBound ? '> ' : ''}${Math.round(ms)} ms` : 'never';

/** Without one where etcron's figure is nothing to divide by. */
function ratioOf(figure: Figure, own: Figure | undefined): string {
  if (own === undefined || own.isBound || !(own.ms > 0) || !Number.isFinite(figure.ms)) return '';
  const times = figure.ms / own.ms;
  return ` ${figure.isBound ? '> ' : ''}x${times < 10 ? times.toFixed(1) : Math.round(times)}`;
}

/** `own`: whose figures are the measure of the others. Its own have no ratio. */
export function rowsOf(results: readonly Result[], own: string): readonly Row[] {
  const figureOf = (contestant: string, part: string, figure: string): Figure | undefined => {
    const result = results.find((each) => each.contestant === contestant && each.part === part);
    return result?.outcome.kind === 'measured' ? result.outcome.measured.figures[figure] : undefined;
  };
  const columns = new Map<string, { readonly part: string; readonly figure: string }>();
  for (const { part, outcome } of results) {
    if (outcome.kind !== 'measured') continue;
    for (const figure of Object.keys(outcome.measured.figures))
      columns.set(`${part}: ${figure}`, { part, figure });
  }
  const cell = (contestant: string, part: string, figure: string): string => {
    const found = figureOf(contestant, part, figure);
    if (found !== undefined) {
      return textOf(found) + (contestant === own ? '' : ratioOf(found, figureOf(own, part, figure)));
    }
    const result = results.find((each) => each.contestant === contestant && each.part === part);
    return result?.outcome.kind === 'failed' ? 'failed' : '-';
  };
  return [...new Set(results.map(({ contestant }) => contestant))].map((contestant) => ({
    '': contestant,
    ...Object.fromEntries(
      [...columns].map(([column, { part, figure }]) => [column, cell(contestant, part, figure)]),
    ),
  }));
}

/** What the figures alone would hide: what is not there, and why; ticks that ran twice, or not at all. */
export function remarksOf(results: readonly Result[]): readonly string[] {
  return results.flatMap(({ contestant, part, outcome }) => {
    const of = (what: string): string => `${contestant}, ${part}: ${what}`;
    if (outcome.kind === 'none') return [of(`none: ${outcome.reason}`)];
    if (outcome.kind === 'failed') return [of(`failed: ${outcome.reason}`)];
    const { twice, missing } = outcome.measured;
    return [
      ...(twice > 0 ? [of(`${twice} ticks started twice`)] : []),
      ...(missing > 0 ? [of(`${missing} ticks not started`)] : []),
    ];
  });
}

/** What each was set to where it was measured; where that is the same for several parts, once. */
export function settingsOf(results: readonly Result[]): readonly string[] {
  const parts = new Map<string, string[]>();
  for (const { contestant, part, settings, outcome } of results) {
    if (outcome.kind === 'none') continue;
    const line = `${contestant}: ${settings}`;
    parts.set(line, [...(parts.get(line) ?? []), part]);
  }
  return [...parts].map(([line, of]) => `${line} (${of.join('; ')})`);
}
