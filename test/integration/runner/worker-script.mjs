// A worker reduced to the runner's client, run as a process of its own so that tests can kill and freeze it; of the
// build, as node reads it. Arguments: the data directory, ms until the deadline, the task's command, and `outlives`
// for a task that outlives its claim.
import { pino } from 'pino';

const built = (path) => import(new URL(`../../../dist/${path}`, import.meta.url).href);
const { monotonic } = await built('common/model/time.js');
const { systemClock } = await built('common/runtime/clock.js');
const { startRunner } = await built('worker/runner/client.js');

const [dataDir, deadline, command, outlives] = process.argv.slice(2);
const clock = systemClock();
const runner = startRunner({ dataDir, clock, logger: pino({ level: 'silent' }) });
const at = Date.now() + Number(deadline);
runner.setDeadline(monotonic(clock.monotonic() + Number(deadline)));
const task = runner.start({
  key: 'run/1',
  job: 'job',
  runId: 'run',
  argv: ['/bin/sh', '-c', command],
  env: { PATH: process.env['PATH'] ?? '' },
  killGraceMs: 20_000,
  outputLimit: 1024,
  outlivesClaim: outlives === 'outlives',
});
await task.started;
process.send?.({ runner: runner.pid, deadlineAt: at });
process.send?.({ outcome: (await task.ended).outcome });
await runner.stop();
process.disconnect?.();
