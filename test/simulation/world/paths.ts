// Which ways the product took, told by what it wrote: one look at each commit before the ledger takes it. Counted,
// so that a path that no seed takes is seen; and the moments at which a fault is worst.
import type { RunRecord, TriggerRecord } from '../../../src/common/model/run.ts';
import type { JobRecord } from '../../../src/common/model/job.ts';
import type { WatchEvent } from '../../../src/common/store/etcd.ts';
import type { Commit } from '../model/mvcc.ts';
import type { Coverage } from './coverage.ts';
import { nameOf, type Ledger } from './ledger.ts';
import { EPOCH } from './world.ts';

export interface Paths {
  take(commit: Commit): void;
}

/** `moment`: something of this worker was just committed. */
export function watchPaths(options: {
  readonly prefix: string;
  readonly ledger: Ledger;
  readonly now: () => number;
  readonly coverage: Coverage;
  readonly moment: (workerId: string, what: string) => void;
}): Paths {
  const { ledger, now, moment, prefix } = options;
  const { hit } = options.coverage;
  const cursors = new Map<string, number>();

  const partsOf = (event: WatchEvent): string[] => event.kv.key.slice(prefix.length).split('/');

  const takeClaim = (run: RunRecord, locked: boolean): void => {
    const { cause, scheduledFor, worker = '' } = run;
    if (!locked) {
      moment(worker, 'when it holds a run again');
      return hit('path: a run that outlived its claim is held again');
    }
    const definition = ledger.jobs.get(run.job)?.at(-1)?.record?.definition;
    if (definition)
      hit(
        `path: a claim under ${definition.overlap}, ${definition.catchUp.policy}, ${definition.workers.mode}`,
      );
    const isAhead = scheduledFor > EPOCH + now();
    hit(`path: claim, ${cause.kind}${cause.kind === 'schedule' && isAhead ? ', ahead of its tick' : ''}`);
    if (definition?.workers.labels) hit('path: claim of a job with labels');
    if (definition?.onLostLease === 'continue') hit('path: claim of a run that may outlive it');
    moment(worker, `after a claim (${cause.kind})`);
  };

  const takeRecord = (record: RunRecord): void => {
    const before = ledger.records.get(nameOf(record.job, record.id));
    const isSame = before?.jobCreated === record.jobCreated;
    if (isSame && before.state === 'lost' && record.state !== 'lost')
      hit('path: an end is put over the record of a loss');
    if (isSame && before.ticks && record.ticks) hit(`path: a ${record.state} record grows`);
    const { state, reason = '', mayHaveOverlapped, worker, ticks } = record;
    hit(`path: record, ${state}`);
    if (mayHaveOverlapped) hit('path: record, may have overlapped');
    if (state === 'lost') hit(`path: lost, ${reason.split(/[:,]/)[0]}`);
    if (state === 'skipped' && !ticks) hit('path: a request is skipped');
    if (state === 'missed')
      hit(
        `path: missed, ${reason.startsWith('its claim was given back') ? 'given back too late' : /^no worker.* was there to run it$/.test(reason) ? 'nobody matches' : worker === undefined ? 'by the job' : 'by one worker of all'}`,
      );
    if (state === 'killed' && record.startedAt === undefined) hit('path: killed before its start');
    if (reason.includes('overlap: replace')) hit('path: replaced by the next tick');
    if (reason.includes('it is not tried again')) hit('path: not tried again, killed');
    if (record.attempts.length > 1) hit('path: several attempts');
    if (record.cause.kind === 'retry' && state === 'succeeded') hit('path: a retry elsewhere succeeds');
  };

  const takeJob = (job: string, event: WatchEvent): void => {
    if (event.type === 'delete') return hit('path: job deleted');
    const before = ledger.jobs.get(job)?.at(-1)?.record?.definition;
    const after = (JSON.parse(event.kv.value) as JobRecord).definition;
    if (before && before.workers.mode !== after.workers.mode)
      hit(`path: from mode ${before.workers.mode} to ${after.workers.mode}`);
    if (before && JSON.stringify(before.workers.labels) !== JSON.stringify(after.workers.labels))
      hit('path: other labels');
    if (before && before.overlap !== after.overlap) hit(`path: from overlap ${before.overlap} to another`);
    for (const { run } of ledger.active.values())
      if (run.job === job) moment(run.worker ?? '', 'when its job is changed');
  };

  const takeCursor = (key: string, event: WatchEvent, isRelease: boolean): void => {
    if (event.type === 'delete') return void cursors.delete(key);
    const to = Number(event.kv.value);
    const whose = key.endsWith('/@')
      ? 'of all'
      : key.includes('/~')
        ? 'of a session'
        : key.includes('/@')
          ? 'of one worker'
          : 'of the job';
    if (to < (cursors.get(key) ?? -Infinity)) hit(`path: the cursor ${whose} goes back`);
    else if (isRelease) hit(`path: the cursor ${whose} is put back, to where it was`);
    cursors.set(key, to);
  };

  const takeRemovals = (family: string, job: string, count: number, isEnd: boolean): void => {
    if (count === 0) return;
    const isKnown = ledger.jobs.get(job)?.at(-1)?.record !== undefined;
    if (family === 'runs' && isKnown)
      hit(`path: history is pruned by ${isEnd ? 'a worker' : 'the housekeeper'}`);
    if (!isKnown) hit(`path: leftovers are removed, ${family}`);
  };

  return {
    take({ events }) {
      const locked = new Set<string>();
      const ended = new Set<string>();
      const deletedJobs = new Set<string>();
      const removed = new Map<string, number>();
      for (const event of events) {
        const [family = '', job = '', third = '', fourth = ''] = partsOf(event);
        if (family === 'lock' && event.type === 'put') locked.add(job);
        else if (family === 'runs' && event.type === 'put') ended.add(nameOf(job, third));
        else if (family === 'jobs' && event.type === 'delete') deletedJobs.add(job);
        else if (family === 'active' && event.type === 'put' && event.kv.version === 1)
          ended.add(nameOf(third, fourth));
      }
      let isRelease = false;
      for (const event of events) {
        const [family = '', job = '', third = '', fourth = ''] = partsOf(event);
        if (family === 'active' && event.type === 'put' && event.kv.version === 1)
          takeClaim(JSON.parse(event.kv.value) as RunRecord, locked.has(third));
        else if (family === 'active' && event.type === 'delete') {
          isRelease = !ended.has(nameOf(third, fourth));
          if (isRelease) hit('path: an armed run is given back');
          moment(job, isRelease ? 'after a claim was given back' : 'after an end');
        } else if (family === 'runs' && event.type === 'put')
          takeRecord(JSON.parse(event.kv.value) as RunRecord);
        else if (family === 'jobs') takeJob(job, event);
        else if (family === 'trigger' && event.type === 'put') {
          const { cause } = JSON.parse(event.kv.value) as TriggerRecord;
          hit(`path: asked to run, ${cause}${isRelease ? ', put back' : ''}`);
        } else if (family === 'workers' && event.type === 'put' && event.kv.version === 1)
          moment(job, 'when it has registered');
        else if (family === 'drain') {
          hit(`path: drain ${event.type === 'put' ? 'asked' : 'taken back, or over'}`);
          if (event.type === 'put') moment(job, 'when it is to drain');
        } else if (family === 'kill' && event.type === 'put') hit('path: kill asked');
        else if (family === 'housekeeper' && event.type === 'put') hit('path: housekeeper elected');
        else if (family === 'history-cut') hit('path: history is cut for want of space');
        else if (family === 'cursor') takeCursor(event.kv.key, event, isRelease);
        if (
          event.type === 'delete' &&
          ['runs', 'versions', 'cursor'].includes(family) &&
          !deletedJobs.has(job)
        )
          removed.set(`${family}/${job}`, (removed.get(`${family}/${job}`) ?? 0) + 1);
      }
      for (const [which, count] of removed) {
        const [family = '', job = ''] = which.split('/');
        takeRemovals(
          family,
          job,
          count,
          events.some(({ type, kv }) => type === 'delete' && kv.key.startsWith(`${prefix}active/`)),
        );
      }
    },
  };
}
