// Are the authorities that a task is to trust certificates at all? Asked where definitions are written: the definition's
// own checks are pure, and know no parser of certificates. Whether a server is one of theirs is told by the request.
import { X509Certificate } from 'node:crypto';
import type { FieldIssue } from '../../common/model/issue.ts';
import type { JobDefinition } from '../../common/model/job.ts';

type Said = Pick<JobDefinition, 'task'>;

const ONE = /-----BEGIN CERTIFICATE-----.*?(?:-----END CERTIFICATE-----|$)/gs;

const caOf = (definition: Said | undefined): string | undefined =>
  definition?.task.kind === 'http' ? definition.task.tls.ca : undefined;

function faultOf(pem: string): string | undefined {
  try {
    void new X509Certificate(pem);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** `previous`: what is stored; a job is not refused for what it has been all along. */
export function certificateIssues(definition: Said, previous: Said | undefined): FieldIssue[] {
  const ca = caOf(definition);
  if (ca === undefined || ca === caOf(previous)) return [];
  const all = ca.match(ONE) ?? [];
  return all.flatMap((pem, i) => {
    const fault = faultOf(pem);
    const which = all.length === 1 ? 'is' : `certificate ${i + 1} of ${all.length} is`;
    return fault === undefined
      ? []
      : [
          {
            path: 'task.tls.ca',
            message: `${which} none that can be read (${fault}): write the authority's certificate as PEM, as a whole`,
          },
        ];
  });
}
