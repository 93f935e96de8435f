// The documentation of the API, all of it from this host. Nothing of it is secret. Every address is relative: a proxy
// may have put a prefix before it.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';

const DOCS = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>etcron API</title>
<link rel="icon" href="icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="docs/static/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/static/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

// validatorUrl: the component would else send the document to a service of its makers.
const START = `window.addEventListener('load', () => {
  window.SwaggerUIBundle({ url: 'openapi.json', dom_id: '#swagger-ui', validatorUrl: null, deepLinking: true });
});
`;

/** The component styles itself as it runs; nothing but styles, and only on its own page. */
const DOCS_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export async function registerApiDocs(app: FastifyInstance): Promise<void> {
  const component = dirname(createRequire(import.meta.url).resolve('@fastify/swagger-ui/package.json'));
  app.get('/docs', (_, reply) =>
    reply.header('content-security-policy', DOCS_POLICY).type('text/html; charset=utf-8').send(DOCS),
  );
  app.get('/docs/start.js', (_, reply) => reply.type('text/javascript; charset=utf-8').send(START));
  await app.register(fastifyStatic, {
    root: join(component, 'static'),
    prefix: '/docs/static/',
    index: false,
    decorateReply: false,
    wildcard: false,
    globIgnore: ['**/*.html', '**/*.map'],
  });
}
