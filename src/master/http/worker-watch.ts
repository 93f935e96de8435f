// Whether a worker that output is read from is still there. Its registration goes with its lease, and a worker that is
// cut off from etcd may be reached all the same, with runs that go on (`onLostLease: continue`): it is there as long as
// it answers. A machine that is cut off from us closes no connection, so somebody has to ask.
import { request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Millis } from '../../common/model/time.ts';
import type { WorkerRecord } from '../../common/model/worker.ts';
import type { Views } from '../views/views.ts';

/** A worker that has answered nothing for this long is dead, stopped or cut off. */
const PATIENCE: Millis = 5_000;
const ASK_EVERY: Millis = 2_000;
const ASK_AGAIN: Millis = 500;
/** An answer of /healthz is 11 bytes. */
const MOST_BYTES = 1_024;

export interface WorkerWatch {
  /** Aborts when the worker is registered no more and does not answer. */
  readonly gone: AbortSignal;
  /** Its registration went while it was watched. */
  readonly hasLostClaim: boolean;
  stop(): void;
}

export function watchWorker(
  { views, clock }: { readonly views: Views; readonly clock: Clock },
  worker: WorkerRecord,
): WorkerWatch {
  const gone = new AbortController();
  const stopped = new AbortController();
  let hasLostClaim = false;
  let timer: Timer | undefined;

  const ask = async (answeredAt: Millis): Promise<void> => {
    const answers = await isThere(worker, stopped.signal);
    if (stopped.signal.aborted) return;
    const now = clock.monotonic();
    if (!answers && now - answeredAt >= PATIENCE) return gone.abort();
    timer = clock.setTimer(answers ? ASK_EVERY : ASK_AGAIN, () => void ask(answers ? now : answeredAt));
  };

  const silence = views.listen((family) => {
    if (family !== 'workers' || hasLostClaim || views.workers.get(worker.id)) return;
    hasLostClaim = true;
    void ask(clock.monotonic());
  });
  return {
    gone: gone.signal,
    get hasLostClaim() {
      return hasLostClaim;
    },
    stop() {
      stopped.abort();
      timer?.cancel();
      silence();
    },
  };
}

/** Never rejects. The answer has to be whole: a worker that is stopped in the middle of one is not there. */
function isThere(worker: WorkerRecord, stopped: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    const signal = AbortSignal.any([stopped, AbortSignal.timeout(PATIENCE)]);
    try {
      const url = new URL('healthz', `${worker.http.replace(/\/$/, '')}/`);
      const send = url.protocol === 'https:' ? requestTls : requestPlain;
      const asked = send(url, { agent: false, signal }, (answer) => {
        let bytes = 0;
        answer.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MOST_BYTES) answer.destroy();
        });
        answer.on('error', () => resolve(false));
        answer.on('close', () => resolve(answer.complete && answer.statusCode === 200));
      });
      asked.on('error', () => resolve(false));
      asked.end();
    } catch {
      resolve(false);
    }
  });
}
