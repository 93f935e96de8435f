// Which of overlap, catch-up policy and window contradict each other. Pure; asked when a definition is written,
// never when a stored one is read: what made sense to an older version goes on as docs/overlap.md says.
import { durationMs } from '../model/duration.ts';
import type { FieldIssue } from '../model/issue.ts';
import type { JobDefinition } from '../model/job.ts';
import { ON_TIME } from './due.ts';

type Rules = Pick<JobDefinition, 'overlap' | 'catchUp'>;

/** What a definition without a window gets: a definition that was read and is sent back says so. */
const DEFAULT_WINDOW = '1h';

const same = (a: Rules, b: Rules): boolean =>
  a.overlap === b.overlap && a.catchUp.policy === b.catchUp.policy && a.catchUp.window === b.catchUp.window;

const policyIssue = (message: string): FieldIssue[] => [{ path: 'catchUp.policy', message }];

function pairIssues({ overlap, catchUp: { policy } }: Rules): FieldIssue[] {
  if (policy === 'none' && overlap === 'queue')
    return policyIssue(
      'none forgets a tick that did not start on time, and overlap queue keeps it waiting for just that: write latest or all, or another overlap',
    );
  if (policy === 'none' && overlap === 'replace')
    return policyIssue(
      'none forgets a tick that did not start on time, and with overlap replace it waits for the end of the run that it kills: that run would be killed for nothing; write latest, or another overlap',
    );
  if (policy === 'all' && overlap === 'replace')
    return policyIssue(
      'all runs every tick that passed, and with overlap replace each of them would be killed by the next: write latest, or overlap queue',
    );
  return [];
}

function windowIssues({ catchUp: { policy, window } }: Rules): FieldIssue[] {
  const path = 'catchUp.window';
  if (policy === 'none')
    return window === DEFAULT_WINDOW
      ? []
      : [{ path, message: 'policy none catches nothing up: leave the window out, or write latest or all' }];
  if (durationMs(window)! >= ON_TIME) return [];
  return [
    {
      path,
      message: `${window} is shorter than 1s, within which a start is on time anyway: write a longer one, or policy none`,
    },
  ];
}

/** `previous`: what is stored; a job is not refused for what it has been all along. */
export function overlapIssues(definition: Rules, previous: Rules | undefined): FieldIssue[] {
  if (previous !== undefined && same(definition, previous)) return [];
  return [...pairIssues(definition), ...windowIssues(definition)];
}
