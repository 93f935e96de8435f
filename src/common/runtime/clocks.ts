// The wall clock as far as it can be believed: measured against the clocks of all other processes by what
// they register, watched for steps at every look. What schedules goes by this; what others measure us by (the
// stamp of our registration) is the bare clock. It never tells a stepped time unexamined.
import type { Logger } from 'pino';
import type { Clock, Timer } from '../core/clock.ts';
import { createClockJudge } from '../core/clock-judge.ts';
import { createClockSamples } from '../core/clock-samples.ts';
import { CLOCKS_NEEDED } from '../core/clock-offset.ts';
import { fnv1a } from '../core/hash.ts';
import { instant, monotonic, type Instant, type Millis, type Monotonic } from '../model/time.ts';
import type { ClockStamp } from '../model/worker.ts';
import type { Change } from '../store/follow.ts';
import { codecs, type Keyspace } from '../store/keyspace.ts';
import type { Revision } from '../store/etcd.ts';

/** Between two looks at a clock that nobody asks for the time. */
const LOOK_EVERY: Millis = 1_000;
/** Of all processes these many answer one that asks: three clocks decide, and some may be slow. */
const GREETERS = 5;
const ASK_AGAIN: Millis = 3_000;
/** A process that joins waits this long for the others to answer, before it takes work. */
const LONGEST_COMPARISON: Millis = 3_000;
/** Own writes that an answer may speak of. */
const WRITES_KEPT = 8;
/** Two reads of the clocks that were further apart than this say nothing of a step. */
const TOGETHER: Millis = 20;
/** Beyond this a process warns of its clock, and again at most so often. */
const WARN_FROM: Millis = 500;
const WARN_AGAIN: Millis = 300_000;

type Family = 'workers' | 'masters';

export interface ClocksOptions {
  /** The bare clock. */
  readonly clock: Clock;
  readonly keys: Keyspace;
  readonly logger: Logger;
  readonly maxOffset: Millis;
  /** Up to where the registrations have been told. */
  readonly revisions: () => { readonly workers: Revision; readonly masters: Revision };
  /** Our registration is to be written anew soon: we ask the others for their time, or answer one that asks. */
  readonly tell: () => void;
  /** The time was moved, or whether our clock is off has changed. Not called from within `now()`. */
  readonly onChanged: () => void;
}

export interface Clocks {
  /** Goes by the correction. */
  readonly clock: Clock;
  /** What is taken off the wall clock now. */
  readonly correction: Millis;
  readonly isAside: boolean;
  /** How far the bare clock is ahead of the median; `known`: there are clocks enough to tell whose is wrong. */
  offset(): { readonly offset: Millis; readonly known: boolean };
  /** Another's clock less the time that we go by; undefined: not measured. By the key of its registration. */
  offsetOf(key: string): Millis | undefined;
  /** Takes changes under workers/ and masters/. `live`: told as they happened. */
  take(changes: readonly Change[], live: boolean): void;
  /** What goes into our registration, which is about to be written under that key. */
  stamp(key: string): ClockStamp;
  /**
   * Resolves when our clock has been compared with the others', or when nobody answers in time. To be called
   * when the other registrations are loaded and ours is written.
   */
  compared(): Promise<void>;
  stop(): void;
}

export function startClocks(options: ClocksOptions): Clocks {
  const { clock, keys, logger } = options;
  const judge = createClockJudge(options.maxOffset);
  const samples = createClockSamples();
  /** The others, with the number of their last question. */
  const present = new Map<string, number>();
  let writes: { revision: Revision; at: Monotonic }[] = [];
  let own: string | undefined;
  let base: Millis = 0;
  let asks = 0;
  let askedAt = -Infinity;
  let warnedAt = -Infinity;
  let told: Timer | undefined;
  let comparing: { done: () => void; timer: Timer } | undefined;
  let stopped = false;

  /** A process may be stopped between two reads; then it looks like a step, and is none. */
  const readAgain = (): Millis => {
    for (let tries = 0; ; tries++) {
      const before = clock.monotonic();
      const wall = clock.now();
      if (clock.monotonic() - before <= TOGETHER || tries === 50) return wall - before;
    }
  };

  const now = (): Instant => {
    let wall = clock.now();
    const read = wall - clock.monotonic();
    if (judge.isStep(read)) {
      examine(readAgain());
      wall = clock.now();
    } else {
      base = read;
      judge.look(base, monotonic(0));
    }
    return instant(wall - judge.correction);
  };

  const examine = (read: Millis): void => {
    base = read;
    const step = judge.look(base, clock.monotonic());
    if (step === 0) return;
    const message =
      step > 0
        ? 'the wall clock was set forward: time goes on as before until other clocks confirm it'
        : 'the wall clock was set back';
    logger.warn({ stepMs: Math.round(step) }, message);
    // Monotonic time may stand still while a machine sleeps, and a wake-up looks like a step forward: what
    // the others said before it says nothing now.
    if (step > 0) samples.clear();
    writes = [];
    decide();
    ask();
    changed();
  };

  const changed = (): void => {
    if (stopped) return;
    told ??= clock.setTimer(0, () => {
      told = undefined;
      options.onChanged();
    });
  };

  const ask = (): void => {
    asks++;
    askedAt = clock.monotonic();
    options.tell();
  };

  const warn = (): void => {
    const at = clock.monotonic();
    const { offset } = judge;
    if (Math.abs(offset) <= WARN_FROM || at - warnedAt < WARN_AGAIN || judge.isUnclear) return;
    warnedAt = at;
    logger.warn(
      { offsetMs: Math.round(offset) },
      judge.isKnown
        ? `this clock is ${offset > 0 ? 'ahead of' : 'behind'} the others`
        : `clocks differ; with fewer than ${CLOCKS_NEEDED} none can be told to be wrong`,
    );
  };

  const decide = (): void => {
    const { correction, isAside, isDoubted } = judge;
    const at = clock.monotonic();
    judge.judge({ base, at, others: samples.all(), present: present.size });
    if (judge.isAside !== isAside || judge.correction !== correction || judge.isDoubted !== isDoubted) {
      const told = { offsetMs: Math.round(judge.offset), correctionMs: judge.correction };
      if (judge.isAside)
        logger.warn(told, 'this clock is off: other workers go first, and theirs is the time');
      else if (!judge.isDoubted) logger.info(told, 'this clock is believed');
      changed();
    } else warn();
    if ((judge.isUnclear || judge.isDoubted) && at - askedAt > ASK_AGAIN) ask();
    if (comparing && isCompared()) comparing.done();
  };

  const isCompared = (): boolean => present.size < CLOCKS_NEEDED - 1 || (judge.isKnown && !judge.isUnclear);

  /** A few answer, the same few whoever reckons: a thousand answers to each that joins would be too many. */
  const isToAnswer = (asking: string): boolean => {
    if (own === undefined) return false;
    const ownPlace = fnv1a(`${asking} ${own}`);
    let before = 0;
    for (const key of present.keys())
      if (key !== asking && fnv1a(`${asking} ${key}`) < ownPlace && ++before >= GREETERS) return false;
    return true;
  };

  const familyOf = (key: string): Family => (key.startsWith(keys.masters.key) ? 'masters' : 'workers');

  const stampOf = (key: string, value: string): ClockStamp | undefined => {
    const decoded = familyOf(key) === 'masters' ? codecs.master.decode(value) : codecs.worker.decode(value);
    return decoded.ok ? decoded.value : undefined;
  };

  const takeOwn = (stamp: ClockStamp, revision: Revision): void => {
    // Written before the last step of our clock: on which scale, nobody knows.
    if (stamp.asks !== asks) return;
    writes.push({ revision, at: monotonic(stamp.wallClock - base) });
    if (writes.length > WRITES_KEPT) writes.shift();
  };

  const takePut = (key: string, value: string, revision: Revision, live: boolean): void => {
    const stamp = stampOf(key, value);
    if (!stamp) return;
    if (key === own) return takeOwn(stamp, revision);
    const before = present.get(key);
    const number = stamp.asks ?? 0;
    present.set(key, number);
    if (!live) return;
    if (before !== number) {
      // It doubts its own clock, so do we.
      samples.forget(key);
      if (isToAnswer(key)) options.tell();
    }
    const seen = own === undefined ? 0 : (stamp.seen?.[familyOf(own)] ?? 0);
    const known = writes.findLast((write) => write.revision <= seen);
    samples.take(key, instant(stamp.wallClock), clock.monotonic(), known?.at);
  };

  const timer = { current: undefined as Timer | undefined };
  const keepLooking = (): void => {
    timer.current = clock.setTimer(LOOK_EVERY, () => {
      keepLooking();
      now();
      if (judge.isDoubted || judge.isUnclear) decide();
    });
  };
  keepLooking();
  now();

  return {
    clock: { now, monotonic: () => clock.monotonic(), setTimer: (delay, fn) => clock.setTimer(delay, fn) },
    get correction() {
      return judge.correction;
    },
    get isAside() {
      return judge.isAside;
    },
    offset: () => ({ offset: judge.offset, known: judge.isKnown }),
    offsetOf(key) {
      const bounds = samples.get(key);
      return bounds && bounds.lo - base + judge.correction;
    },
    take(changes, live) {
      // A step is noticed before what is measured now is taken for measured before it.
      now();
      for (const change of changes) {
        if (change.type === 'put') {
          takePut(change.kv.key, change.kv.value, change.kv.modRevision, live);
          continue;
        }
        present.delete(change.key);
        samples.forget(change.key);
      }
      decide();
    },
    stamp(key) {
      own = key;
      now();
      return { wallClock: clock.now(), asks, seen: { ...options.revisions() } };
    },
    compared() {
      if (isCompared()) return Promise.resolve();
      return new Promise((resolve) => {
        const done = (): void => {
          comparing?.timer.cancel();
          comparing = undefined;
          resolve();
        };
        const late = clock.setTimer(LONGEST_COMPARISON, () => {
          logger.warn({ others: present.size }, 'the other clocks did not answer in time');
          done();
        });
        comparing = { done, timer: late };
      });
    },
    stop() {
      stopped = true;
      timer.current?.cancel();
      told?.cancel();
      comparing?.done();
    },
  };
}
