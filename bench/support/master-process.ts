// One real master in a process of its own, as `etcron master` composes it. Ends with its parent.
import { argv, exit } from 'node:process';
import { pino } from 'pino';
import { systemClock } from '../../src/common/runtime/clock.ts';
import { start } from '../../src/master/main.ts';

const [endpoint, prefix] = argv.slice(2) as [string, string];

process.on('SIGINT', () => undefined);
process.once('disconnect', () => exit(1));

const level = process.env['ETCRON_BENCH_LOG'] ?? 'error';
const master = await start({
  config: {
    etcd: { endpoints: [endpoint], prefix, timeout: 20_000 },
    log: { level: 'warn', format: 'json' },
    listen: { host: '127.0.0.1', port: 0 },
    advertise: undefined,
    allowedHosts: [],
    tokens: [],
    quotaBytes: 2 * 1024 ** 3,
  },
  logger: pino({ level, name: 'master' }, pino.destination({ dest: 2, sync: true })),
  clock: systemClock(),
});
process.once('SIGTERM', () => void master.stop().then(() => exit(0)));
process.send!({ url: master.url });
