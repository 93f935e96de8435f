// Reads the output of one run into lines, from its beginning to its end, following while the run goes on. Takes
// no more than it has worked off (what is not read stays with the worker), lets the page draw in between, and comes
// back after a lost connection without telling anything twice.
import { openStream } from '../../lib/api.ts';
import { CallFailed, mayPass } from '../../lib/problem.ts';
import { createStore, type Store } from '../../lib/store.ts';
import { createOutputLines, type OutputLines } from './output-lines.ts';

export interface OutputState {
  /** Counts up with each change of the lines. */
  readonly version: number;
  readonly phase: 'loading' | 'following' | 'broken' | 'ended' | 'failed';
  /** `tail`: the worker is gone, and only the end is there. */
  readonly source: 'worker' | 'tail' | undefined;
  readonly bytes: number;
  readonly error: unknown;
}

export interface OutputReader {
  readonly lines: OutputLines;
  readonly state: Store<OutputState>;
  readonly stop: () => void;
}

/** Between two times that the page is told. */
const TELL_MS = 80;
/** Work in a row before the page may draw. */
const BUSY_MS = 8;
const WAITS_MS = [500, 1_000, 2_000, 5_000];

/** `isLive`: the run has not ended yet. */
export function startOutput(job: string, run: string, isLive: boolean): OutputReader {
  const lines = createOutputLines();
  const ending = new AbortController();
  const state = createStore<OutputState>({
    version: 0,
    phase: 'loading',
    source: undefined,
    bytes: 0,
    error: undefined,
  });
  let received = 0;
  // A character may be cut where a connection was.
  let decoder = new TextDecoder();
  let telling: ReturnType<typeof setTimeout> | undefined;

  const tell = (change: Partial<OutputState> = {}): void => {
    clearTimeout(telling);
    telling = undefined;
    const old = state.get();
    state.set({ ...old, version: old.version + 1, bytes: received, ...change });
  };

  const readOnce = async (signal: AbortSignal): Promise<void> => {
    const answer = await openStream(
      'getRunOutput',
      { params: { job, run }, query: { follow: isLive ? 'true' : 'false' } },
      signal,
    );
    const source = answer.headers.get('etcron-output') === 'tail' ? 'tail' : 'worker';
    let skip = received;
    if (source === 'tail') {
      lines.clear();
      received = 0;
      skip = 0;
      decoder = new TextDecoder();
    }
    tell({ phase: isLive ? 'following' : 'loading', source, error: undefined });
    const reader = answer.body!.getReader();
    let since = performance.now();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const fresh = skip > 0 ? value.subarray(Math.min(skip, value.length)) : value;
      skip = Math.max(0, skip - value.length);
      received += fresh.length;
      lines.append(decoder.decode(fresh, { stream: true }));
      telling ??= setTimeout(tell, TELL_MS);
      if (performance.now() - since < BUSY_MS) continue;
      await new Promise((resolve) => setTimeout(resolve));
      since = performance.now();
    }
    lines.append(decoder.decode());
  };

  const read = async (): Promise<void> => {
    for (let tries = 0; !ending.signal.aborted; tries++) {
      const before = received;
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
        if (received > before) tries = 0;
        await new Promise((resolve) => setTimeout(resolve, WAITS_MS[Math.min(tries, WAITS_MS.length - 1)]));
      }
    }
  };

  void read();
  return {
    lines,
    state,
    stop() {
      ending.abort();
      clearTimeout(telling);
    },
  };
}
