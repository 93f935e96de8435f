// Addresses that no route answers: unknown ones, and known ones with another method.
import type { FastifyReply, FastifyRequest } from 'fastify';
import { contract } from '../../common/api/contract.ts';
import type { Operation } from '../../common/api/operation.ts';
import { ProblemError } from '../../common/api/problems.ts';
import { sendProblem } from './errors.ts';

const operations: readonly Operation[] = Object.values(contract);
const known = operations.map(({ method, path }) => ({
  method,
  matches: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}));

export function answerNotFound(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const path = request.url.split('?', 1)[0]!;
  const methods = known.filter((route) => route.matches.test(path)).map((route) => route.method);
  if (methods.length === 0)
    return sendProblem(
      reply,
      new ProblemError('route_not_found', `${request.method} ${path} is no address of this API: see /docs`),
    );
  void reply.header('allow', methods.join(', '));
  return sendProblem(reply, new ProblemError('method_not_allowed', `${path} knows ${methods.join(' and ')}`));
}
