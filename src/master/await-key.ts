// Waits for one key of etcd to become what somebody waits for. Watches, so it costs nothing while nothing
// happens; reads again when its watch breaks. Never waits longer than it is told.
import type { Clock } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { Etcd, KeyValue, Revision, Watch } from '../common/store/etcd.ts';

/** Before a broken watch is opened again. */
const REOPEN_AFTER: Millis = 250;

export interface KeyWait {
  readonly key: string;
  /** The state of this revision is known not to be it; undefined: read it. */
  readonly after?: Revision;
  /** undefined: the key does not exist. */
  readonly until: (kv: KeyValue | undefined) => boolean;
  readonly timeout: Millis;
  readonly signal?: AbortSignal;
}

/** True: it came to be. False: time is up, or the signal. Never rejects: etcd away is waiting too. */
export function awaitKey(etcd: Etcd, clock: Clock, wait: KeyWait): Promise<boolean> {
  return new Promise((resolve) => {
    let watch: Watch | undefined;
    let reopening = clock.setTimer(0, () => {});
    let done = false;
    const end = (met: boolean): void => {
      if (done) return;
      done = true;
      deadline.cancel();
      reopening.cancel();
      watch?.cancel();
      wait.signal?.removeEventListener('abort', giveUp);
      resolve(met);
    };
    const giveUp = (): void => end(false);
    const deadline = clock.setTimer(wait.timeout, giveUp);
    wait.signal?.addEventListener('abort', giveUp);

    const reopen = (): void => {
      watch = undefined;
      if (!done) reopening = clock.setTimer(REOPEN_AFTER, () => void readAndFollow());
    };
    const follow = (revision: Revision): void => {
      watch = etcd.watch(
        { key: wait.key, startRevision: revision + 1 },
        {
          onEvents(events) {
            for (const event of events)
              if (wait.until(event.type === 'put' ? event.kv : undefined)) return end(true);
          },
          onProgress() {},
          onEnd: reopen,
        },
      );
    };
    const readAndFollow = async (): Promise<void> => {
      try {
        const { kvs, revision } = await etcd.range({ key: wait.key });
        if (done) return;
        if (wait.until(kvs[0])) end(true);
        else follow(revision);
      } catch {
        reopen();
      }
    };
    if (wait.signal?.aborted) end(false);
    else if (wait.after === undefined) void readAndFollow();
    else follow(wait.after);
  });
}
