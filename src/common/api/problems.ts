// The catalogue of errors of the API (RFC 9457, application/problem+json). Codes are stable: programs
// branch on them. Details are for people, and never carry a secret, a stack or a value of etcd.
import { z } from 'zod';

export const PROBLEM_TYPE = 'application/problem+json';

interface Entry {
  readonly status: number;
  readonly title: string;
}

export const problemCatalogue = {
  invalid_input: { status: 400, title: 'The request is not valid' },
  bad_json: { status: 400, title: 'The body is not JSON' },
  bad_request: { status: 400, title: 'The request cannot be read' },
  unauthorized: { status: 401, title: 'A valid token is needed' },
  forbidden_host: { status: 403, title: 'This host name is not allowed' },
  forbidden_origin: { status: 403, title: 'Requests of this site are not allowed' },
  route_not_found: { status: 404, title: 'There is no such address' },
  job_not_found: { status: 404, title: 'There is no such job' },
  version_not_found: { status: 404, title: 'This version of the job is not kept' },
  run_not_found: { status: 404, title: 'There is no such run' },
  output_not_found: { status: 404, title: 'There is no output of this run' },
  worker_not_found: { status: 404, title: 'There is no such worker' },
  method_not_allowed: { status: 405, title: 'This address does not know the method' },
  request_timeout: { status: 408, title: 'The request came too slowly' },
  job_exists: { status: 409, title: 'The job exists' },
  job_changed: { status: 409, title: 'Another request changed the job meanwhile' },
  job_running: { status: 409, title: 'The job is running' },
  ambiguous_worker: { status: 409, title: 'Several workers have this name' },
  no_matching_worker: { status: 409, title: 'No worker is there that may run the job' },
  run_ended: { status: 409, title: 'The run has ended' },
  precondition_failed: { status: 412, title: 'The job is not in the state asked for' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'Only JSON is understood' },
  job_broken: { status: 422, title: 'The stored definition cannot be read' },
  headers_too_large: { status: 431, title: 'The headers are too large' },
  queue_full: { status: 429, title: 'Too many requests to run the job are waiting' },
  too_many_streams: { status: 429, title: 'Too many streams are open' },
  internal: { status: 500, title: 'Something went wrong here' },
  etcd_refused: { status: 502, title: 'etcd refused the request' },
  etcd_unavailable: { status: 503, title: 'etcd cannot be reached' },
  not_ready: { status: 503, title: 'Not ready' },
  etcd_no_space: { status: 507, title: 'etcd is over its quota' },
} as const satisfies Record<string, Entry>;

export type ProblemCode = keyof typeof problemCatalogue;

export const fieldIssue = z.strictObject({
  path: z
    .string()
    .meta({ description: 'The field, such as `schedule[1]` or `retry.delay`; empty for the whole' }),
  message: z.string(),
});

export const problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    code: z.enum(Object.keys(problemCatalogue) as [ProblemCode, ...ProblemCode[]]),
    detail: z.string(),
    errors: z.array(fieldIssue).optional(),
  })
  .meta({ id: 'Problem' });
export type Problem = z.output<typeof problem>;
export type ProblemIssue = z.output<typeof fieldIssue>;

export interface ProblemOptions {
  readonly errors?: readonly ProblemIssue[];
  /** Sent as Retry-After. */
  readonly retryAfterSeconds?: number;
  readonly cause?: unknown;
}

/** The one exception that handlers throw on purpose; anything else is answered as `internal`. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly code: ProblemCode;
  readonly errors: readonly ProblemIssue[] | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(detail, { cause: options.cause });
    this.code = code;
    this.errors = options.errors;
    this.retryAfterSeconds = options.retryAfterSeconds;
  }

  get status(): number {
    return problemCatalogue[this.code].status;
  }

  toProblem(): Problem {
    return {
      type: `urn:etcron:problem:${this.code.replaceAll('_', '-')}`,
      title: problemCatalogue[this.code].title,
      status: this.status,
      code: this.code,
      detail: this.message,
      ...(this.errors && { errors: [...this.errors] }),
    };
  }
}

/** Nobody reads more of them, and an answer must not be many times as long as what was sent. */
const MOST_ISSUES = 25;
const LONGEST_WORDS = 1_000;

const shortened = (text: string): string =>
  text.length <= LONGEST_WORDS
    ? text
    : `${text.slice(0, LONGEST_WORDS / 2)} … ${text.slice(-LONGEST_WORDS / 2)}`;

function told(issues: readonly ProblemIssue[]): ProblemIssue[] {
  const some = issues
    .slice(0, MOST_ISSUES)
    .map(({ path, message }) => ({ path: shortened(path), message: shortened(message) }));
  const left = issues.length - some.length;
  if (left > 0) some.push({ path: '', message: `and ${left} more like these` });
  return some;
}

/** Bad input, told field by field. */
export function invalidInput(issues: readonly ProblemIssue[]): ProblemError {
  const errors = told(issues);
  const words = errors.map((issue) =>
    issue.path === '' ? issue.message : `${issue.path}: ${issue.message}`,
  );
  return new ProblemError('invalid_input', words.join('; '), { errors });
}
