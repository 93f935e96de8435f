// The kinds of values that settings have, as schemas. What is wrong with a value is told by the setting's
// own `expects` (settings.ts), so most of these carry no message.
import { hostname } from 'node:os';
import { z } from 'zod';
import { durationMs, durationText, sizeBytes, sizeText } from '../model/duration.ts';
import { parseListen } from './listen.ts';

export const wholeNumber = (min: number, max: number) => z.int().min(min).max(max);

/** Milliseconds. */
export const duration = (min: string, max: string) =>
  durationText({ min, max }).transform((text) => durationMs(text)!);

/** Bytes. */
export const size = () => sizeText(2 ** 50).transform((text) => sizeBytes(text)!);

export const listenAddress = () =>
  z.string().transform((text, ctx) => {
    const address = parseListen(text);
    if (address) return address;
    ctx.issues.push({ code: 'invalid_value', values: [], input: text });
    return z.NEVER;
  });

export const path = () => z.string().min(1).max(4096);

export const httpUrl = () => z.string().refine((text) => /^https?:\/\//.test(text) && URL.canParse(text));

export const hostName = () => z.string().regex(/^[A-Za-z0-9.[\]:-]+$/);

/** `http://host:2379`: a path, a query or a password in it would be lost or shown, so they are refused. */
export const etcdEndpoint = () =>
  z.string().refine((text) => {
    if (!URL.canParse(text)) return false;
    const { protocol, host, username, password, pathname, search } = new URL(text);
    return (
      /^https?:$/.test(protocol) &&
      host !== '' &&
      username + password === '' &&
      pathname === '/' &&
      search === ''
    );
  });

/** A host may be called what a worker may not: what does not fit becomes a dash. */
export function hostAsWorkerName(host: string = hostname()): string {
  const fitting = host.replace(/[^A-Za-z0-9._-]/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return fitting.slice(0, 63) || 'worker';
}
