// Reads the output of one run into lines: its end at once, however long it is, and what comes while the run goes on;
// what came before the end only when it is asked for. Takes no more than it has worked off (what is not read stays with
// the worker), lets the page draw in between, and comes back after a lost connection without telling anything twice.
import i18next from 'i18next';
import { notifyFailed } from '../../components/notify.ts';
import { problemText } from '../../components/problem-text.ts';
import { openStream } from '../../lib/api.ts';
import { CallFailed, mayPass } from '../../lib/problem.ts';
import { createStore, type Store } from '../../lib/store.ts';
import { createOutputLines, type OutputLines } from './output-lines.ts';
import { firstWhole } from './output-parts.ts';

export interface OutputState {
  /** Counts up with each change of the lines. */
  readonly version: number;
  readonly phase: 'loading' | 'following' | 'broken' | 'ended' | 'failed';
  /** `tail`: the worker is gone, and only the end is there. */
  readonly source: 'worker' | 'tail' | undefined;
  /** Of all of the output so far, also of what was not asked for. */
  readonly bytes: number;
  /** At the beginning, not asked for yet. */
  readonly bytesBefore: number;
  /** What came before is on its way. */
  readonly isEarlierComing: boolean;
  /** It did not come when it was asked for last. */
  readonly isEarlierRefused: boolean;
  readonly error: unknown;
}

export interface OutputReader {
  readonly lines: OutputLines;
  readonly state: Store<OutputState>;
  /** Reads a part of what came before. */
  readonly earlier: () => void;
  readonly stop: () => void;
}

/** What is read at once: hundreds of thousands of short lines. */
export const PART_BYTES = 8 * 1024 * 1024;
/** Between two times that the page is told. */
const TELL_MS = 80;
/** Work in a row before the page may draw. */
const BUSY_MS = 8;
const WAITS_MS = [500, 1_000, 2_000, 5_000];

/** What is worked off without a look at the clock. */
const PIECE_BYTES = 64 * 1024;

function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/** Lets the page draw when it has not for a while. */
function createRest(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < BUSY_MS) return;
    await new Promise((resolve) => setTimeout(resolve));
    since = performance.now();
  };
}

/** `isLive`: the run has not ended yet. */
export function startOutput(job: string, run: string, isLive: boolean): OutputReader {
  const params = { job, run };
  const lines = createOutputLines();
  const ending = new AbortController();
  const state = createStore<OutputState>({
    version: 0,
    phase: 'loading',
    source: undefined,
    bytes: 0,
    bytesBefore: 0,
    isEarlierComing: false,
    isEarlierRefused: false,
    error: undefined,
  });
  /** The first byte of the first line here. */
  let start = 0;
  /** The byte that is to come next; undefined before any has come. */
  let next: number | undefined;
  // A character may be cut where a connection was.
  let decoder = new TextDecoder();
  let telling: ReturnType<typeof setTimeout> | undefined;

  const tell = (change: Partial<OutputState> = {}): void => {
    clearTimeout(telling);
    telling = undefined;
    const old = state.get();
    state.set({ ...old, version: old.version + 1, bytes: next ?? 0, bytesBefore: start, ...change });
  };

  const begin = (at: number): void => {
    lines.clear();
    decoder = new TextDecoder();
    start = at;
    next = at;
    if (at === 0) lines.knowBeginning();
  };

  const readOnce = async (signal: AbortSignal): Promise<void> => {
    const part = next === undefined ? { tail: PART_BYTES } : { offset: next };
    const query = { follow: isLive ? 'true' : 'false', ...part } as const;
    const answer = await openStream('getRunOutput', { params, query }, signal);
    const source = answer.headers.get('etcron-output') === 'tail' ? 'tail' : 'worker';
    // An older worker sends all of it, whatever is asked for.
    const from = source === 'tail' ? 0 : Number(answer.headers.get('etcron-output-offset') ?? 0);
    if (source === 'tail' || next === undefined) begin(from);
    let skip = Math.max(0, next! - from);
    // The first line of a part is mostly the end of one.
    let isCut = from > 0 && start === from && next === from;
    tell({ phase: isLive ? 'following' : 'loading', source, error: undefined });
    const reader = answer.body!.getReader();
    const rest = createRest();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      let fresh = skip > 0 ? value.subarray(Math.min(skip, value.length)) : value;
      skip = Math.max(0, skip - value.length);
      next! += fresh.length;
      if (isCut && fresh.length > 0) {
        const whole = firstWhole(fresh);
        start += whole;
        fresh = fresh.subarray(whole);
        isCut = false;
      }
      for (const piece of piecesOf(fresh)) {
        lines.append(decoder.decode(piece, { stream: true }));
        telling ??= setTimeout(tell, TELL_MS);
        await rest();
      }
    }
    lines.append(decoder.decode());
  };

  const read = async (): Promise<void> => {
    for (let tries = 0; !ending.signal.aborted; tries++) {
      const before = next;
      try {
        await readOnce(ending.signal);
        tell({ phase: 'ended' });
        return;
      } catch (error) {
        if (ending.signal.aborted) return;
        // A body that breaks is no CallFailed; a refusal that will stay one is told.
        const isFinal = error instanceof CallFailed && !mayPass(error) && error.code !== 'too_many_streams';
        tell({ phase: isFinal ? 'failed' : 'broken', error });
        if (isFinal) return;
        if (next !== before) tries = 0;
        await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]));
      }
    }
  };

  /** Whether it came. */
  const readEarlier = async (): Promise<boolean> => {
    const until = start;
    const offset = Math.max(0, until - PART_BYTES);
    const query = { follow: 'false', offset, limit: until - offset } as const;
    const answer = await openStream('getRunOutput', { params, query }, ending.signal);
    const from = Number(answer.headers.get('etcron-output-offset') ?? NaN);
    const bytes = new Uint8Array(await answer.arrayBuffer());
    // Another part than what was asked for (its worker is gone meanwhile) has no place before these lines.
    if (from !== offset || bytes.length !== until - offset || start !== until) return false;
    const whole = offset === 0 ? 0 : firstWhole(bytes);
    const before = createOutputLines(Infinity, Infinity);
    const decoding = new TextDecoder();
    const rest = createRest();
    for (const piece of piecesOf(bytes.subarray(whole))) {
      before.append(decoding.decode(piece, { stream: true }));
      await rest();
    }
    // Begun anew meanwhile, or left.
    if (start !== until || ending.signal.aborted) return false;
    lines.prepend(before);
    start = offset + whole;
    if (start === 0) lines.knowBeginning();
    return true;
  };

  void read();
  return {
    lines,
    state,
    earlier() {
      if (state.get().isEarlierComing || start === 0 || lines.isFull()) return;
      tell({ isEarlierComing: true, isEarlierRefused: false });
      void readEarlier()
        .catch((error: unknown) => {
          if (!ending.signal.aborted)
            notifyFailed(i18next.t('problem.actionFailed'), problemText(error, i18next.t).join('\n'));
          return false;
        })
        .then(
          (isThere) => ending.signal.aborted || tell({ isEarlierComing: false, isEarlierRefused: !isThere }),
        );
    },
    stop() {
      ending.abort();
      clearTimeout(telling);
    },
  };
}
