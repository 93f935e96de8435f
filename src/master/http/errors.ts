// Whatever goes wrong becomes one of the coded problems. An error that nobody foresaw is logged with its
// stack and answered without it.
import type { FastifyError, FastifyReply } from 'fastify';
import { PROBLEM_TYPE, ProblemError, type ProblemCode } from '../../common/api/problems.ts';
import { bytesText } from '../../common/model/amount-text.ts';
import { EtcdError } from '../../common/store/etcd.ts';
import { jsonFault } from './json-fault.ts';

const RETRY_SECONDS = 2;

/** The framework's own errors, by its codes. */
const FRAMEWORK: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  FST_ERR_CTP_INVALID_JSON_BODY: ['bad_json', 'the body cannot be read as JSON'],
  FST_ERR_CTP_BODY_TOO_LARGE: ['body_too_large', 'the body is larger than this address takes'],
  FST_ERR_CTP_INVALID_MEDIA_TYPE: ['unsupported_media_type', 'send the body as application/json'],
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: ['bad_request', 'the body is not as long as its Content-Length says'],
  FST_ERR_BAD_URL: ['bad_request', 'the address cannot be decoded'],
  FST_ERR_MAX_PARAM_LENGTH: ['bad_request', 'a part of the address is too long'],
};

const NO_SPACE =
  'etcd has raised its NOSPACE alarm: the database is over its quota and takes no writes. Compact, defragment, and disarm the alarm (docs/operations), or raise the quota';

function fromEtcd(error: EtcdError): ProblemError {
  const later = { retryAfterSeconds: RETRY_SECONDS, cause: error };
  switch (error.kind) {
    case 'unavailable':
    case 'deadline':
    case 'closed':
    case 'lease_not_found':
    case 'compacted': {
      const unsure = error.mayHaveApplied
        ? '; the request may have been carried out all the same, so look before you repeat it'
        : '';
      return new ProblemError(
        'etcd_unavailable',
        `etcd cannot be reached or did not answer in time${unsure}`,
        later,
      );
    }
    case 'too_many_requests':
      return new ProblemError('etcd_unavailable', 'etcd has too much to do at the moment', later);
    case 'no_space':
      return new ProblemError('etcd_no_space', NO_SPACE, { cause: error });
    case 'auth':
      return new ProblemError(
        'etcd_refused',
        'etcd refused the user or password of this master, or its permissions',
        { cause: error },
      );
    case 'invalid':
      return new ProblemError('etcd_refused', 'etcd refused the request as it is', { cause: error });
  }
}

/** What the parser refused, with its place. */
export function brokenJson(body: string): Error {
  const fault =
    jsonFault(body) ?? 'it names __proto__ or constructor.prototype, which no field here is called';
  return new ProblemError('bad_json', `the body cannot be read as JSON: ${fault}`);
}

/**
 * `unexpected`: neither the caller nor the state of etcd explains it, so it belongs in the log. `bodyLimit`: of the
 * address that was asked, in bytes.
 */
export function toProblem(
  error: unknown,
  bodyLimit?: number,
): { readonly problem: ProblemError; readonly unexpected: boolean } {
  if (error instanceof ProblemError) return { problem: error, unexpected: false };
  if (error instanceof EtcdError) return { problem: fromEtcd(error), unexpected: error.kind === 'invalid' };
  const { code, statusCode } = error as Partial<FastifyError>;
  const known = code === undefined ? undefined : FRAMEWORK[code];
  if (known?.[0] === 'body_too_large' && bodyLimit !== undefined) {
    const words = `the body is larger than the ${bytesText(bodyLimit)} that this address takes`;
    return { problem: new ProblemError(known[0], words), unexpected: false };
  }
  if (known) return { problem: new ProblemError(...known), unexpected: false };
  // Broken JSON is reported by the parser itself, as a SyntaxError of status 400.
  if (error instanceof SyntaxError && statusCode === 400)
    return { problem: new ProblemError('bad_json', error.message), unexpected: false };
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return { problem: new ProblemError('bad_request', 'the request cannot be read'), unexpected: false };
  }
  return {
    problem: new ProblemError('internal', 'an unexpected error; the log of this master has it', {
      cause: error,
    }),
    unexpected: true,
  };
}

export function sendProblem(reply: FastifyReply, problem: ProblemError): FastifyReply {
  if (problem.retryAfterSeconds !== undefined) void reply.header('retry-after', problem.retryAfterSeconds);
  if (problem.code === 'unauthorized') void reply.header('www-authenticate', 'Bearer realm="etcron"');
  // As bytes: to text the framework would add a charset, which this media type does not have.
  const body = Buffer.from(JSON.stringify(problem.toProblem()));
  return reply.code(problem.status).header('content-type', PROBLEM_TYPE).send(body);
}
