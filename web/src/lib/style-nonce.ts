// The master lets only those style elements in that know the nonce of this one answer. Components write such
// elements; the libraries that do are told it here, each in its way.

/** Read by get-nonce, which the dialogs of Mantine use to keep the page behind them still. */
const NAME = '__webpack_nonce__';

export function styleNonce(): string {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property=csp-nonce]')?.nonce ?? '';
  Object.assign(globalThis, { [NAME]: nonce });
  return nonce;
}
