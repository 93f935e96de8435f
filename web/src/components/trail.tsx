// Where a page belongs, above its name: links to what it is a part of, the widest first.
import { Anchor } from '@mantine/core';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import './trail.css';

export interface TrailProps {
  /** The page is a part of this job; left out: of the list of jobs. */
  readonly job?: string | undefined;
}

export function Trail({ job }: TrailProps): ReactNode {
  const { t } = useTranslation();
  return (
    <nav aria-label={t('trail.label')}>
      <ol className="trail">
        <li>
          <Anchor inherit renderRoot={(props) => <Link to="/jobs" {...props} />}>
            {t('trail.jobs')}
          </Anchor>
        </li>
        {job !== undefined && (
          <li>
            <Anchor inherit renderRoot={(props) => <Link to="/jobs/$job" params={{ job }} {...props} />}>
              {job}
            </Anchor>
          </li>
        )}
      </ol>
    </nav>
  );
}
