// What a definition asks for and can never come about: an end to retry that is none, waits without a retry, a limit
// behind another, TLS without TLS. Pure; asked when a definition is written, never when a stored one is read, and not
// of fields that stay as they are stored.
import { boundsOf, includesCode, type Codes } from '../model/codes.ts';
import { durationMs } from '../model/duration.ts';
import type { FieldIssue } from '../model/issue.ts';
import type { JobDefinition } from '../model/job.ts';
import { DEFAULT_DELAY } from './retry.ts';
import { sameValue } from './same-value.ts';

type Said = Pick<JobDefinition, 'task' | 'retry' | 'timeout' | 'workers'>;
type Rule = {
  /** The fields that contradict each other. */
  readonly of: (definition: Said) => unknown;
  readonly issues: (definition: Said) => FieldIssue[];
};

const DEFAULT_FACTOR = 2;
const httpOf = ({ task }: Said) => (task.kind === 'http' ? task : undefined);

const success: Rule = {
  of: ({ retry }) => retry.on?.exitCodes,
  issues: ({ retry }) =>
    (retry.on?.exitCodes ?? []).flatMap((each, i) =>
      includesCode([each], 0)
        ? [
            {
              path: `retry.on.exitCodes[${i}]`,
              message: `${JSON.stringify(each)} names exit code 0, which is a success and never tried again: write codes from 1 on`,
            },
          ]
        : [],
    ),
};

const isAllOf = (each: Codes[number], expected: Codes): boolean => {
  const [from, to] = typeof each === 'number' ? [each, each] : boundsOf(each);
  for (let code = from; code <= to; code++) if (!includesCode(expected, code)) return false;
  return true;
};

const expected: Rule = {
  of: (definition) => [definition.retry.on?.statuses, httpOf(definition)?.expect],
  issues(definition) {
    const task = httpOf(definition);
    if (!task) return [];
    const good = [task.expect].flat();
    return (definition.retry.on?.statuses ?? []).flatMap((each, i) =>
      isAllOf(each, good)
        ? [
            {
              path: `retry.on.statuses[${i}]`,
              message: `${JSON.stringify(each)} is a success by task.expect (${good.join(', ')}), and never tried again: leave it out of one of the two`,
            },
          ]
        : [],
    );
  },
};

const ofAll: Rule = {
  of: ({ retry, workers }) => [retry.on?.lost, workers.mode],
  issues: ({ retry, workers }) =>
    retry.on?.lost === true && workers.mode === 'all'
      ? [
          {
            path: 'retry.on.lost',
            message:
              'under workers.mode all each run is its worker\'s own, and when that is lost nobody tries it again: leave it out, or write mode "one"',
          },
        ]
      : [],
};

const waits: Rule = {
  of: ({ retry }) => retry,
  issues({ retry: { limit, delay, factor, maxDelay } }) {
    if (limit > 0) return [];
    // What has its default may not have been said at all.
    const said = {
      delay: delay !== DEFAULT_DELAY,
      factor: factor !== DEFAULT_FACTOR,
      maxDelay: maxDelay !== undefined,
    };
    return Object.entries(said)
      .filter(([, isSaid]) => isSaid)
      .map(([name]) => ({
        path: `retry.${name}`,
        message: `has no effect without retry.limit above 0: write a limit such as 3, or leave ${name} out`,
      }));
  },
};

const timeouts: Rule = {
  of: (definition) => [definition.timeout, httpOf(definition)?.timeout],
  issues(definition) {
    const { timeout } = definition;
    const own = httpOf(definition)?.timeout;
    if (timeout === undefined || own === undefined || durationMs(own)! <= durationMs(timeout)!) return [];
    return [
      {
        path: 'task.timeout',
        message: `${own} is longer than the job's timeout, ${timeout}, which ends the run before: write at most ${timeout}, or a longer timeout of the job`,
      },
    ];
  },
};

const tls: Rule = {
  of(definition) {
    const task = httpOf(definition);
    return task && [task.url, task.tls];
  },
  issues(definition) {
    const task = httpOf(definition);
    if (!task || new URL(task.url).protocol !== 'http:') return [];
    const names = [...(task.tls.verify ? [] : ['verify']), ...(task.tls.ca === undefined ? [] : ['ca'])];
    return names.map((name) => ({
      path: `task.tls.${name}`,
      message: `the url is of http, which has no TLS: write an https:// url, or leave ${name} out`,
    }));
  },
};

const RULES: readonly Rule[] = [success, expected, ofAll, waits, timeouts, tls];

/** `previous`: what is stored; a job is not refused for what it has been all along. */
export const doomedIssues = (definition: Said, previous: Said | undefined): FieldIssue[] =>
  RULES.flatMap((rule) =>
    previous !== undefined && sameValue([rule.of(definition)], [rule.of(previous)])
      ? []
      : rule.issues(definition),
  );
