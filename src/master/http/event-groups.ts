// Readers of gathered news. Those who ask for the same share one gathering: each batch is written once. A reader that
// takes nothing misses batches and is told to read the lists again; nothing piles up for him. Who comes back within
// half a minute goes on where he was, as far as the last batches are kept.
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { EventResync } from '../../common/api/events.ts';
import type { Clock, Timer } from '../../common/core/clock.ts';
import type { Millis } from '../../common/model/time.ts';
import { shownTime } from '../shown.ts';
import { createGathering, type EventGathering } from './event-batch.ts';

/** Proxies close what is silent for longer. */
const PING_EVERY: Millis = 20_000;
/** Unsent bytes beyond which a reader misses what comes. */
const MOST_BUFFERED = 256 * 1024;
/** Who takes nothing for so long has gone without a word. */
const LONGEST_STALL: Millis = 60_000;
/** A group without readers is kept so long, for those who come back. */
const LINGER: Millis = 30_000;
const KEPT_BATCHES = 64;
const KEPT_BYTES = 1024 * 1024;
/** Groups without readers, beyond which the oldest go. */
const MOST_LINGERING = 100;

const PING = Buffer.from(': still here\n\n');
const OPENING = 'retry: 2000\n\n';

export interface GatherWish {
  readonly every: Millis;
  /** Undefined: all of them. */
  readonly job: string | undefined;
}

interface Reader {
  readonly out: PassThrough;
  /** Since when it has missed batches. */
  behindSince: number | undefined;
}

interface Group extends GatherWish {
  /** Of this group and no other: a later one for the same wish counts anew. */
  readonly epoch: string;
  readonly gathering: EventGathering;
  readonly readers: Set<Reader>;
  readonly kept: { readonly number: number; readonly bytes: Buffer }[];
  keptBytes: number;
  number: number;
  flushing: Timer | undefined;
  lingering: Timer | undefined;
}

export interface EventGroups {
  /** Groups there are, with or without readers: while there are none, nothing need be told. */
  readonly size: number;
  open(wish: GatherWish, lastEventId: string | undefined, onClosed: () => void): PassThrough;
  /** What is told goes to all who want to hear of that job; undefined: of no job. */
  tell(job: string | undefined, tell: (to: EventGathering) => void): void;
  /** What was told is not all there was. */
  resync(reason: EventResync['reason']): void;
  /** Whether what this master knows is up to date has changed. */
  freshness(isFresh: boolean): void;
  close(): void;
}

/** `onIdle`: there is no group any more. */
export function createEventGroups(clock: Clock, onIdle: () => void): EventGroups {
  const groups = new Map<string, Group>();
  /** By job; those of all jobs by undefined. */
  const byJob = new Map<string | undefined, Set<Group>>();
  let isFresh = true;
  let pinging: Timer | undefined;

  const keyOf = ({ every, job = '' }: GatherWish): string => `${every}.${job}`;
  const idOf = ({ epoch }: Group, number: number): string => `${epoch}.${number}`;

  const resyncText = (reason: EventResync['reason'], group: Group): string =>
    `id: ${idOf(group, group.number)}\nevent: resync\ndata: ${JSON.stringify({ at: shownTime(clock.now()), reason } satisfies EventResync)}\n\n`;

  const give = (group: Group, bytes: Buffer): void => {
    const now = clock.monotonic();
    for (const reader of group.readers) {
      const { out } = reader;
      if (out.writableLength > MOST_BUFFERED) {
        reader.behindSince ??= now;
        if (now - reader.behindSince > LONGEST_STALL) out.destroy();
        continue;
      }
      if (reader.behindSince !== undefined) {
        reader.behindSince = undefined;
        // This batch is among what is to be read again.
        out.write(resyncText('behind', group));
        continue;
      }
      out.write(bytes);
    }
  };

  const flush = (group: Group): void => {
    group.flushing = undefined;
    const batch = group.gathering.take(clock.now(), isFresh);
    if (batch) {
      group.number++;
      const text = `id: ${idOf(group, group.number)}\nevent: batch\ndata: ${JSON.stringify(batch)}\n\n`;
      const bytes = Buffer.from(text);
      group.kept.push({ number: group.number, bytes });
      group.keptBytes += bytes.length;
      while (group.kept.length > KEPT_BATCHES || group.keptBytes > KEPT_BYTES)
        group.keptBytes -= group.kept.shift()!.bytes.length;
      give(group, bytes);
    }
    if (!group.gathering.isEmpty) plan(group);
  };

  const plan = (group: Group): void => {
    group.flushing ??= clock.setTimer(group.every, () => flush(group));
  };

  const ping = (): void => {
    pinging ??= clock.setTimer(PING_EVERY, () => {
      pinging = undefined;
      for (const group of groups.values()) give(group, PING);
      if (groups.size > 0) ping();
    });
  };

  const remove = (group: Group): void => {
    group.flushing?.cancel();
    group.lingering?.cancel();
    groups.delete(keyOf(group));
    const same = byJob.get(group.job)!;
    same.delete(group);
    if (same.size === 0) byJob.delete(group.job);
    if (groups.size > 0) return;
    pinging?.cancel();
    pinging = undefined;
    onIdle();
  };

  const linger = (group: Group): void => {
    group.lingering = clock.setTimer(LINGER, () => remove(group));
    const alone = [...groups.values()].filter(({ readers }) => readers.size === 0);
    for (const each of alone.slice(0, Math.max(0, alone.length - MOST_LINGERING))) remove(each);
  };

  const groupFor = (wish: GatherWish): Group => {
    const known = groups.get(keyOf(wish));
    if (known) {
      known.lingering?.cancel();
      known.lingering = undefined;
      return known;
    }
    const group: Group = {
      epoch: randomBytes(6).toString('hex'),
      every: wish.every,
      job: wish.job,
      gathering: createGathering(),
      readers: new Set(),
      kept: [],
      keptBytes: 0,
      number: 0,
      flushing: undefined,
      lingering: undefined,
    };
    groups.set(keyOf(wish), group);
    byJob.set(wish.job, (byJob.get(wish.job) ?? new Set()).add(group));
    ping();
    return group;
  };

  /** What came after it; undefined: that is not all there. */
  const since = (group: Group, lastEventId: string | undefined): Buffer[] | undefined => {
    const mark = `${group.epoch}.`;
    if (!lastEventId?.startsWith(mark)) return undefined;
    const last = Number(lastEventId.slice(mark.length));
    if (!Number.isSafeInteger(last) || last > group.number) return undefined;
    const first = group.kept[0]?.number ?? group.number + 1;
    return last + 1 < first
      ? undefined
      : group.kept.filter((each) => each.number > last).map(({ bytes }) => bytes);
  };

  return {
    get size() {
      return groups.size;
    },
    open(wish, lastEventId, onClosed) {
      const group = groupFor(wish);
      const missed = since(group, lastEventId);
      const out = new PassThrough();
      const reader: Reader = { out, behindSince: undefined };
      group.readers.add(reader);
      out.once('close', () => {
        group.readers.delete(reader);
        if (group.readers.size === 0 && groups.get(keyOf(group)) === group) linger(group);
        onClosed();
      });
      out.write(OPENING);
      if (missed === undefined) out.write(resyncText('opened', group));
      else for (const bytes of missed) out.write(bytes);
      return out;
    },
    tell(job, tell) {
      const all = byJob.get(undefined);
      if (all)
        for (const group of all) {
          tell(group.gathering);
          plan(group);
        }
      const those = job === undefined ? undefined : byJob.get(job);
      if (those)
        for (const group of those) {
          tell(group.gathering);
          plan(group);
        }
    },
    resync(reason) {
      for (const group of groups.values()) {
        // What was kept is no way to the present any more.
        group.kept.length = 0;
        group.keptBytes = 0;
        group.number++;
        give(group, Buffer.from(resyncText(reason, group)));
      }
    },
    freshness(now) {
      if (now === isFresh) return;
      isFresh = now;
      for (const group of groups.values()) {
        group.gathering.touch();
        plan(group);
      }
    },
    close() {
      for (const group of groups.values()) {
        for (const { out } of group.readers) out.end();
        remove(group);
      }
    },
  };
}
