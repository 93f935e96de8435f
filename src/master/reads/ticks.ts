// When a job ticks next, computed when somebody asks: a list of 100,000 jobs needs the ticks of one page.
import { compileSchedule } from '../../common/core/definition.ts';
import type { ScheduleCompiler } from '../../common/core/schedule.ts';
import type { JobRecord } from '../../common/model/job.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { shownTime } from '../shown.ts';

export interface TickReader {
  /** The next `count` ticks after `now`, as text; none when paused, ended, or only run by hand. */
  next(record: JobRecord, now: Instant, count: number): string[];
}

export function tickReader(compiler: ScheduleCompiler): TickReader {
  return {
    next({ definition, since, anchor }, now, count) {
      if (definition.paused) return [];
      const compiled = compileSchedule(definition, instant(anchor), compiler);
      // Written by hand, or by a version that knew more: the job is shown, without ticks.
      if (!compiled.ok) return [];
      const ticks: string[] = [];
      let at: Instant | undefined = instant(Math.max(now, since));
      while (ticks.length < count) {
        at = compiled.value.nextAfter(at);
        if (at === undefined) break;
        ticks.push(shownTime(at));
      }
      return ticks;
    },
  };
}
