// What happens below a request: connections that are too many, too slow, or that speak no HTTP. Each gets its
// answer as a problem, as far as it can be answered at all, and no more of our memory.
import { STATUS_CODES, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { PROBLEM_TYPE, ProblemError } from '../../common/api/problems.ts';
import type { Clock } from '../../common/core/clock.ts';
import type { Monotonic } from '../../common/model/time.ts';
import type { Logger } from '../../common/runtime/logger.ts';

const TELL_AGAIN_MS = 60_000;

function problemOf(code: string | undefined): ProblemError {
  if (code === 'HPE_HEADER_OVERFLOW')
    return new ProblemError('headers_too_large', 'the address and the headers are too long together');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ProblemError('request_timeout', 'the request did not come in time');
  return new ProblemError('bad_request', 'this is no request of HTTP/1.1');
}

/** Answers what could not be read as a request, and closes the connection. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  // In the middle of another answer there is nothing to be said (as node's own handler has it).
  const { _httpMessage: under } = socket as Socket & { _httpMessage?: { headersSent?: boolean } };
  if (error.code === 'ECONNRESET' || !socket.writable || under?.headersSent) {
    socket.destroy();
    return;
  }
  const problem = problemOf(error.code);
  const body = Buffer.from(JSON.stringify(problem.toProblem()));
  const head = [
    `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status]}`,
    `content-type: ${PROBLEM_TYPE}`,
    `content-length: ${body.length}`,
    'x-content-type-options: nosniff',
    'connection: close',
  ];
  socket.write(Buffer.concat([Buffer.from(`${head.join('\r\n')}\r\n\r\n`), body]));
  socket.destroySoon();
}

/** More connections than that are closed as they come: those that are there go on. */
export function limitConnections(
  server: Server,
  most: number,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
): void {
  server.maxConnections = most;
  let toldAt: Monotonic | undefined;
  server.on('drop', () => {
    const now = clock.monotonic();
    if (toldAt !== undefined && now - toldAt < TELL_AGAIN_MS) return;
    toldAt = now;
    logger.warn({ most }, 'as many connections are open as there may be: closing those that come');
  });
}
