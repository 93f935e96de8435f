// Trying a schedule before it is a job's.
import { z } from 'zod';
import { isoInstant, jobDefinition } from '../model/job.ts';
import { jobName } from '../model/ids.ts';
import { operation } from './operation.ts';
import { API, time } from './values.ts';

const { schedule, timezone, dst, jitter, startAt, endAt, anchor } = jobDefinition.shape;

export const previewTick = z.strictObject({
  at: time,
  local: z.string().meta({ description: 'The same in the zone of the schedule, with its offset' }),
  remark: z.string().optional().meta({ description: 'What a change of the clocks does to this tick' }),
});

export const schedulePreview = z
  .strictObject({
    description: z.string().meta({ description: 'The schedule in words' }),
    remark: z.string().optional().meta({ description: 'What of it depends on a name that was not given' }),
    timezone: z.string(),
    ticks: z.array(previewTick),
  })
  .meta({ id: 'SchedulePreview' });
export type SchedulePreview = z.output<typeof schedulePreview>;

export const scheduleOperations = {
  previewSchedule: operation({
    method: 'POST',
    path: `${API}/schedules/preview`,
    tag: 'schedules',
    summary: 'Check a schedule, and see when it ticks',
    body: z.strictObject({
      name: jobName.optional().meta({ description: 'Of the job: `H` and jitter depend on it' }),
      schedule,
      timezone,
      dst,
      jitter,
      startAt,
      endAt,
      anchor,
      after: isoInstant.optional().meta({ description: 'Ticks after this instant; now by default' }),
      count: z.int().min(1).max(100).default(10),
    }),
    answers: { 200: schedulePreview },
  }),
};
