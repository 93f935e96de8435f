// Which jobs are selected, by name: it outlives filters and pages, so that a selection can be put together from
// several searches.
import { useRef, useState } from 'react';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';

export interface Selection {
  readonly names: ReadonlySet<string>;
  /** With `isRange`, all from the one toggled last to this one become as this one does. */
  readonly toggle: (index: number, isRange: boolean) => void;
  readonly replace: (names: readonly string[]) => void;
}

export function useSelection(jobs: readonly (JobSummary | undefined)[]): Selection {
  const [names, setNames] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<number | undefined>(undefined);
  return {
    names,
    toggle(index, isRange) {
      const job = jobs[index];
      if (!job) return;
      const from = isRange ? (last.current ?? index) : index;
      last.current = index;
      const isOn = !names.has(job.name);
      const next = new Set(names);
      const range = jobs.slice(Math.min(from, index), Math.max(from, index) + 1);
      // Of a range whose middle has not been loaded, nobody knows the names: this one alone.
      const isWhole = Array.from(range).every((each) => each !== undefined);
      for (const each of isWhole ? range : [job])
        if (each === undefined) continue;
        else if (isOn) next.add(each.name);
        else next.delete(each.name);
      setNames(next);
    },
    replace(all) {
      last.current = undefined;
      setNames(new Set(all));
    },
  };
}
