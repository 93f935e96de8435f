// fastify without its own schemas: what comes in is checked by ours, and answers are plain JSON. Loading its
// compilers takes a process 0.1 s of its start, used or not.
import type { FastifyServerOptions } from 'fastify';

const refuse = (): never => {
  throw new Error('a route with a schema of fastify: its compilers are left out, see without-compilers.ts');
};

/** An option of fastify. A route that declares a schema of its own kind fails at the start. */
export const WITHOUT_COMPILERS: NonNullable<FastifyServerOptions['schemaController']> = {
  compilersFactory: { buildValidator: refuse, buildSerializer: refuse },
};
