// The admin page: files that scripts/install.mjs has built, and index.html for whatever address of it a browser
// opens. Never tells anything of the cluster, so it asks for no token; the API that the page then calls does.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { pagePolicy } from './security.ts';

/** The same distance from src/ and from dist/. */
const BUILT = fileURLToPath(new URL('../../../dist/web/', import.meta.url));
const DEEPEST = 16;
/** What browsers ask for when they open an address; programs that want JSON do not. */
const WANTS_PAGE = /\btext\/html\b/;
/** Programs' addresses, and files: what is not there is said in their way. */
const NOT_PAGES = /^\/(?:api|docs|assets)(?:\/|$)/;

const NOT_BUILT = 'The admin page is not built here: npm run build. The API is there: see docs\n';

export interface WebPage {
  /** Whether this is an address of the page, also of one that it does not know: it says so itself. */
  isFor(request: FastifyRequest): boolean;
  send(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
}

export function webPage(): WebPage {
  return {
    isFor: ({ method, url, headers }) =>
      method === 'GET' &&
      WANTS_PAGE.test(headers.accept ?? '') &&
      !NOT_PAGES.test(url) &&
      depthOf(url) <= DEEPEST,
    async send(request, reply) {
      // Read each time: a build puts a new one there, with other names of files in it.
      const html = await readFile(join(BUILT, 'index.html'), 'utf8').catch(() => undefined);
      if (html === undefined) return reply.code(503).type('text/plain; charset=utf-8').send(NOT_BUILT);
      const nonce = randomBytes(16).toString('base64');
      return reply
        .headers({ 'content-security-policy': pagePolicy(nonce), 'cache-control': 'no-cache' })
        .type('text/html; charset=utf-8')
        .send(
          html
            .replace('<base href="/"', `<base href="${rootFrom(request.url)}"`)
            .replace('nonce=""', `nonce="${nonce}"`),
        );
    },
  };
}

const pathOf = (url: string): string => url.split('?', 1)[0]!;
const depthOf = (url: string): number => pathOf(url).split('/').length - 2;
/** Up from the address that was asked for, as a proxy sees it too that took a prefix off: we need not know it. */
const rootFrom = (url: string): string => '../'.repeat(Math.min(depthOf(url), DEEPEST)) || './';

export async function registerWebPage(app: FastifyInstance, page: WebPage): Promise<void> {
  app.route({ method: ['GET', 'HEAD'], url: '/', handler: (request, reply) => page.send(request, reply) });
  if (!existsSync(BUILT)) return;
  const common = { decorateReply: false, preCompressed: true, index: false as const };
  await app.register(fastifyStatic, {
    ...common,
    root: join(BUILT, 'assets'),
    prefix: '/assets/',
    // Their names tell their content.
    immutable: true,
    maxAge: '1y',
  });
  await app.register(fastifyStatic, {
    ...common,
    root: BUILT,
    prefix: '/',
    wildcard: false,
    globIgnore: ['assets/**', '*.html', '*.json', '*.br', '*.gz'],
  });
}
