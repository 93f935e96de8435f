// One request of an http task, over a connection of its own: no pool, no agent, nothing shared with other
// tasks, so that what one does (a broken connection, a distrusted certificate) never touches another.
import { request as requestPlain, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import type { SecureContext } from 'node:tls';
import type { Millis } from '../../common/model/time.ts';

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

export interface TlsOptions {
  readonly verify: boolean;
  /** Absent: the authorities that Node trusts. */
  readonly context: SecureContext | undefined;
}

/** How far a request has come. */
export type Phase = 'connecting' | 'waiting' | 'reading';

/** Of a host with several addresses the next is tried after this; Node's 250 ms give up distant ones. */
const ADDRESS_PATIENCE: Millis = 2_500;

interface Options extends RequestOptions {
  readonly autoSelectFamilyAttemptTimeout: Millis;
  readonly rejectUnauthorized?: boolean;
  readonly secureContext?: SecureContext;
}

/** Resolves with the head of the answer, its body unread. The signal also ends an answer that is being read. */
export function sendRequest(
  { method, url, headers, body }: HttpRequest,
  tls: TlsOptions,
  signal: AbortSignal,
  onPhase: (phase: Phase) => void,
): Promise<IncomingMessage> {
  const options: Options = {
    method,
    // Of a body that comes with DELETE Node tells no length by itself.
    headers: { ...headers, ...(body && { 'content-length': body.length }) },
    agent: false,
    signal,
    autoSelectFamilyAttemptTimeout: ADDRESS_PATIENCE,
    ...(url.protocol === 'https:' && {
      rejectUnauthorized: tls.verify,
      ...(tls.context && { secureContext: tls.context }),
    }),
  };
  return new Promise((resolve, reject) => {
    onPhase('connecting');
    const request = url.protocol === 'https:' ? requestTls(url, options) : requestPlain(url, options);
    request.once('socket', (socket) => {
      const connected = (): void => onPhase('waiting');
      socket.once(url.protocol === 'https:' ? 'secureConnect' : 'connect', connected);
    });
    request.once('response', (answer) => {
      onPhase('reading');
      // It may break before anybody reads it.
      answer.on('error', () => {});
      resolve(answer);
    });
    // Also after the answer: an error without a listener would end the worker.
    request.on('error', reject);
    request.end(body);
  });
}

/** Passes the body on, at the pace at which it is taken; rejects when it does not come to its end. */
export function readBody(answer: IncomingMessage, take: (chunk: Buffer) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      if (answer.complete) resolve();
      else reject(answer.errored ?? new Error('the connection was closed before its end'));
    };
    if (answer.destroyed) return settle();
    answer.once('close', settle);
    answer.on('data', take);
  });
}
