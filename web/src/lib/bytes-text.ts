// Sizes as an operator reads them, in powers of 1024, as etcd counts its quota. Pure.

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

/** `512 B`, `1.4 MiB`, `212 MiB`, `2 GiB`. */
export function bytesText(bytes: number): string {
  let amount = bytes;
  let unit = 0;
  while (amount >= 1024 && unit < UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  const isShort = unit > 0 && amount < 10 && !Number.isInteger(amount);
  const text = amount.toFixed(isShort ? 1 : 0).replace(/\.0$/, '');
  return `${text} ${UNITS[unit]}`;
}
