// Where the overview leads: to a job, and to a run with its output.
import { Anchor } from '@mantine/core';
import { Link, useNavigate } from '@tanstack/react-router';
import type { ReactNode } from 'react';

export function JobLink({ job }: { readonly job: string }): ReactNode {
  return (
    <Anchor
      className="overview-name"
      renderRoot={(props) => <Link to="/jobs/$job" params={{ job }} {...props} />}
    >
      {job}
    </Anchor>
  );
}

export interface RunLinkProps {
  readonly job: string;
  readonly run: string;
  readonly children: ReactNode;
}

export function RunLink({ job, run, children }: RunLinkProps): ReactNode {
  return (
    <Anchor
      className="overview-name"
      renderRoot={(props) => <Link to="/jobs/$job/runs/$run" params={{ job, run }} {...props} />}
    >
      {children}
    </Anchor>
  );
}

/** For what is no link: a bar on a canvas. */
export function useOpenRun(): (run: { readonly job: string; readonly id: string }) => void {
  const navigate = useNavigate();
  return ({ job, id }) => void navigate({ to: '/jobs/$job/runs/$run', params: { job, run: id } });
}
