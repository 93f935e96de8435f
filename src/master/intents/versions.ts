// Going back to a version: a change like any other, under the rules of today. Nothing of the older life of
// ticks comes back with it (invariant 6), and whether the job is paused stays as it is.
import { markSecrets } from '../../common/core/definition.ts';
import { pick, readVersions } from '../reads/versions.ts';
import {
  change,
  checkConditions,
  noSuchJob,
  raceLost,
  recordOver,
  type Conditions,
  type JobChanged,
  type JobDeps,
} from './jobs.ts';

/** Throws job_not_found, version_not_found, job_broken, invalid_input, precondition_failed, job_changed. */
export async function restoreVersion(
  deps: JobDeps,
  job: string,
  generation: number,
  conditions: Conditions,
  by: string,
): Promise<JobChanged> {
  const seen = await readVersions(deps, job);
  checkConditions(job, conditions, seen?.job.kv.modRevision);
  if (!seen) throw noSuchJob(job);
  const { definition } = pick(seen, job, generation).record;
  // What became a secret since is not put back in plain.
  const restored = markSecrets(definition, seen.secrets);
  return change(deps, job, (found, generationNow) => {
    checkConditions(job, conditions, found?.kv.modRevision);
    if (!found) throw noSuchJob(job);
    // Deleted and created anew meanwhile: that job has no such version.
    if (found.kv.createRevision !== seen.job.kv.createRevision) throw raceLost(job);
    const paused = found.record?.definition.paused ?? definition.paused;
    return recordOver(deps, found.record, { ...restored, paused }, { by, from: generation }, generationNow);
  });
}
