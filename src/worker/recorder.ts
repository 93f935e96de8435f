// Writes how runs end, whatever it takes: a run that ended is recorded once, also when etcd was away or the
// lease was lost meanwhile. Prunes the job's history in passing: one read in ten records, no write of its own.
import { fnv1a } from '../common/core/hash.ts';
import type { RunRecord } from '../common/model/run.ts';
import { monotonic, type Millis } from '../common/model/time.ts';
import type { Ending, EndingResult, Retry } from '../common/store/transactions/endings.ts';
import {
  finishRun,
  finishWithoutJob,
  finishWithoutLock,
  keepTail,
} from '../common/store/transactions/endings.ts';
import { completeLost } from '../common/store/transactions/outlived.ts';
import { findRecord, tellLoss, toldLoss } from '../common/store/transactions/told-losses.ts';
import type { Assignment } from './assignment.ts';
import { carryThrough } from './persist.ts';
import type { WorkerPorts } from './ports.ts';

/** Records of a job between two looks at its history. */
const LOOK_EVERY = 10;
const OUTPUTS_KEPT = 5;

/** Ends written in one turn of the event loop: a herd ends all at once, and etcd is to work meanwhile. */
const ENDS_PER_TURN = 100;

/** The first finds where the record of the loss stands, the second replaces it. */
const COMPLETIONS = 5;

/** Looks at history are gathered for this long. */
const GATHER: Millis = 5;
/** etcd allows 128 operations in a request; a page of ids each is not small. */
const LOOKS_PER_REQUEST = 50;

interface Look {
  readonly job: string;
  readonly keep: number;
}

interface Boundaries {
  readonly pruneRunsBefore?: string;
  readonly pruneOutputsBefore?: string;
}

export interface Recorder {
  /** Resolves when the end is on record, here or by whoever settled it; never rejects. */
  record(
    assignment: Assignment,
    run: RunRecord,
    tail: string,
    retry?: Retry,
  ): Promise<EndingResult | 'given-up'>;
  /** Ends wait this long from now before they are written, also those of earlier ticks. */
  holdBack(delay: Millis): void;
  /** Forgets a job that is no more. */
  forget(job: string): void;
  /** After this nothing is tried again; what is under way gets its one answer. */
  giveUp(): void;
}

export function createRecorder(ports: WorkerPorts): Recorder {
  const { keys, batcher, clock, logger, etcd } = ports;
  const written = new Map<string, number>();
  const boundaries = new Map<string, Boundaries>();
  let wanted: Look[] = [];
  let endsThisTurn = 0;
  const waitingForTurn: (() => void)[] = [];

  /** Until then no end goes out, as if the turn were full: the first turn after it takes them up. */
  let heldBackUntil = monotonic(-Infinity);

  const nextTurn = (): void => {
    const left = heldBackUntil - clock.monotonic();
    if (left > 0) return void clock.setTimer(left, nextTurn);
    const next = waitingForTurn.splice(0, ENDS_PER_TURN);
    endsThisTurn = next.length;
    if (next.length > 0) clock.setTimer(0, nextTurn);
    for (const go of next) go();
  };

  const turn = (): Promise<void> | undefined => {
    if (endsThisTurn === ENDS_PER_TURN) return new Promise((resolve) => waitingForTurn.push(resolve));
    if (endsThisTurn++ === 0) clock.setTimer(0, nextTurn);
    return undefined;
  };

  let givenUp = false;
  const through = { clock, submit: batcher.submit.bind(batcher), goesOn: () => !givenUp, whatever: true };

  const lookAt = async (looks: readonly Look[]): Promise<void> => {
    const success = looks.map(({ job, keep }) => ({
      type: 'range' as const,
      ...keys.runsOf(job),
      keysOnly: true,
      descending: true,
      limit: keep,
    }));
    const { responses } = await etcd.txn({ compare: [], success, failure: [] });
    for (const [index, { job, keep }] of looks.entries()) {
      const newest = responses[index];
      if (newest?.type !== 'range') continue;
      const idAt = (place: number): string | undefined => {
        const kv = newest.kvs[place];
        return kv && keys.partsOf(kv.key)[1];
      };
      const oldest = newest.count > keep ? idAt(keep - 1) : undefined;
      const output = idAt(OUTPUTS_KEPT - 1);
      boundaries.set(job, {
        ...(oldest === undefined ? {} : { pruneRunsBefore: oldest }),
        ...(output === undefined ? {} : { pruneOutputsBefore: output }),
      });
    }
  };

  /** A herd ends together: its looks share requests. */
  const lookAtAll = async (): Promise<void> => {
    const all = wanted;
    wanted = [];
    for (let i = 0; i < all.length; i += LOOKS_PER_REQUEST) {
      try {
        await lookAt(all.slice(i, i + LOOKS_PER_REQUEST));
      } catch (error) {
        logger.debug({ err: error }, 'history not looked at; the next runs will');
      }
    }
  };

  const countRecord = (job: string, keep: number): void => {
    // Not from 0: jobs that run together are not to be looked at together, nor after each restart anew.
    const count = (written.get(job) ?? fnv1a(job + ports.randomSuffix()) % LOOK_EVERY) + 1;
    written.set(job, count % LOOK_EVERY);
    if (count !== LOOK_EVERY) return;
    if (wanted.length === 0) clock.setTimer(GATHER, () => void lookAtAll());
    wanted.push({ job, keep });
  };

  const complete = async (ending: Ending): Promise<EndingResult> => {
    for (let lostAt = 0, tries = 0; tries < COMPLETIONS; tries++) {
      const result = await carryThrough(completeLost(keys, ending, lostAt), through);
      if (typeof result === 'string') return result;
      lostAt = result.lostAt;
    }
    return 'settled';
  };

  /** Killed at the fence, and settled by a peer, who had to guess. */
  const supplement = async (run: RunRecord): Promise<void> => {
    const found = await carryThrough(findRecord(keys, run), through);
    const told = found && toldLoss(found, run);
    if (told) await carryThrough(tellLoss(keys, told, found.modRevision), through);
  };

  return {
    holdBack(delay) {
      heldBackUntil = monotonic(Math.max(heldBackUntil, clock.monotonic() + delay));
      if (endsThisTurn === 0) clock.setTimer(delay, nextTurn);
      endsThisTurn = ENDS_PER_TURN;
    },
    async record(assignment, run, tail, retry) {
      const wait = turn();
      if (wait) await wait;
      const bounds = boundaries.get(run.job);
      if (bounds) boundaries.delete(run.job);
      const ending: Ending = {
        workerId: assignment.membership.workerId,
        lock: assignment.lock,
        run,
        fencingToken: assignment.fencingToken,
        tail,
        retry,
        pruneRunsBefore: bounds?.pruneRunsBefore,
        pruneOutputsBefore: bounds?.pruneOutputsBefore,
      };
      try {
        let result = await carryThrough(finishRun(keys, ending), through);
        if (result === 'lease-lost') result = await carryThrough(finishWithoutLock(keys, ending), through);
        // Its loss was told meanwhile; the true end goes before that.
        if (result === 'settled' && run.onLostLease === 'continue') result = await complete(ending);
        else if (result === 'settled' && run.state === 'lost') await supplement(run);
        if (result === 'job-gone') await carryThrough(finishWithoutJob(keys, ending), through);
        if (result === 'settled' && tail !== '') await carryThrough(keepTail(keys, run, tail), through);
        if (result === 'recorded') countRecord(run.job, assignment.definition.history.keep);
        else
          logger.warn(
            { job: run.job, run: run.id, result },
            'the end of a run was not recorded by this worker',
          );
        return result;
      } catch (error) {
        logger.error(
          { err: error, job: run.job, run: run.id, state: run.state },
          'the end of a run could not be recorded; others will settle it',
        );
        return 'given-up';
      }
    },
    forget(job) {
      written.delete(job);
      boundaries.delete(job);
    },
    giveUp() {
      givenUp = true;
    },
  };
}
