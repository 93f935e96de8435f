// The token that this master asks for, when it does. Kept for the tab, or on this device when the user says so;
// sent with requests and shown nowhere.
import { readStored, writeStored } from './stored.ts';
import { createStore } from './store.ts';

const KEY = 'etcron-token';

/** Whether a master has refused us for want of a token: the page then asks for one. */
export const tokenWanted = createStore(false);

export const currentToken = (): string | undefined => readStored(KEY, 'session') ?? readStored(KEY);

export function keepToken(token: string, onThisDevice: boolean): void {
  writeStored(KEY, token, 'session');
  writeStored(KEY, onThisDevice ? token : undefined);
}

export function forgetToken(): void {
  writeStored(KEY, undefined, 'session');
  writeStored(KEY, undefined);
}
