// The two pages with the editor: for a new job, from a template or as a copy of another, and for one that is there.
import { useQuery } from '@tanstack/react-query';
import { getRouteApi } from '@tanstack/react-router';
import { useState, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { Loaded } from '../../components/loaded.tsx';
import { PageHeader } from '../../components/page-header.tsx';
import { Trail } from '../../components/trail.tsx';
import type { Body } from '../../lib/api.ts';
import { CallFailed } from '../../lib/problem.ts';
import { read } from '../../lib/query.ts';
import { draftOf, withoutDefaults } from './draft.ts';
import { Editor } from './editor.tsx';
import { templates } from './templates.ts';

const newRoute = getRouteApi('/jobs/new');
const editRoute = getRouteApi('/jobs/$job/edit');
const ONLY_THE_JOB = { ticks: 1, runs: 0 };

export function NewJobPage(): ReactNode {
  const { from, template = 'shell' } = newRoute.useSearch();
  if (from !== undefined) return <Copy key={from} from={from} />;
  return (
    <Editor
      key={template}
      job={undefined}
      latest={undefined}
      initial={draftOf(templates[template])}
      hasTemplates
    />
  );
}

function Copy({ from }: { readonly from: string }): ReactNode {
  const { t } = useTranslation('editor');
  const job = useQuery({ ...read('getJob', { params: { job: from }, query: ONLY_THE_JOB }), staleTime: 0 });
  if (job.data === undefined || !job.isFetchedAfterMount)
    return (
      <>
        <PageHeader trail={<Trail />} title={t('titleNew')} />
        <Loaded query={job}>{() => null}</Loaded>
      </>
    );
  return <CopyEditor job={job.data} />;
}

function CopyEditor({ job }: { readonly job: Body<'getJob'> }): ReactNode {
  const [initial] = useState(() => draftOf({ ...withoutDefaults(job.definition), name: '' }));
  return <Editor job={undefined} latest={undefined} initial={initial} hasTemplates={false} />;
}

export function EditJobPage(): ReactNode {
  const { job: name } = editRoute.useParams();
  const { t } = useTranslation('editor');
  // Not what is remembered: editing begins with what is stored.
  const job = useQuery({ ...read('getJob', { params: { job: name }, query: ONLY_THE_JOB }), staleTime: 0 });
  if (job.data === undefined || !job.isFetchedAfterMount)
    return (
      <>
        <PageHeader trail={<Trail job={name} />} title={t('title', { name })} />
        <Loaded query={job}>{() => null}</Loaded>
      </>
    );
  const isGone = job.error instanceof CallFailed && job.error.code === 'job_not_found';
  return <JobEditor key={name} job={job.data} isGone={isGone} />;
}

/** Begins with the job as it is when it is opened; what becomes of it meanwhile is told beside it. */
function JobEditor({ job, isGone }: { readonly job: Body<'getJob'>; readonly isGone: boolean }): ReactNode {
  const [first] = useState(job);
  const [initial] = useState(() => draftOf(withoutDefaults(job.definition)));
  return <Editor job={first} latest={job} isGone={isGone} initial={initial} hasTemplates={false} />;
}
