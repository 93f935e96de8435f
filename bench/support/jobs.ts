// Jobs as a master writes them, by the thousand: the product's own transactions, in batches.
import { jobDefinition, type JobDefinition, type JobDefinitionInput } from '../../src/common/model/job.ts';
import { startBatcher } from '../../src/common/store/batcher.ts';
import type { Etcd } from '../../src/common/store/etcd.ts';
import { codecs, type Keyspace } from '../../src/common/store/keyspace.ts';
import { writeJob } from '../../src/common/store/transactions/jobs.ts';

const AT_ONCE = 1_000;
const CURSORS_PER_REQUEST = 100;

/** `job-000042`: sorts by number. */
export const jobName = (number: number): string => `job-${String(number).padStart(6, '0')}`;

export const jobNumber = (name: string): number => Number(name.slice('job-'.length));

/** A definition with its defaults, to be given many names. */
export const template = (input: Omit<JobDefinitionInput, 'name'>): JobDefinition =>
  jobDefinition.parse({ name: 'template', ...input });

const REPORTS = 360;

/** Definitions as they are written in practice, due in the month after next: nothing of it comes due meanwhile. */
export function reportInputs(): readonly Omit<JobDefinitionInput, 'name'>[] {
  const month = ((new Date().getUTCMonth() + 2) % 12) + 1;
  return Array.from({ length: REPORTS }, (_, i) => ({
    description: `Report ${i} of the warehouse: facts of the day, checked and sent`,
    labels: { team: `team-${i % 23}`, tier: i % 5 === 0 ? 'gold' : 'silver' },
    schedule: `${i % 60} ${i % 24} ${(i % 28) + 1} ${month} *`,
    timezone: ['UTC', 'Europe/Berlin', 'America/New_York'][i % 3]!,
    task: { kind: 'shell', command: `/opt/reports/bin/build --report ${i} --out /var/reports/${i}.csv` },
    timeout: '1h',
  }));
}

export const reportJobs = (): readonly JobDefinition[] => reportInputs().map(template);

/** Creates `count` jobs, the first of them number `from`. Answers the size of a value in etcd, on average. */
export async function createJobs(
  etcd: Etcd,
  keys: Keyspace,
  count: number,
  definitionOf: (number: number) => JobDefinition,
  from = 0,
): Promise<{ readonly averageBytes: number }> {
  const batcher = startBatcher({ etcd });
  const now = Date.now();
  let next = from;
  let bytes = 0;
  const lane = async (): Promise<void> => {
    while (next < from + count) {
      const number = next++;
      const definition = { ...definitionOf(number), name: jobName(number) };
      const record = { definition, since: now, anchor: now, generation: 1, createdAt: now, updatedAt: now };
      bytes += codecs.job.encode(record).length;
      const written = await batcher.submit(writeJob(keys, record, 0));
      if (!written.ok) throw new Error(`${definition.name} is there already`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  await batcher.stop();
  return { averageBytes: Math.round(bytes / count) };
}

/** As if each job had run before: its cursor at `tick`. */
export async function createCursors(etcd: Etcd, keys: Keyspace, count: number, tick: number): Promise<void> {
  for (let from = 0; from < count; from += CURSORS_PER_REQUEST) {
    const length = Math.min(CURSORS_PER_REQUEST, count - from);
    const success = Array.from({ length }, (_, i) => ({
      type: 'put' as const,
      key: keys.cursor(jobName(from + i)),
      value: codecs.cursor.encode(tick),
    }));
    await etcd.txn({ compare: [], success, failure: [] });
  }
}
