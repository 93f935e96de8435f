// Trying a definition before it is saved: all that is wrong with it, when it would tick, and what it would change.
import { z } from 'zod';
import { isoInstant } from '../model/job.ts';
import { jobName } from '../model/ids.ts';
import { jobView } from './jobs.ts';
import { operation } from './operation.ts';
import { fieldIssue } from './problems.ts';
import { previewTick } from './schedules.ts';
import { API } from './values.ts';
import { fieldChange } from './versions.ts';

const ticks = z.array(previewTick).meta({ description: 'The next ones; none while it is paused' });

export const definitionPreview = z
  .strictObject({
    ok: z.boolean().meta({ description: 'It would be taken as it is' }),
    errors: z.array(fieldIssue).meta({ description: 'All that is wrong with it, each with its field' }),
    definition: jobView.shape.definition
      .nullable()
      .meta({ description: 'With its defaults, values of secrets left out; null while something is wrong' }),
    description: z
      .string()
      .nullable()
      .meta({ description: 'The schedule in words; null: it is not understood' }),
    remark: z.string().optional().meta({ description: 'What of it depends on a name that was not given' }),
    ticks: ticks.meta({
      description:
        'The next ones, also while something else is wrong, and as if it were not paused; none when the schedule is not understood',
    }),
    hint: z.string().optional().meta({ description: 'Why no registered worker could run it' }),
    stored: z
      .strictObject({
        generation: z.int(),
        modRevision: z.int().meta({ description: 'The ETag to save it with' }),
        paused: z.boolean(),
        description: z.string(),
        ticks,
        changes: z
          .array(fieldChange)
          .nullable()
          .meta({ description: 'What saving it would change; null while something is wrong' }),
      })
      .nullable()
      .meta({ description: 'The job as it is; null: there is none, or it cannot be read' }),
  })
  .meta({ id: 'DefinitionPreview' });
export type DefinitionPreview = z.output<typeof definitionPreview>;

export const definitionOperations = {
  previewDefinition: operation({
    method: 'POST',
    path: `${API}/definitions/preview`,
    tag: 'schedules',
    summary: 'Check a whole definition, see when it would tick and what it would change',
    description:
      'Changes nothing. A definition with faults is answered with 200 and its `errors`: those that saving it would be refused with. By the rules of a PUT: what is left out has its default, but for `paused` and the values of secrets, which are taken from the stored job.',
    body: z.strictObject({
      definition: z.looseObject({}).meta({ description: 'A JobDefinition, or what is to become one' }),
      job: jobName.optional().meta({
        description: 'The job that it is to replace; by default the one of its name, if there is one',
      }),
      after: isoInstant.optional().meta({ description: 'Ticks after this instant; now by default' }),
      count: z.int().min(0).max(100).default(10).meta({ description: 'How many ticks' }),
    }),
    answers: { 200: definitionPreview },
  }),
};
