// Who may ask: the checks that come before any route. The API starts processes on other machines, so a web
// page of a stranger, opened by someone who can reach it, must not be able to use it.
import { createHash, timingSafeEqual } from 'node:crypto';
import { isIP } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { ProblemError } from '../../common/api/problems.ts';
import type { ApiToken } from '../../common/runtime/api-tokens.ts';

export interface AccessRules {
  /** Host names, with or without port, besides localhost and addresses. */
  readonly allowedHosts: readonly string[];
  /** Empty: no token is asked for. */
  readonly tokens: readonly ApiToken[];
}

export interface Access {
  /** Throws ProblemError: a host name that is not ours (DNS rebinding), or the page of another site. */
  checkSource(request: FastifyRequest): void;
  /** The caller's name, for the records of what was asked. Throws `unauthorized`. */
  identify(request: FastifyRequest): string;
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** `[::1]:8700` -> `::1`; `cron.example.org:80` -> `cron.example.org`. */
function hostNameOf(host: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(host);
  return (bracketed?.[1] ?? host.replace(/:\d+$/, '')).toLowerCase();
}

export function accessControl(rules: AccessRules): Access {
  const allowed = new Set(rules.allowedHosts.map((host) => host.toLowerCase()));
  const tokens = rules.tokens.map(({ name, token }) => ({ name, digest: digest(token.reveal()) }));

  // Rebinding needs a name that the attacker's DNS answers: an address is no such name.
  const isOurs = (host: string): boolean => {
    const name = hostNameOf(host);
    return name === 'localhost' || isIP(name) !== 0 || allowed.has(name) || allowed.has(host.toLowerCase());
  };

  return {
    checkSource(request) {
      const { host, origin } = request.headers;
      if (host === undefined || !isOurs(host)) {
        throw new ProblemError(
          'forbidden_host',
          'the Host header names no host of this master: add it with --allowed-hosts',
        );
      }
      const site = request.headers['sec-fetch-site'];
      const changes = request.method !== 'GET' && request.method !== 'HEAD';
      if (origin === undefined) {
        if (changes && site === 'cross-site') throw foreignPage();
        return;
      }
      const from = URL.canParse(origin) ? new URL(origin).host.toLowerCase() : '';
      if (
        from === '' ||
        (from !== host.toLowerCase() && !allowed.has(from) && !allowed.has(hostNameOf(from)))
      )
        throw foreignPage();
    },
    identify(request) {
      if (tokens.length === 0) return 'api';
      const given = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
      const hash = digest(given ?? '');
      // All are compared, so that the time taken tells nothing.
      const match = tokens.filter((token) => timingSafeEqual(token.digest, hash))[0];
      if (given === undefined || match === undefined) {
        throw new ProblemError(
          'unauthorized',
          'send a token of the tokens file as "Authorization: Bearer <token>"',
        );
      }
      return match.name;
    },
  };
}

const foreignPage = (): ProblemError =>
  new ProblemError(
    'forbidden_origin',
    'the Origin header names another site: add its host with --allowed-hosts if it is yours',
  );

const policy = (styles: string, base: string): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'${styles}; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri ${base}; form-action 'self'; frame-ancestors 'none'`;

/** All is loaded from here and nowhere else, and nobody may frame it. */
const POLICY = policy('', "'none'");

/** Of the page, which writes style elements as it runs: those that know what was made up for this one answer. */
export const pagePolicy = (nonce: string): string => policy(` 'nonce-${nonce}'`, "'self'");

export function securityHeaders(reply: FastifyReply): void {
  void reply.headers({
    'content-security-policy': POLICY,
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'permissions-policy': 'camera=(), microphone=(), geolocation=()',
  });
}
