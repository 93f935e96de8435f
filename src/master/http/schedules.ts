// The route that tries a schedule.
import { invalidInput } from '../../common/api/problems.ts';
import type { Clock } from '../../common/core/clock.ts';
import { previewSchedule } from '../../common/core/preview.ts';
import type { ScheduleCompiler } from '../../common/core/schedule.ts';
import type { Zones } from '../../common/core/zones.ts';
import { instant } from '../../common/model/time.ts';
import { shownTime } from '../shown.ts';
import type { Handlers } from './operations.ts';

export interface ScheduleDeps {
  readonly clock: Clock;
  readonly compiler: ScheduleCompiler;
  readonly zones: Zones;
}

export function scheduleRoutes({ clock, compiler, zones }: ScheduleDeps): Pick<Handlers, 'previewSchedule'> {
  return {
    previewSchedule({ body }) {
      const { name, schedule, timezone, dst, jitter, startAt, endAt, count } = body;
      const now = clock.now();
      const at = (text: string | undefined) => (text === undefined ? now : instant(Date.parse(text)));
      const preview = previewSchedule(
        { name, schedule, timezone, dst, jitter, startAt, endAt, anchor: at(body.anchor) },
        { compiler, zones, after: at(body.after), count },
      );
      if (!preview.ok) throw invalidInput(preview.issues);
      const ticks = preview.value.ticks.map((tick) => ({ ...tick, at: shownTime(tick.at) }));
      const { description, remark } = preview.value;
      return { status: 200, body: { description, ...(remark && { remark }), timezone, ticks } };
    },
  };
}
