// Asks one worker for the output of a run and passes its bytes on as they are. Not fetch(): that gives up on a
// body in which nothing comes for five minutes, and a run may be silent for longer. Whatever breaks in the
// middle ends the text with a word about it, not the connection.
import { request as requestPlain, type IncomingMessage } from 'node:http';
import { request as requestTls } from 'node:https';
import { PassThrough, type Readable } from 'node:stream';
import type { WorkerRecord } from '../../common/model/worker.ts';

/** A worker that does not begin to answer in this time is treated as gone. */
const WORKER_PATIENCE_MS = 5_000;
/** The system then asks a silent peer whether it is there; a proxy in between sees that somebody is. */
const KEEP_ALIVE_MS = 15_000;

/** In bytes. */
export interface OutputPart {
  readonly offset?: number | undefined;
  readonly limit?: number | undefined;
  readonly tail?: number | undefined;
}

export interface OutputQuestion {
  readonly job: string;
  readonly run: string;
  readonly follow: boolean;
  /** The part that is wanted; absent: all of it. */
  readonly part?: OutputPart;
  /** Nobody wants it any more. */
  readonly signal: AbortSignal;
  /** The worker is known to be gone: what comes next is `brokenNote`. */
  readonly gone: AbortSignal | undefined;
  readonly brokenNote: string;
  /** What comes after all that the worker has; asked when it has come. */
  readonly closingNote: () => string;
}

/** none: it has no such output. busy: too many read there. unreachable: or it answers nonsense. */
export type WorkerAnswer =
  /** `headers`: where what comes begins, and how long all of it is; none of a worker of an older version. */
  | {
      readonly kind: 'output';
      readonly body: Readable;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'none' | 'busy' }
  | { readonly kind: 'unreachable'; readonly reason: string };

/** Never rejects. */
export async function askForOutput(worker: WorkerRecord, question: OutputQuestion): Promise<WorkerAnswer> {
  const { job, run, follow, signal } = question;
  let answer: IncomingMessage;
  try {
    const url = new URL(
      `v1/runs/${encodeURIComponent(job)}/${encodeURIComponent(run)}/output`,
      `${worker.http.replace(/\/$/, '')}/`,
    );
    if (follow) url.searchParams.set('follow', 'true');
    for (const [name, bytes] of Object.entries(question.part ?? {}))
      if (bytes !== undefined) url.searchParams.set(name, String(bytes));
    answer = await open(url, worker.token, signal);
  } catch (error) {
    return { kind: 'unreachable', reason: (error as Error).message };
  }
  // A worker that answers with another address would be handed the token there: never followed.
  if (answer.statusCode === 200)
    return { kind: 'output', body: through(answer, question), headers: placeIn(answer) };
  answer.on('error', () => {}).destroy();
  if (answer.statusCode === 404) return { kind: 'none' };
  if (answer.statusCode === 503) return { kind: 'busy' };
  return { kind: 'unreachable', reason: `it answered ${answer.statusCode}` };
}

function placeIn({ headers }: IncomingMessage): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['etcron-output-offset', 'etcron-output-size']) {
    const value = headers[name];
    if (typeof value === 'string' && /^\d{1,16}$/.test(value)) found[name] = value;
  }
  return found;
}

function open(url: URL, token: string, signal: AbortSignal): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const send = url.protocol === 'https:' ? requestTls : requestPlain;
    const asked = send(url, { headers: { authorization: `Bearer ${token}` }, agent: false, signal });
    const late = setTimeout(
      () => asked.destroy(new Error(`no answer in ${WORKER_PATIENCE_MS} ms`)),
      WORKER_PATIENCE_MS,
    );
    asked.once('response', (answer) => {
      clearTimeout(late);
      resolve(answer);
    });
    // Stays: after the answer an error of the connection is told by the answer, too.
    asked.on('error', (error) => {
      clearTimeout(late);
      reject(error);
    });
    asked.once('socket', (socket) => socket.setKeepAlive(true, KEEP_ALIVE_MS));
    asked.end();
  });
}

function through(answer: IncomingMessage, question: OutputQuestion): Readable {
  const out = new PassThrough();
  const end = (note: string): void => {
    if (!out.writableEnded) out.end(note);
  };
  const onGone = (): void => void answer.destroy();
  question.gone?.addEventListener('abort', onGone);
  answer.pipe(out, { end: false });
  answer.on('error', () => {});
  answer.once('close', () => end(answer.complete ? question.closingNote() : question.brokenNote));
  out.once('close', () => {
    question.gone?.removeEventListener('abort', onGone);
    answer.destroy();
  });
  return out;
}
