// One run from start to verdict: cluster, jobs, faults by the plan, everything mended, everything settled,
// stopped in good order, looked for what was left, and judged.
import { execFile } from 'node:child_process';
import { createWriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Audit } from '../../src/cli/audit.ts';
import { revokesLiveLeases } from '../../src/common/runtime/etcd-versions.ts';
import { codecs, keyspace } from '../../src/common/store/keyspace.ts';
import { createRandom } from '../simulation/world/random.ts';
import { openJournal } from '../support/journal.ts';
import { PROGRAM } from '../support/program.ts';
import { processesIn } from '../support/spawned.ts';
import { delay, waitFor } from '../support/wait.ts';
import { check, type Verdict } from './check/check.ts';
import { growthOf, type Growth } from './check/figures.ts';
import { PREFIX, startCluster, WORKERS, type Cluster } from './cluster.ts';
import type { Action, FaultDone, History, StoreSample, Violation } from './events.ts';
import { carryOut } from './nemesis.ts';
import { asked, PATIENCE, waitPatiently } from './patience.ts';
import { createPeople } from './people.ts';
import { planChaos, type Plan } from './plan.ts';
import { startRecorder, type Recorder } from './recorder.ts';
import { startSampler } from './samples.ts';
import { workloadOf } from './workload.ts';

export interface ChaosOptions {
  readonly seed: number;
  readonly durationMs: number;
  readonly ttlSeconds: number;
  /** Logs, journal and data go there; exists, and belongs to this run alone. */
  readonly folder: string;
  readonly tell?: (line: string) => void;
}

export interface ChaosResult {
  readonly plan: Plan;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly etcdVersion: string;
  /** Of the checker, and of what was seen besides. */
  readonly violations: readonly Violation[];
  /** What the test itself could not do: it makes no verdict worthless, but a pass needs none of it. */
  readonly trouble: readonly string[];
  readonly verdict: Verdict;
  readonly audit: Audit['total'];
  readonly faults: readonly FaultDone[];
  readonly actions: readonly Action[];
  readonly growth: readonly Growth[];
  readonly store: readonly StoreSample[];
  /** From the end of the last fault until every job had settled its ticks. */
  readonly settledAfterMs: number;
}

const SETTLED_WITHIN = 5_000;
const QUIET_END = 8_000;
/** A long-lived process may grow by this, and its last by half of what it was when it was warm. */
const MOST_GROWTH_MIB = 60;
const LONG_LIFE_MINUTES = 8;

export async function runChaos(options: ChaosOptions): Promise<ChaosResult> {
  const { seed, durationMs, ttlSeconds, folder } = options;
  const log = createWriteStream(join(folder, 'chaos.log'));
  const tell = (line: string): void => {
    log.write(`${new Date().toISOString()} ${line}\n`);
    options.tell?.(line);
  };
  const violations: Violation[] = [];
  const plan = planChaos({ seed, durationMs, ttlMs: ttlSeconds * 1_000 });
  writeFileSync(join(folder, 'plan.json'), JSON.stringify(plan, null, 2));
  const startedAt = Date.now();
  const journal = openJournal(folder);
  const workload = workloadOf(journal, folder);
  const random = createRandom(seed ^ 0x2545f491);
  const cluster = await startCluster({
    folder,
    ttlSeconds,
    random: () => random.next(),
    onCrash(name, how) {
      tell(`${name} ended by itself: ${how}`);
      violations.push({ what: 'process ended by itself', detail: `${name}: ${how}` });
    },
  });
  let recorder: Recorder | undefined;
  try {
    const status = await cluster.direct.status();
    const { revision } = await cluster.direct.range({ key: PREFIX, countOnly: true });
    recorder = startRecorder({
      endpoints: cluster.members.map(({ endpoint }) => endpoint),
      prefix: PREFIX,
      from: revision,
      file: join(folder, 'etcd.jsonl'),
    });
    const sampler = startSampler(cluster);
    const record = recorder;

    await ready(cluster);
    await createJobs(cluster, workload.jobs);
    await waitFor(() => new Set(journal.starts().map(({ job }) => job)).size >= 10, {
      what: 'jobs run',
      timeout: PATIENCE,
      interval: 500,
    });
    tell('all is up and jobs run: faults begin');

    const people = createPeople(cluster.urls, workload);
    const { faults, trouble } = await carryOut(plan, cluster, people, tell);
    await revive(cluster);
    const healedAt = Date.now();
    await undrainAll(cluster);
    await ready(cluster);
    await settled(cluster, record);
    const settledAfterMs = Date.now() - healedAt;
    tell(`settled ${(settledAfterMs / 1_000).toFixed(1)} s after the last fault`);
    await delay(QUIET_END);

    const audit = await auditOf(cluster, startedAt);
    writeFileSync(join(folder, 'audit.json'), JSON.stringify(audit, null, 2));
    for (const { job, wrong } of audit.jobs)
      for (const { tick, outcome, reason } of wrong)
        violations.push({ what: `audit: ${outcome}`, job, detail: `${tick} ${reason ?? ''}` });
    for (const { job, error } of audit.broken) violations.push({ what: 'audit: broken', job, detail: error });

    await pauseAll(cluster, record);
    const pausedAt = Date.now();
    await untilIdle(cluster);
    await record.caughtUp();
    for (const service of [...cluster.workers, ...cluster.masters]) {
      const how = await service.stop(20_000);
      if (how !== 0)
        violations.push({ what: 'bad end', detail: `${service.name} ended with ${how} when told to stop` });
    }
    await record.caughtUp();
    sampler.stop();
    await stopped(cluster, record);
    violations.push(...(await leftBehind(folder)));

    const history: History = {
      startedAt,
      healedAt,
      pausedAt,
      jobs: record.jobs,
      cursors: record.cursors,
      runs: record.runs,
      claims: record.claims,
      sessionEnds: record.sessionEnds,
      marks: journal.lines(),
      actions: people.actions,
      faults,
      ttlMs: plan.ttlMs,
      hasStuckLeaders: revokesLiveLeases(status.members[0]!.version),
      prompt: workload.prompt,
    };
    const verdict = check(history);
    const growth = growthOf(sampler.processes, Math.min(2, durationMs / 120_000));
    violations.push(...verdict.violations, ...grown(growth));
    return {
      plan,
      startedAt,
      endedAt: Date.now(),
      etcdVersion: status.members[0]!.version,
      violations,
      trouble: [...trouble, ...record.trouble],
      verdict,
      audit: audit.total,
      faults,
      actions: people.actions,
      growth,
      store: sampler.store,
      settledAfterMs,
    };
  } catch (error) {
    const { message } = error as Error;
    throw new Error([message, ...violations.map(({ what, detail }) => `${what}: ${detail}`)].join('; '), {
      cause: error,
    });
  } finally {
    await stopped(cluster, recorder);
    log.end();
  }
}

async function stopped(cluster: Cluster, recorder: Recorder | undefined): Promise<void> {
  recorder?.stop();
  await cluster.stop();
}

/** Four workers that take work, and two masters that answer. */
async function ready(cluster: Cluster): Promise<void> {
  const keys = keyspace(PREFIX);
  await waitPatiently(
    async () => {
      const { kvs } = await cluster.direct.range(keys.workers);
      const records = kvs.flatMap(({ value }) => {
        const decoded = codecs.worker.decode(value);
        return decoded.ok ? [decoded.value] : [];
      });
      return WORKERS.every((name) => records.some((each) => each.name === name && each.state === 'ready'));
    },
    { what: 'all workers are ready', timeout: PATIENCE, interval: 200 },
  );
  for (const url of cluster.urls) {
    let seen: unknown;
    await waitFor(
      async () => {
        const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(3_000) }).catch(
          (error: Error) => void (seen = `${error.message}: ${(error.cause as Error | undefined)?.message}`),
        );
        if (answer) seen = `${answer.status} ${await answer.text()}`;
        return answer?.ok;
      },
      { what: `the master at ${url} is ready`, timeout: PATIENCE, interval: 200, seen: () => seen },
    );
  }
}

async function createJobs(cluster: Cluster, jobs: readonly { name: string }[]): Promise<void> {
  for (const job of jobs) {
    await asked(`${cluster.urls[0]}/api/v1/jobs/${job.name}`, {
      method: 'PUT',
      body: JSON.stringify(job),
      headers: { 'content-type': 'application/json' },
    });
  }
}

/** Whatever a fault that could not be mended has left. */
async function revive(cluster: Cluster): Promise<void> {
  cluster.setClock(0);
  for (const member of cluster.members) {
    member.resume();
    if (!member.isUp) await member.start();
  }
  for (const service of [...cluster.masters, ...cluster.workers]) {
    service.thaw();
    if (!service.isUp) service.start();
  }
}

/** A wish to drain that could not be taken back in time, for want of space or a leader, is taken back now. */
async function undrainAll(cluster: Cluster): Promise<void> {
  const ask = async (path: string, method = 'GET'): Promise<Response | undefined> =>
    fetch(`${cluster.urls[0]}/api/v1${path}`, { method, signal: AbortSignal.timeout(5_000) }).catch(
      () => undefined,
    );
  await waitFor(
    async () => {
      const answer = await ask('/workers');
      if (!answer?.ok) return false;
      const { items } = (await answer.json()) as { items: readonly { id: string; drain: object | null }[] };
      const drained = items.filter(({ drain }) => drain !== null);
      for (const { id } of drained) await ask(`/workers/${id}/resume`, 'POST');
      return drained.length === 0;
    },
    { what: 'no worker is drained', timeout: PATIENCE, interval: 500 },
  );
}

/** Every job that is there and not paused has settled its ticks up to a moment ago; nothing is left of the dead. */
async function settled(cluster: Cluster, recorder: Recorder): Promise<void> {
  const keys = keyspace(PREFIX);
  let missing: string[] = [];
  await waitPatiently(
    async () => {
      const alive = new Set(
        (await cluster.direct.range(keys.workers)).kvs.map(({ key }) => keys.partsOf(key)[0]!),
      );
      const active = (await cluster.direct.range(keys.actives)).kvs.map(({ key }) => keys.partsOf(key));
      missing = active.filter(([worker]) => !alive.has(worker!)).map((parts) => parts.join('/'));
      const jobs = new Map(recorder.jobs.map((change) => [change.job, change.record]));
      const cursors = new Map(recorder.cursors.map(({ job, tick }) => [job, tick ?? 0]));
      const late = Date.now() - SETTLED_WITHIN;
      for (const [job, record] of jobs) {
        const { paused, schedule, overlap } = record?.definition ?? {
          paused: true,
          schedule: '',
          overlap: '',
        };
        // Of a queue that waits for its runs there is no telling.
        if (paused || schedule === '@manual' || overlap === 'queue' || record!.since > late - 60_000)
          continue;
        const period = Number(/\/(\d+)/.exec(String(schedule))?.[1] ?? 1) * 1_000;
        if ((cursors.get(job) ?? 0) < late - period) missing.push(job);
      }
      return missing.length === 0;
    },
    { what: 'every tick is settled', timeout: PATIENCE, interval: 200, seen: () => missing },
  );
}

async function auditOf(cluster: Cluster, since: number): Promise<Audit> {
  const args = [
    PROGRAM,
    'audit',
    '--json',
    '--since',
    new Date(since).toISOString(),
    '--url',
    cluster.urls[0]!,
  ];
  const text = await new Promise<string>((resolve, reject) => {
    execFile(process.execPath, args, { maxBuffer: 2 ** 28 }, (error, stdout, stderr) => {
      // 1: it found something wrong, and says what.
      if (error && error.code !== 1) reject(new Error(`etcron audit: ${stderr}`));
      else resolve(stdout);
    });
  });
  return JSON.parse(text) as Audit;
}

async function pauseAll(cluster: Cluster, recorder: Recorder): Promise<void> {
  const jobs = new Map(recorder.jobs.map((change) => [change.job, change.record]));
  for (const [job, record] of jobs) {
    if (!record || record.definition.paused) continue;
    await asked(`${cluster.urls[1]}/api/v1/jobs/${job}/pause`, { method: 'POST' });
  }
}

/** No claim, no lock, no request is left when nothing more comes due. */
async function untilIdle(cluster: Cluster): Promise<void> {
  const keys = keyspace(PREFIX);
  let left: string[] = [];
  await waitPatiently(
    async () => {
      const all = await Promise.all(
        [keys.actives, keys.locks, keys.triggers].map((range) =>
          cluster.direct.range({ ...range, keysOnly: true }),
        ),
      );
      left = all.flatMap(({ kvs }) => kvs.map(({ key }) => key));
      return left.length === 0;
    },
    { what: 'no claim is left', timeout: PATIENCE, interval: 200, seen: () => left },
  );
}

/** Tasks carry the folder in their environment, as its mark; everything else works in it. */
async function leftBehind(folder: string): Promise<Violation[]> {
  const look = () => processesIn(folder).filter(({ pid }) => pid !== process.pid && pid !== process.ppid);
  await waitFor(() => look().length === 0, { what: 'all are gone', timeout: 5_000 }).catch(() => undefined);
  return look().map(({ pid, command }) => ({
    what: 'process left behind',
    detail: `${pid} ${command.slice(0, 200)}`,
  }));
}

/** Of etcron's own processes: etcd's are told beside them, and hold what it was filled with on purpose. */
function grown(growth: readonly Growth[]): Violation[] {
  return growth
    .filter(
      ({ name, minutes, firstMiB, lastMiB }) =>
        !name.startsWith('etcd ') &&
        minutes >= LONG_LIFE_MINUTES &&
        lastMiB - firstMiB > MOST_GROWTH_MIB &&
        lastMiB > firstMiB * 1.5,
    )
    .map(({ name, firstMiB, lastMiB, minutes }) => ({
      what: 'memory that grows',
      detail: `${name}: ${firstMiB.toFixed(0)} to ${lastMiB.toFixed(0)} MiB in ${minutes.toFixed(0)} minutes`,
    }));
}
