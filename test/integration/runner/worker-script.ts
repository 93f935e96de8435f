// A worker reduced to the runner's client, run as a process of its own so that tests can kill and freeze it.
// Arguments: the runner's program, the data directory, ms until the deadline, the task's command, and `outlives`
// for a task that outlives its claim.
import type { Logger } from 'pino';
import { pino } from 'pino';
import { monotonic } from '../../../src/common/model/time.ts';
import { systemClock } from '../../../src/common/runtime/clock.ts';
import { startRunner } from '../../../src/worker/runner/client.ts';

const [entry, dataDir, deadline, command, outlives] = process.argv.slice(2) as [
  string,
  string,
  string,
  string,
  string | undefined,
];
const clock = systemClock();
const logger: Logger = pino({ level: 'silent' });
const runner = await startRunner({ dataDir, clock, logger, entry });
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
