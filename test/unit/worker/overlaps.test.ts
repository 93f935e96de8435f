// The words that a record of missed ticks has for why.
import { expect, test } from 'vitest';
import type { JobEntry } from '../../../src/worker/job-table.ts';
import { createOverlaps } from '../../../src/worker/overlaps.ts';
import type { WorkerPorts } from '../../../src/worker/ports.ts';
import { acceptedRows } from '../../support/overlap-table.ts';

const overlaps = createOverlaps(
  {} as WorkerPorts,
  () => {
    throw new Error('nothing is asked of the dispatcher');
  },
  () => undefined,
);

test.each(acceptedRows())('ticks of $overlap, $policy are missed for what they can wait for', (row) => {
  const { overlap, policy } = row;
  const reason = overlaps.whyMissed({ rule: { overlap, catchUp: { policy }, all: false } } as JobEntry);
  expect(reason).toContain('no worker was there and free to run it in time');
  // As the table says: the newest alone waits for a run, or all of them do, for as long as the window.
  const waitsAlone = ['the newest waits', 'the newest replaces it'].includes(row.whileOn);
  const waitsInLine = row.whileOn === 'all wait, in order' || row.nobody === 'all run, in order';
  expect(reason.includes('only the newest tick waits')).toBe(waitsAlone);
  expect(reason.includes('longer than the window')).toBe(waitsInLine);
});
