// The route that tries a schedule.
import { invalidInput } from '../../common/api/problems.ts';
import type { Clock } from '../../common/core/clock.ts';
import type { ScheduleCompiler } from '../../common/core/schedule.ts';
import { instant, type Instant } from '../../common/model/time.ts';
import { shownTime } from '../shown.ts';
import type { Handlers } from './operations.ts';

export function scheduleRoutes({
  clock,
  compiler,
}: {
  clock: Clock;
  compiler: ScheduleCompiler;
}): Pick<Handlers, 'previewSchedule'> {
  return {
    previewSchedule({ body }) {
      const { name = 'preview', schedule, timezone, dst, jitter, startAt, endAt, count } = body;
      const now = clock.now();
      const anchor = body.anchor === undefined ? now : instant(Date.parse(body.anchor));
      const compiled = compiler.compile({ name, schedule, timezone, dst, jitter, startAt, endAt, anchor });
      if (!compiled.ok) throw invalidInput(compiled.issues);
      const ticks = [];
      let at: Instant | undefined = body.after === undefined ? now : instant(Date.parse(body.after));
      while (ticks.length < count) {
        at = compiled.value.nextAfter(at);
        if (at === undefined) break;
        ticks.push({ at: shownTime(at), local: shownTime(at) });
      }
      return { status: 200, body: { description: [schedule].flat().join('; '), timezone, ticks } };
    },
  };
}
