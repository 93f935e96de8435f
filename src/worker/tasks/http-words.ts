// Why a request came to nothing, told so that the reader knows where to look. Never the query of a url, nor a
// header: they may be secret.
import type { Phase } from './http-request.ts';

const TRUST = 'trust it by task.tls.ca (PEM), or take any certificate by task.tls.verify: false';

const OF_CERTIFICATE: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: `its certificate is self-signed: ${TRUST}`,
  SELF_SIGNED_CERT_IN_CHAIN: `its certificate is signed by an authority that this worker does not trust: ${TRUST}`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: `its certificate is signed by an authority that this worker does not know, or the server sends no intermediate certificate: ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT: `its certificate is signed by an authority that this worker does not know: ${TRUST}`,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: `its certificate is signed by an authority that this worker does not know: ${TRUST}`,
  CERT_SIGNATURE_FAILURE: `its certificate is not signed by the authority that it names: ${TRUST}`,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: "its certificate is not valid yet, or this worker's clock is behind",
  CERT_REVOKED: 'its certificate has been revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

const whereOf = (url: URL): string => `${url.hostname}:${url.port || (url.protocol === 'https:' ? 443 : 80)}`;

/** Of several addresses tried, the first tells. */
const firstOf = (cause: unknown): NodeJS.ErrnoException =>
  cause instanceof AggregateError && cause.errors.length > 0
    ? (cause.errors[0] as NodeJS.ErrnoException)
    : (cause as NodeJS.ErrnoException);

export function explainHttpError(thrown: unknown, url: URL, phase: Phase): string {
  const cause = firstOf(thrown);
  const code = cause.code ?? '';
  const where = whereOf(url);
  switch (code) {
    case 'ENOTFOUND':
      return `task.url: no host "${url.hostname}" is known to this worker's DNS`;
    case 'EAI_AGAIN':
      return `task.url: this worker's DNS did not answer for "${url.hostname}"`;
    case 'ECONNREFUSED':
      return `${where} refused the connection: nothing listens there`;
    case 'ETIMEDOUT':
      return phase === 'connecting' ? `${where} does not answer` : `the connection to ${where} went dead`;
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EADDRNOTAVAIL':
      return `${where} cannot be reached from this worker (${code})`;
    case 'EMFILE':
    case 'ENFILE':
      return `this worker can open no more connections (${code}): raise its limits or lower its slots`;
    case 'EPROTO':
      return `${where} does not speak TLS as this worker does: is it http, not https?`;
    default:
      break;
  }
  const ofCertificate = OF_CERTIFICATE[code];
  if (ofCertificate !== undefined) return `${where} is not trusted: ${ofCertificate}`;
  if (code.startsWith('ERR_SSL_') || code.startsWith('ERR_TLS_'))
    return `${where} does not speak TLS as this worker does (${code})`;
  if (code.startsWith('HPE_')) return `what ${where} answered is no http (${code})`;
  if (phase === 'reading') return `${where} closed the connection in the middle of its answer`;
  if (code === 'ECONNRESET' || code === 'EPIPE')
    return phase === 'waiting'
      ? `${where} closed the connection before it answered`
      : `${where} closed the connection at once`;
  return `the request to ${where} failed: ${cause.message}`;
}

/** What a request that was stopped had come to. */
export function whereStopped(url: URL, phase: Phase): string {
  switch (phase) {
    case 'connecting':
      return `no connection to ${whereOf(url)} had been made`;
    case 'waiting':
      return `${whereOf(url)} had the request and had not answered`;
    case 'reading':
      return `${whereOf(url)} was still sending its answer`;
  }
}
