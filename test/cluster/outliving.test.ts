// `onLostLease: continue` with real workers that are killed and frozen while their claim is gone: it is about the
// lease, not about leaving orphans.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { statOf } from '../../src/worker/runner/proc.ts';
import { beatFor, type Journal, type JournalLine } from '../support/journal.ts';
import { expectEachTickOnce } from '../support/outcomes.ts';
import { scenarios, type Stage } from '../support/scenarios.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { waitFor } from '../support/wait.ts';
import { jobOwnedBy } from '../support/workers.ts';

const PAIR = [{ name: 'first' }, { name: 'second' }];

const starts = (journal: Journal, by: (line: JournalLine) => boolean): Promise<JournalLine> =>
  waitFor(() => journal.starts().find(by), { what: 'a run starts', timeout: 60_000, interval: 50 });

const isRunning = (pid: number): boolean => statOf(pid)?.over === false;

/** The task of `start` writes after `since`. */
const goesOn = (journal: Journal, start: JournalLine, since: number): Promise<unknown> =>
  waitFor(() => journal.lines().some(({ runId, at }) => runId === start.runId && at > since), {
    what: 'the task goes on',
    timeout: 60_000,
  });

async function withFolder(play: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'etcron-outliving-'));
  try {
    await play(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const recordOf = async (stage: Stage, job: string, id: string) =>
  (await stage.jobs.runs(job)).filter((run) => run.id === id);

scenarios(
  {
    'a worker killed while its task outlives the claim leaves nothing of it, not even what fled from its group':
      (stage) =>
        withFolder(async (folder) => {
          const proxy = await startTcpProxy(stage.server);
          try {
            const [first, second] = await Promise.all([
              stage.worker('first', { endpoint: proxy.address }),
              stage.worker('second'),
            ]);
            const journal = stage.journal();
            const job = jobOwnedBy('first', PAIR);
            const strays = join(folder, 'strays');
            await stage.jobs.create({
              name: job,
              schedule: '* * * * * *',
              onLostLease: 'continue',
              retry: { limit: 2 },
              task: {
                kind: 'shell',
                command: journal.task(
                  `case $ETCRON_WORKER in first-*) setsid sleep 1000 & echo $! > ${strays}; ${beatFor(1_200)};; esac`,
                ),
              },
            });
            const begun = await starts(journal, ({ worker }) => worker === first.workerId);
            await waitFor(() => existsSync(strays) && readFileSync(strays, 'utf8') !== '', {
              what: 'a child flees',
            });
            const pids = [begun.pid, Number(readFileSync(strays, 'utf8'))];
            proxy.pause('up');
            proxy.pause('down');
            const next = await starts(journal, ({ worker }) => worker === second.workerId);
            await goesOn(journal, begun, next.at);
            expect(pids.every(isRunning)).toBe(true);

            first.signal('SIGKILL');

            await waitFor(() => !pids.some(isRunning), { what: 'nothing of it is left', seen: () => pids });
            await first.exit;
            await waitFor(async () => (await recordOf(stage, job, begun.runId)).length === 1, {
              what: 'its loss is told',
            });
            await second.stop();
            expect(await recordOf(stage, job, begun.runId)).toMatchObject([
              { state: 'lost', worker: first.workerId },
            ]);
            const runs = await stage.jobs.runs(job);
            expect(runs.filter(({ cause }) => cause.retryOf !== undefined)).toEqual([]);
            expectEachTickOnce(runs);
          } finally {
            await proxy.stop();
          }
        }),

    'a frozen worker: its task runs on past the TTL beside the next run, and its end is told when it wakes': (
      stage,
    ) =>
      withFolder(async (folder) => {
        const go = join(folder, 'go');
        const [first, second] = await Promise.all([stage.worker('first'), stage.worker('second')]);
        const journal = stage.journal();
        const job = jobOwnedBy('first', PAIR);
        await stage.jobs.create({
          name: job,
          schedule: '* * * * * *',
          onLostLease: 'continue',
          task: {
            kind: 'shell',
            command: journal.task(
              `case $ETCRON_WORKER in first-*) while [ ! -e ${go} ]; do note beat; sleep 0.1; done;; esac`,
            ),
          },
        });
        const oldId = first.workerId;
        const begun = await starts(journal, ({ worker }) => worker === oldId);

        first.signal('SIGSTOP');

        const next = await starts(journal, ({ worker }) => worker === second.workerId);
        await goesOn(journal, begun, next.at);
        expect(await recordOf(stage, job, begun.runId)).toMatchObject([{ state: 'lost' }]);
        writeFileSync(go, '');
        await waitFor(
          () => journal.lines().some(({ runId, mark }) => runId === begun.runId && mark === 'end'),
          {
            what: 'the task ends while its worker is frozen',
          },
        );
        first.signal('SIGCONT');
        const told = await waitFor(
          async () => (await recordOf(stage, job, begun.runId)).find(({ state }) => state !== 'lost'),
          { what: 'its end is told', timeout: 60_000 },
        );
        expect(told).toMatchObject({ state: 'succeeded', mayHaveOverlapped: true });
        expect(Date.parse(/ at (\S+Z) /.exec(told.reason!)![1]!)).toBeLessThan(next.at);
        await stage.stopAll();
        const runs = await stage.jobs.runs(job);
        expectEachTickOnce(runs);
        expect(await stage.jobs.active()).toEqual([]);
      }),
  },
  180_000,
);
