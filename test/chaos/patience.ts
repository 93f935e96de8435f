// Waiting while etcd may be between two leaders: for want of a member, or on a machine that is merely busy.
import { EtcdError } from '../../src/common/store/etcd.ts';
import { waitFor, type WaitOptions } from '../support/wait.ts';

/** On a busy machine processes take their time to start. */
export const PATIENCE = 90_000;

/** Like waitFor; that etcd is away is an answer like any other. */
export async function waitPatiently(
  condition: () => Promise<boolean | undefined>,
  options: WaitOptions,
): Promise<void> {
  let fault: string | undefined;
  await waitFor(
    async () => {
      try {
        const value = await condition();
        fault = undefined;
        return value;
      } catch (error) {
        if (!(error instanceof EtcdError && error.isTransient)) throw error;
        fault = error.message;
        return undefined;
      }
    },
    { ...options, seen: () => fault ?? options.seen?.() },
  );
}

/** Asks for what may be asked for again, until it is granted: a master may be without etcd for a moment. */
export async function asked(url: string, request: RequestInit): Promise<void> {
  let seen: string | undefined;
  await waitFor(
    async () => {
      const answer = await fetch(url, request);
      if (answer.ok) return true;
      seen = `${answer.status} ${await answer.text()}`;
      if (answer.status < 500) throw new Error(`${request.method} ${url}: ${seen}`);
      return false;
    },
    { what: `${request.method} ${url}`, timeout: PATIENCE, interval: 200, seen: () => seen },
  );
}
