// Versions of a job's definition, as they are kept and as they may be shown. What is secret in one of them is
// shown in none: who made a secret of a plain value does not want to find it in the version before.
import { PATHS_NAMED, type VersionSummary, type VersionView } from '../../common/api/versions.ts';
import { ProblemError } from '../../common/api/problems.ts';
import { diffDefinitions, type FieldChange, type Shown } from '../../common/core/definition-diff.ts';
import { markSecrets, redactSecrets, secretNames } from '../../common/core/definition.ts';
import type { ChangeKind, JobDefinition, JobRecord } from '../../common/model/job.ts';
import type { Etcd, Revision } from '../../common/store/etcd.ts';
import type { Keyspace } from '../../common/store/keyspace.ts';
import { get, getSome, kvAt, kvsOf } from '../../common/store/transactions/parts.ts';
import { VERSIONS_KEPT } from '../../common/store/transactions/jobs.ts';
import { jobNow, noSuchJob, type JobNow } from '../intents/jobs.ts';
import { shownTime } from '../shown.ts';

export interface Version {
  readonly generation: number;
  readonly isCurrent: boolean;
  /** undefined: it cannot be read. */
  readonly record: JobRecord | undefined;
  readonly error?: string;
}

export interface Versions {
  readonly job: JobNow;
  /** Newest first. One that stands but does not tell its generation is not among them. */
  readonly versions: readonly Version[];
  /** Names of the entries that are secret in one of them. */
  readonly secrets: ReadonlySet<string>;
}

/** All versions as of one moment, by quorum; undefined: there is no such job. */
export async function readVersions(
  { etcd, keys }: { etcd: Etcd; keys: Keyspace },
  job: string,
): Promise<Versions | undefined> {
  const result = await etcd.txn({
    compare: [],
    success: [get(keys.job(job)), { ...getSome(keys.versionsOf(job), VERSIONS_KEPT), descending: true }],
    failure: [],
  });
  const kv = kvAt(result, 0);
  if (!kv) return undefined;
  const now = jobNow(kv);
  const current = now.generation === undefined ? [] : [versionOf(now, now.generation, true)];
  const older = kvsOf(result.responses[1])
    .map((each) => versionOf(jobNow(each), keys.generationOf(each.key), false))
    .filter(({ generation }) => generation < (now.generation ?? Infinity));
  const versions = [...current, ...older].slice(0, VERSIONS_KEPT);
  const secrets = new Set(versions.flatMap(({ record }) => (record ? secretNames(record.definition) : [])));
  return { job: now, versions, secrets };
}

const versionOf = ({ record, error }: JobNow, generation: number, isCurrent: boolean): Version => ({
  generation,
  isCurrent,
  record,
  ...(error !== undefined && { error }),
});

export interface VersionReader {
  /** Throws job_not_found. */
  list(job: string): Promise<{ items: VersionSummary[]; revision: Revision }>;
  /** Throws job_not_found, version_not_found, job_broken. */
  get(job: string, generation: number): Promise<VersionView>;
  /** `against` undefined: the version before. Throws as `get`. */
  diff(job: string, generation: number, against: number | 'current' | undefined): Promise<VersionDiff>;
}

export interface VersionDiff {
  /** null: there was no definition before. */
  readonly against: number | null;
  readonly changes: readonly FieldChange[];
}

export function versionReader(deps: { etcd: Etcd; keys: Keyspace }): VersionReader {
  const read = async (job: string): Promise<Versions> => {
    const found = await readVersions(deps, job);
    if (!found) throw noSuchJob(job);
    return found;
  };

  return {
    async list(job) {
      const all = await read(job);
      const items = all.versions.map((version, index) => summarize(all, version, all.versions[index + 1]));
      return { items, revision: all.job.kv.modRevision };
    },
    async get(job, generation) {
      const all = await read(job);
      const version = pick(all, job, generation);
      const { shown } = shownOf(all, version, version.record.definition);
      return { name: job, ...originOf(version), definition: shown };
    },
    async diff(job, generation, against) {
      const all = await read(job);
      const after = pick(all, job, generation);
      const before = base(all, job, generation, against);
      const side = (version: Readable): Shown => shownOf(all, version, version.record.definition);
      return {
        against: before?.generation ?? null,
        changes: diffDefinitions(before && side(before), side(after)),
      };
    },
  };
}

type Readable = Version & { readonly record: JobRecord };

/** Throws version_not_found, job_broken. */
export function pick({ versions }: Versions, job: string, generation: number): Readable {
  const version = versions.find((each) => each.generation === generation);
  if (!version) {
    const kept = versions.map((each) => each.generation);
    const there = kept.length === 0 ? 'none' : `${kept.at(-1)} to ${kept[0]}`;
    throw new ProblemError(
      'version_not_found',
      `version ${generation} of ${job} is not kept: there are ${there}`,
    );
  }
  const { record, error = 'unknown' } = version;
  if (!record)
    throw new ProblemError('job_broken', `version ${generation} of ${job} cannot be read (${error})`);
  return { ...version, record };
}

function base(
  all: Versions,
  job: string,
  generation: number,
  against: number | 'current' | undefined,
): Readable | undefined {
  if (typeof against === 'number') return pick(all, job, against);
  if (against === undefined) {
    if (generation === 1) return undefined;
    // Not simply one less: a master that keeps no versions may have written in between.
    const before = all.versions.find((each) => each.generation < generation)?.generation;
    return pick(all, job, before ?? generation - 1);
  }
  const { generation: current, error } = all.job;
  if (current === undefined)
    throw new ProblemError('job_broken', `the stored definition of ${job} cannot be read (${error})`);
  return pick(all, job, current);
}

/** The one that stands is shown as the job is. */
function shownOf({ secrets }: Versions, { isCurrent }: Version, stored: JobDefinition): Shown {
  return { stored, shown: redactSecrets(isCurrent ? stored : markSecrets(stored, secrets)) };
}

function originOf(version: Version): Omit<VersionView, 'name' | 'definition'> {
  const { generation, isCurrent, record } = version;
  const { kind, by = null, from } = record?.change ?? {};
  const assumed: ChangeKind = generation === 1 ? 'created' : 'edited';
  return {
    generation,
    current: isCurrent,
    at: record ? shownTime(record.updatedAt) : null,
    by,
    change: record ? (kind ?? assumed) : null,
    ...(from !== undefined && { from }),
  };
}

function summarize(all: Versions, version: Version, before: Version | undefined): VersionSummary {
  const { record, error } = version;
  const origin = originOf(version);
  if (!record || !before?.record)
    return { ...origin, changed: null, changes: null, ...(error !== undefined && { error }) };
  const changes = diffDefinitions(
    shownOf(all, before, before.record.definition),
    shownOf(all, version, record.definition),
  );
  const paths = changes.map(({ path }) => path);
  return { ...origin, changed: paths.slice(0, PATHS_NAMED), changes: paths.length };
}
