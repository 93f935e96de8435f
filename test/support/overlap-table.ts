// The table of docs/overlap.md as data: tests check it against the calculation and against real workers.
import { readFileSync } from 'node:fs';
import type { CatchUpPolicy, OverlapPolicy } from '../../src/common/model/job.ts';

export interface OverlapRow {
  readonly overlap: OverlapPolicy;
  readonly policy: CatchUpPolicy;
  readonly whileOn: string;
  readonly nobody: string;
  readonly full: string;
}

export function overlapTable(): OverlapRow[] {
  const page = readFileSync(new URL('../../docs/overlap.md', import.meta.url), 'utf8');
  const from = page.indexOf('## Every combination');
  return page
    .slice(from, page.indexOf('\n## ', from + 1))
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => {
      const [overlap, policy, whileOn, nobody, full] = line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim().replaceAll('`', ''));
      return { overlap, policy, whileOn, nobody, full } as OverlapRow;
    });
}

export const acceptedRows = (): OverlapRow[] => overlapTable().filter(({ whileOn }) => whileOn !== 'refused');
