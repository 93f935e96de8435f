// What the charts of the activity draw, as paths in a box of 0 to 1. Pure.

/** A line with gaps where there is no value; `x` is the middle of each bucket. */
export function linePath(values: readonly (number | undefined)[]): string {
  const width = 1 / Math.max(1, values.length);
  let path = '';
  let isOn = false;
  for (const [at, value] of values.entries()) {
    if (value === undefined) {
      isOn = false;
      continue;
    }
    const x = (at + 0.5) * width;
    const y = 1 - value;
    path += isOn ? `L${round(x)} ${round(y)}` : `M${round(x)} ${round(y)}`;
    // One alone is a point, which a line without length does not show.
    if (!isOn && values[at + 1] === undefined) path += `L${round(x + width / 4)} ${round(y)}`;
    isOn = true;
  }
  return path;
}

const round = (value: number): number => Math.round(value * 10_000) / 10_000;

/** From what the rate's axis begins: near the worst, so that a difference can be seen. */
export function rateFloor(rates: readonly (number | undefined)[]): number {
  const worst = Math.min(1, ...rates.filter((rate) => rate !== undefined));
  return [0.99, 0.95, 0.9, 0.75, 0.5, 0].find((floor) => worst >= floor) ?? 0;
}

/** Where a lag lies on an axis of decades from 1 ms to `top`. */
export const lagHeight = (ms: number, top: number): number =>
  Math.min(1, Math.max(0, Math.log10(Math.max(1, ms)) / Math.log10(top)));

/** The decade above the worst, at least 100 ms. */
export const lagTop = (lags: readonly (number | null)[]): number => {
  const worst = Math.max(100, ...lags.map((lag) => lag ?? 0));
  return 10 ** Math.ceil(Math.log10(worst));
};

/** Lines across the lag: 10 ms, 100 ms, and so on below the top. */
export function lagMarks(top: number): number[] {
  const marks: number[] = [];
  for (let mark = 10; mark <= top; mark *= 10) marks.push(mark);
  return marks;
}

/** Round numbers above a count: 1, 2, 5, 10, 20, 50, … */
export function countTop(most: number): number {
  if (most <= 1) return 1;
  const decade = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((times) => times * decade).find((top) => top >= most) ?? most;
}
