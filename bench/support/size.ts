// How much of a scenario is run: `smoke` shows that it still works, `short` is for all of them in less than
// half an hour, `full` is what the documents tell. Scenarios take all that varies from here.
export type Size = 'smoke' | 'short' | 'full';

const SIZES: readonly Size[] = ['smoke', 'short', 'full'];

/** `ETCRON_BENCH_SIZE`; `full` when it is not set. */
export function size(): Size {
  const asked = process.env['ETCRON_BENCH_SIZE'] ?? 'full';
  const known = SIZES.find((each) => each === asked);
  if (known === undefined) throw new Error(`ETCRON_BENCH_SIZE is one of ${SIZES.join(', ')}, not ${asked}`);
  return known;
}

export const sized = <T>(of: Readonly<Record<Size, T>>): T => of[size()];

/** Numbers separated by commas in the variable `ETCRON_BENCH_<name>`. */
export function numbersOf(name: string, otherwise: readonly number[]): readonly number[] {
  const text = process.env[`ETCRON_BENCH_${name}`];
  if (text === undefined || text === '') return otherwise;
  const numbers = text.split(',').map(Number);
  if (!numbers.every((each) => Number.isFinite(each) && each >= 0)) {
    throw new Error(`ETCRON_BENCH_${name} holds numbers separated by commas, not ${text}`);
  }
  return numbers;
}

export const numberOf = (name: string, otherwise: number): number => numbersOf(name, [otherwise])[0]!;

/** Words separated by commas in `ETCRON_BENCH_<name>`, each one of `known`. */
export function wordsOf<T extends string>(
  name: string,
  known: readonly T[],
  otherwise: readonly T[],
): readonly T[] {
  const text = process.env[`ETCRON_BENCH_${name}`];
  if (text === undefined || text === '') return otherwise;
  return text.split(',').map((word) => {
    const one = known.find((each) => each === word);
    if (one === undefined)
      throw new Error(`ETCRON_BENCH_${name} names ${word}: known are ${known.join(', ')}`);
    return one;
  });
}

/** V8 collects what a process has left while it loaded, once or twice, up to a minute after that. ms. */
export const SETTLING = { smoke: 0, short: 5_000, full: 70_000 };
