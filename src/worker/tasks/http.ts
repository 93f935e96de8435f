// Tasks of the kind http: a request, made in the worker's own process, whose answer is the run's output. It
// can be given up at any moment, and then nothing of it goes on here; whether the server does, nobody knows.
import { X509Certificate } from 'node:crypto';
import { STATUS_CODES, type IncomingMessage } from 'node:http';
import { createSecureContext, type SecureContext } from 'node:tls';
import { expectText, isExpected } from '../../common/core/http-expect.ts';
import type { Clock } from '../../common/core/clock.ts';
import { msText } from '../../common/model/amount-text.ts';
import { durationMs } from '../../common/model/duration.ts';
import { takesBody, type HttpTask } from '../../common/model/http-task.ts';
import { toIso, type Millis } from '../../common/model/time.ts';
import { openSpool } from '../runner/spool.ts';
import { redirectOf } from './http-redirect.ts';
import { readBody, sendRequest, type HttpRequest, type Phase, type TlsOptions } from './http-request.ts';
import { explainHttpError, whereStopped } from './http-words.ts';
import type { InProcessTask, TaskContext, TaskEnd, TaskOutcome } from './task.ts';

/** For a task with no timeout of its own, of a job with none: no server is waited for without end. */
const DEFAULT_TIMEOUT: Millis = 300_000;

/** What the task was told to end as; the first stands, but `lost` prevails. */
interface Stop {
  readonly outcome: 'killed' | 'timed_out' | 'lost';
  readonly words: string;
}

/** What an answer came to. */
interface Answered {
  readonly status?: number;
  /** Why it is no success. */
  readonly error?: string;
}

export function startHttp(
  task: HttpTask,
  context: TaskContext,
  { clock, spool: spoolFile }: { readonly clock: Clock; readonly spool: string },
): InProcessTask {
  const startedAt = clock.now();
  const controller = new AbortController();
  const { signal } = controller;
  let stop: Stop | undefined;
  let over = false;
  let answer: IncomingMessage | undefined;
  let phase: Phase = 'connecting';
  let at = new URL(task.url);
  const spool = openSpool({
    path: spoolFile,
    limit: context.outputLimit,
    attempt: context.attempt,
    onDrain: () => answer?.resume(),
  });

  const giveUp = (why: Stop): void => {
    if (over) return;
    if (stop === undefined || why.outcome === 'lost') stop = why;
    controller.abort();
  };

  const follow = async (): Promise<Answered> => {
    const prepared = prepare(task, context);
    if ('error' in prepared) return prepared;
    let request = prepared.request;
    for (let left = task.redirects, wasElsewhere = false; ; left--) {
      at = request.url;
      answer = await sendRequest(request, prepared.tls, signal, (now) => (phase = now));
      const status = answer.statusCode!;
      spool.write(headOf(answer));
      const isGood = isExpected(task.expect, status);
      const redirect =
        isGood || task.redirects === 0
          ? undefined
          : redirectOf(request, prepared.own, status, answer.headers.location);
      if (redirect && (left === 0 || 'refused' in redirect)) {
        answer.destroy();
        const error = 'refused' in redirect ? redirect.refused : tooMany(task.redirects);
        return { status, error };
      }
      if (redirect && 'to' in redirect) {
        // Its body is of no interest, and the connection is not used again.
        answer.destroy();
        wasElsewhere ||= redirect.isElsewhere;
        request = redirect.to;
        continue;
      }
      const reading = answer;
      await readBody(reading, (chunk) => {
        if (!spool.write(chunk)) reading.pause();
      });
      return isGood ? { status } : { status, error: unexpected(task, reading, wasElsewhere) };
    }
  };

  const end = async (): Promise<TaskEnd> => {
    let answered: Answered;
    try {
      answered = await follow();
    } catch (cause) {
      answered = {
        ...(answer?.statusCode !== undefined && phase === 'reading' && { status: answer.statusCode }),
        error: stop ? '' : explainHttpError(cause, at, phase),
      };
    }
    over = true;
    timeout.cancel();
    answer?.destroy();
    const endedAt = clock.now();
    const out = await spool.finish();
    const outcome: TaskOutcome = stop?.outcome ?? (answered.error === undefined ? 'succeeded' : 'failed');
    const error = [stop ? `${stop.words}: ${whereStopped(at, phase)}` : answered.error, out.error].filter(
      (each) => each !== undefined,
    );
    return {
      outcome,
      ...(answered.status !== undefined && { httpStatus: answered.status }),
      ...(error.length > 0 && { error: error.join('; ') }),
      startedAt,
      endedAt,
      outputBytes: out.bytes,
      outputTruncated: out.truncated,
      tail: out.tail,
    };
  };

  const limit = timeoutOf(task, context);
  const timeout = clock.setTimer(limit.ms, () => giveUp({ outcome: 'timed_out', words: limit.words }));
  return {
    started: Promise.resolve(startedAt),
    ended: end(),
    get isOver() {
      return over;
    },
    kill: () => giveUp({ outcome: 'killed', words: 'the request was given up' }),
    killNow: () => giveUp({ outcome: 'killed', words: 'the request was given up' }),
    fence: () => giveUp({ outcome: 'lost', words: "the worker's claim on the run ended" }),
  };
}

function timeoutOf(task: HttpTask, { timeoutMs }: TaskContext): { ms: Millis; words: string } {
  const own = task.timeout === undefined ? undefined : (durationMs(task.timeout) ?? DEFAULT_TIMEOUT);
  if (timeoutMs !== undefined && (own === undefined || timeoutMs <= own))
    return { ms: timeoutMs, words: `it ran longer than its timeout of ${msText(timeoutMs)}` };
  if (own !== undefined)
    return { ms: own, words: `task.timeout: the answer was not there after ${task.timeout}` };
  return { ms: DEFAULT_TIMEOUT, words: 'the answer was not there after 5 minutes, and no timeout is set' };
}

interface Prepared {
  readonly request: HttpRequest;
  readonly tls: TlsOptions;
  /** Headers that say what the run is: any origin may see them. */
  readonly own: Readonly<Record<string, string>>;
}

function prepare(task: HttpTask, context: TaskContext): Prepared | { readonly error: string } {
  const payload = context.payload === undefined ? task.body : context.payload;
  if (payload !== undefined && !takesBody(task.method))
    return { error: `the payload of this run cannot be sent: a ${task.method} request has no body` };
  const given: Record<string, string> = {};
  const names = new Set<string>();
  for (const [name, value] of Object.entries(task.headers ?? {})) {
    const text = typeof value === 'string' ? value : value.value;
    if (text === undefined) continue;
    given[name] = text.trim();
    names.add(name.toLowerCase());
  }
  const own = runHeaders(context);
  if (payload !== undefined && !names.has('content-type'))
    given['content-type'] = typeof payload === 'string' ? 'text/plain; charset=utf-8' : 'application/json';
  let secure: SecureContext | undefined;
  try {
    secure = task.tls.ca === undefined ? undefined : trusting(task.tls.ca);
  } catch (cause) {
    return { error: `task.tls.ca: holds no certificates that can be read (${(cause as Error).message})` };
  }
  const body =
    payload === undefined
      ? undefined
      : Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  return {
    request: { method: task.method, url: new URL(task.url), headers: { ...own, ...given }, body },
    tls: { verify: task.tls.verify, context: secure },
    own,
  };
}

/** Node's own reading leaves out, without a word, what it cannot read. */
function trusting(pem: string): SecureContext {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g);
  if (!blocks) throw new Error('no whole certificate');
  return createSecureContext({ ca: blocks.map((block) => new X509Certificate(block).toString()) });
}

/** What a process is told by its environment. */
const runHeaders = (context: TaskContext): Record<string, string> => ({
  'user-agent': 'etcron',
  accept: '*/*',
  'X-Etcron-Job': context.job,
  'X-Etcron-Run-Id': context.runId,
  'X-Etcron-Scheduled-For': toIso(context.scheduledFor),
  'X-Etcron-Attempt': String(context.attempt),
  'X-Etcron-Fencing-Token': String(context.fencingToken),
  'X-Etcron-Worker': context.worker,
  'Idempotency-Key': `${context.job}/${context.runId}`,
  ...(context.shard && {
    'X-Etcron-Shard-Index': String(context.shard.index),
    'X-Etcron-Shard-Total': String(context.shard.total),
  }),
});

/** Status line and headers as they came, and an empty line. */
function headOf(answer: IncomingMessage): Buffer {
  let text = `HTTP/${answer.httpVersion} ${answer.statusCode} ${answer.statusMessage}\n`;
  const { rawHeaders } = answer;
  for (let i = 0; i < rawHeaders.length; i += 2) text += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\n`;
  return Buffer.from(`${text}\n`, 'latin1');
}

const tooMany = (most: number): string =>
  `task.redirects: redirected more than ${most} times, perhaps in a circle`;

function unexpected(task: HttpTask, { statusCode }: IncomingMessage, wasElsewhere: boolean): string {
  const name = STATUS_CODES[statusCode!];
  const hint = wasElsewhere
    ? "; it was redirected to another origin, which does not get the job's headers: write the new address as task.url"
    : '';
  return `unexpected status ${statusCode}${name === undefined ? '' : ` ${name}`} (task.expect: ${expectText(task.expect)})${hint}`;
}
