// See http-target.ts. Ends with its parent.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { newStarts } from './worker-protocol.ts';

let starts = newStarts();

const server = createServer((request, response) => {
  starts.at.push(Date.now());
  starts.jobs.push(String(request.headers['x-etcron-job']));
  starts.ticks.push(Date.parse(String(request.headers['x-etcron-scheduled-for'])));
  response.end('ok');
});
// Thousands connect in the same second.
server.listen({ host: '127.0.0.1', port: 0, backlog: 4096 }, () =>
  process.send!({ port: (server.address() as AddressInfo).port }),
);
process.on('message', () => {
  const taken = starts;
  starts = newStarts();
  process.send!(taken);
});
process.on('SIGINT', () => undefined);
process.once('disconnect', () => process.exit(0));
