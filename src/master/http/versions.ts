// Routes of the versions of a job.
import type { JobDeps } from '../intents/jobs.ts';
import { restoreVersion } from '../intents/versions.ts';
import type { VersionReader } from '../reads/versions.ts';
import type { Views } from '../views/views.ts';
import { changeOf, etag, revisionsOf } from './job-answers.ts';
import type { Handlers } from './operations.ts';

type VersionRoutes = 'listVersions' | 'getVersion' | 'diffVersion' | 'restoreVersion';

export interface VersionRouteDeps extends JobDeps {
  readonly views: Views;
  readonly versions: VersionReader;
}

export function versionRoutes(deps: VersionRouteDeps): Pick<Handlers, VersionRoutes> {
  const { versions, views } = deps;
  return {
    async listVersions({ params }) {
      const { items, revision } = await versions.list(params.job);
      return { status: 200, body: { items }, headers: etag(revision) };
    },
    async getVersion({ params }) {
      return { status: 200, body: await versions.get(params.job, params.version) };
    },
    async diffVersion({ params, query }) {
      const { against, changes } = await versions.diff(params.job, params.version, query.against);
      const body = { name: params.job, generation: params.version, against, changes: [...changes] };
      return { status: 200, body };
    },
    async restoreVersion({ params, headers }, caller) {
      const conditions = revisionsOf(headers['if-match']);
      const change = await restoreVersion(deps, params.job, params.version, conditions, caller.name);
      const { modRevision } = change.job.kv;
      views.noteWrite(modRevision);
      return { status: 200, body: changeOf(change, views), headers: etag(modRevision) };
    },
  };
}
