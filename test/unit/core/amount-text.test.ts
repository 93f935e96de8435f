import { expect, it } from 'vitest';
import { bytesText, msText } from '../../../src/common/model/amount-text.ts';
import { durationMs } from '../../../src/common/model/duration.ts';

it('a duration is told in the largest unit that needs no fraction, and means the same', () => {
  const told = [0, 150, 1_000, 1_500, 90_000, 600_000, 3_600_000, 86_400_000, 604_800_000].map(msText);
  expect(told).toEqual(['0ms', '150ms', '1s', '1500ms', '90s', '10m', '1h', '1d', '1w']);
  expect(told.map(durationMs)).toEqual([
    0, 150, 1_000, 1_500, 90_000, 600_000, 3_600_000, 86_400_000, 604_800_000,
  ]);
});

it('a size is told in the largest unit that needs no fraction', () => {
  expect([0, 1_000, 512 * 1024, 32 * 1024 ** 2].map(bytesText)).toEqual([
    '0 B',
    '1000 B',
    '512 KiB',
    '32 MiB',
  ]);
});
