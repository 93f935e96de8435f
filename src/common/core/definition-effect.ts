// What a definition says and nothing would come of: names that etcron sets itself, waits that contradict each
// other, ends to retry without a retry, a value twice. Pure; asked when a definition is written, never when a
// stored one is read, and not of what is stored as it is written.
import { durationMs } from '../model/duration.ts';
import type { FieldIssue } from '../model/issue.ts';
import type { JobDefinition } from '../model/job.ts';
import { pathText } from './definition-issues.ts';
import { DEFAULT_DELAY } from './retry.ts';
import { sameValue } from './same-value.ts';

type Said = Pick<JobDefinition, 'task' | 'retry' | 'workers'>;

/** `ETCRON_…` tells a task what its run is; these only tell the program etcron whom to ask. */
const OF_THE_PROGRAM = /^ETCRON_(?:CONFIG|URL|TOKEN|TOKEN_FILE)$/;

/** `path`: of the environment. */
export const reservedNames = (path: readonly string[], names: readonly string[]): FieldIssue[] =>
  names
    .filter((name) => name.startsWith('ETCRON_') && !OF_THE_PROGRAM.test(name))
    .map((name) => ({
      path: pathText([...path, name]),
      message:
        'names that begin with ETCRON_ are set by etcron for each run: leave it out, or name it otherwise',
    }));

const envOf = (task: JobDefinition['task'] | undefined): Readonly<Record<string, unknown>> =>
  task?.kind === 'shell' || task?.kind === 'exec' ? (task.env ?? {}) : {};

function envIssues({ task }: Said, previous: Said | undefined): FieldIssue[] {
  const known = envOf(previous?.task);
  const isNew = (name: string): boolean => !Object.hasOwn(known, name);
  return reservedNames(['task', 'env'], Object.keys(envOf(task)).filter(isNew));
}

function retryIssues({ retry }: Said, previous: Said | undefined): FieldIssue[] {
  if (previous !== undefined && sameValue(retry, previous.retry)) return [];
  const { delay, maxDelay, limit, on } = retry;
  const issues: FieldIssue[] = [];
  // The default is no wish: a shorter maxDelay alone goes before it.
  if (maxDelay !== undefined && delay !== DEFAULT_DELAY && durationMs(delay)! > durationMs(maxDelay)!)
    issues.push({
      path: 'retry.delay',
      message: `${delay} is longer than maxDelay, ${maxDelay}, and would never be waited for: write a delay of at most ${maxDelay}, or a maxDelay of ${delay} or more`,
    });
  if (on !== undefined && limit === 0)
    issues.push({
      path: 'retry.on',
      message: 'has no effect without retry.limit above 0: write a limit such as 3, or leave `on` out',
    });
  return issues;
}

function labelIssues({ workers }: Said, previous: Said | undefined): FieldIssue[] {
  const known = previous?.workers.labels ?? {};
  return Object.entries(workers.labels ?? {}).flatMap(([label, values]) => {
    if (typeof values === 'string') return [];
    if (Object.hasOwn(known, label) && sameValue(values, known[label])) return [];
    return values.flatMap((value, i) =>
      values.indexOf(value) === i
        ? []
        : [
            {
              path: pathText(['workers', 'labels', label, i]),
              message: `${JSON.stringify(value)} is there twice: write each value once`,
            },
          ],
    );
  });
}

/** `previous`: what is stored; a job is not refused for what it has been all along. */
export const effectIssues = (definition: Said, previous: Said | undefined): FieldIssue[] => [
  ...envIssues(definition, previous),
  ...retryIssues(definition, previous),
  ...labelIssues(definition, previous),
];
