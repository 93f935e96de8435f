// Routes that try a schedule, and a whole definition.
import { invalidInput } from '../../common/api/problems.ts';
import { previewSchedule } from '../../common/core/preview.ts';
import { instant } from '../../common/model/time.ts';
import { previewDefinition, type DefinitionPreviewDeps } from '../reads/definition-preview.ts';
import { shownTime } from '../shown.ts';
import type { Handlers } from './operations.ts';

export function scheduleRoutes(
  deps: DefinitionPreviewDeps,
): Pick<Handlers, 'previewSchedule' | 'previewDefinition'> {
  const { clock, compiler, zones } = deps;
  return {
    previewDefinition: async ({ body }) => ({ status: 200, body: await previewDefinition(deps, body) }),
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
