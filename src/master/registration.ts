// Tells the cluster that this master is there: a record under a lease, rewritten every ten seconds so that
// readers can compare clocks. Without etcd it goes on trying; a master without its lease serves all the same.
import type { Clock, Timer } from '../common/core/clock.ts';
import type { Millis } from '../common/model/time.ts';
import type { MasterRecord } from '../common/model/worker.ts';
import type { Logger } from '../common/runtime/logger.ts';
import { createOutageNote } from '../common/runtime/outage-note.ts';
import type { Etcd, LeaseId } from '../common/store/etcd.ts';
import type { Keyspace } from '../common/store/keyspace.ts';
import { startSession, type Session } from '../common/store/session.ts';
import { registerMaster } from '../common/store/transactions/masters.ts';

const TTL_SECONDS = 15;
const MARGIN_MS: Millis = 1_000;
const REWRITE_EVERY: Millis = 10_000;
const RETRY_AFTER: Millis = 1_000;
/** Who asks for our time is answered after this, others who ask along with him; and again after that. */
const GATHER: Millis = 50;
const ANSWER_PAUSE: Millis = 500;

export interface Registration {
  /** undefined: no lease at the moment. */
  readonly leaseId: LeaseId | undefined;
  /** Resolves when it stands in etcd for the first time. */
  readonly whenRegistered: Promise<void>;
  /** Writes the record anew in a moment: another asks for our time, or we ask for theirs. */
  tellTime(): void;
  /** Takes the record away at once, unless etcd is away. */
  stop(): Promise<void>;
}

export interface RegistrationDeps {
  readonly etcd: Etcd;
  readonly keys: Keyspace;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What to register, as of now. */
  readonly record: () => MasterRecord;
}

export function startRegistration({ etcd, keys, clock, logger, record }: RegistrationDeps): Registration {
  const outage = createOutageNote({ clock, logger }, 'this master cannot register');
  let session: Session | undefined;
  let timer: Timer | undefined;
  let answer: Timer | undefined;
  let writtenAt = -Infinity;
  let isStopped = false;
  let working: Promise<void> = Promise.resolve();
  let registered: () => void;
  const whenRegistered = new Promise<void>((resolve) => (registered = resolve));

  const again = (delay: Millis): void => {
    timer?.cancel();
    if (!isStopped) {
      timer = clock.setTimer(delay, () => {
        working = write();
      });
    }
  };

  const open = async (): Promise<Session> => {
    const opened: Session = await startSession({
      etcd,
      clock,
      ttlSeconds: TTL_SECONDS,
      marginMs: MARGIN_MS,
      onLost(reason) {
        if (session !== opened) return;
        session = undefined;
        logger.warn({ reason }, 'lost the lease of the registration');
        again(0);
      },
    });
    return opened;
  };

  const write = async (): Promise<void> => {
    try {
      session ??= await open();
      writtenAt = clock.monotonic();
      const { txn } = registerMaster(keys, record(), session.leaseId);
      await etcd.txn(txn);
      registered();
      outage.over();
      again(REWRITE_EVERY);
    } catch (error) {
      outage.note(error);
      again(RETRY_AFTER);
    }
  };
  working = write();

  return {
    get leaseId() {
      return session?.isValid() ? session.leaseId : undefined;
    },
    whenRegistered,
    tellTime() {
      if (!session?.isValid() || answer || isStopped) return;
      answer = clock.setTimer(Math.max(GATHER, writtenAt + ANSWER_PAUSE - clock.monotonic()), () => {
        answer = undefined;
        // One at a time: a write that is on its way goes first.
        working = working.then(() => (isStopped || !session?.isValid() ? undefined : write()));
      });
    },
    async stop() {
      isStopped = true;
      timer?.cancel();
      answer?.cancel();
      await working;
      const last = session;
      session = undefined;
      await last?.revoke().catch(() => last.stop());
    },
  };
}
