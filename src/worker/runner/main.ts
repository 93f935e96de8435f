// The runner: a small process beside each worker that owns its task processes. Small, because starting a
// process costs more the larger the starter is; apart, because it must kill the tasks when the worker is
// dead, frozen or cut off. It enforces the fence by itself and decides nothing else.
import { MARKER, type FromRunner, type ToRunner } from './protocol.ts';
import { startTasks, type Tasks } from './tasks.ts';

const send = (message: FromRunner, onSent: () => void = () => {}): void => {
  // The channel may close at any moment; `disconnect` then does what is to be done.
  if (process.connected) process.send?.(message, undefined, undefined, onSent);
};

const monotonicNow = (): number => Number(process.hrtime.bigint()) / 1e6;

function obey(message: ToRunner, tasks: Tasks): void {
  switch (message.type) {
    case 'start':
      tasks.start(message);
      break;
    case 'kill':
      tasks.kill(message.key, message.now);
      break;
    case 'deadline':
      tasks.setDeadline(message.at);
      break;
    case 'killAll':
      void tasks.killAll().then(() => send({ type: 'empty' }));
      break;
    case 'stop':
      void tasks.killAll().then(() => send({ type: 'empty' }, () => process.disconnect()));
      break;
    case 'ping':
      send({ type: 'pong' });
      break;
  }
}

function main(): void {
  const mark = process.env[MARKER];
  const [folder] = process.argv.slice(2);
  if (!process.send || mark === undefined || folder === undefined) {
    process.stderr.write('This process is started by an etcron worker and is of no use by itself.\n');
    process.exit(64);
  }
  // Only the worker decides. Whoever wants the tasks to end stops the worker.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => {});

  const tasks = startTasks({ mark, folder, send, monotonicNow });
  process.on('message', (message) => obey(message as ToRunner, tasks));
  process.on('disconnect', () => void tasks.killAll().finally(() => process.exit(0)));
  send({ type: 'ready' });
}

main();
