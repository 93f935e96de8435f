// One job: what it is, when it ticks, how it went. Of a fixed height, so that nothing moves while rows come and go.
import { Skeleton } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconLoader2,
  IconPlayerPause,
  IconUserOff,
  IconX,
  type TablerIcon,
} from '@tabler/icons-react';
import { Link, useNavigate } from '@tanstack/react-router';
import { memo, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobSummary } from '../../../../src/common/api/jobs.ts';
import { Countdown } from '../../components/countdown.tsx';
import { Hint } from '../../components/hint.tsx';
import { LabelList } from '../../components/label-list.tsx';
import { OutcomeBadge } from '../../components/outcome-badge.tsx';
import { runPlace } from '../../components/run-address.ts';
import { RunStrip } from '../../components/run-strip.tsx';
import { Sparkline } from '../../components/sparkline.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { toneColor, type Tone } from '../../components/tone.ts';
import { durationText } from '../../lib/duration-text.ts';
import { filled } from '../../lib/i18n/filled.ts';
import { currentLanguage } from '../../lib/i18n/language.ts';
import { useScheduleText } from '../../lib/i18n/schedule-text.ts';
import { createKept } from '../../lib/kept.ts';
import { SelectBox } from './select-box.tsx';

export interface JobRowProps {
  /** undefined until its page is loaded. */
  readonly job: JobSummary | undefined;
  readonly index: number;
  readonly top: number;
  readonly height: number;
  readonly isSelected: boolean;
  readonly onToggle: (index: number, isRange: boolean) => void;
  readonly onFocus: (index: number) => void;
}

export const JobRow = memo(function JobRow(props: JobRowProps): ReactNode {
  const { job, index, top, height, isSelected, onFocus } = props;
  return (
    <div
      role="row"
      // The head is the first.
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      className="jobs-row"
      style={{ transform: `translateY(${top}px)`, height }}
      onFocus={() => onFocus(index)}
    >
      {job ? (
        <Cells {...props} job={job} />
      ) : (
        <div role="cell" className="jobs-loading">
          <Skeleton height={14} width={`${40 + ((index * 7) % 40)}%`} />
        </div>
      )}
    </div>
  );
});

function Cells({ job, index, isSelected, onToggle }: JobRowProps & { readonly job: JobSummary }): ReactNode {
  const { t } = useTranslation('jobs');
  return (
    <>
      <div role="cell" className="jobs-check">
        <SelectBox
          label={filled('select', (blank) => t('select', { job: blank }), job.name)}
          isOn={isSelected}
          onClick={(event) => onToggle(index, event.shiftKey)}
        />
      </div>
      <div role="cell" className="jobs-name">
        <StateIcon job={job} />
        <div className="jobs-two">
          <Link to="/jobs/$job" params={{ job: job.name }} data-job={index} title={job.name}>
            {job.name}
          </Link>
          <span title={job.description}>{job.description}</span>
        </div>
      </div>
      <Figures job={job} />
    </>
  );
}

// Of a job that only moved to another row nothing of it is drawn anew.
const Figures = memo(function Figures({ job }: { readonly job: JobSummary }): ReactNode {
  const { t } = useTranslation('jobs');
  const navigate = useNavigate();
  return (
    <>
      <div role="cell" className="jobs-schedule">
        <ScheduleWords job={job} />
      </div>
      <div role="cell" className="jobs-next">
        <NextTick job={job} />
      </div>
      <div role="cell" className="jobs-last">
        {job.lastRun ? (
          <>
            <OutcomeBadge outcome={job.lastRun.state} />
            <span>
              <TimeText at={job.lastRun.endedAt ?? job.lastRun.scheduledFor} />
            </span>
          </>
        ) : (
          <span className="jobs-quiet">{t('never')}</span>
        )}
      </div>
      <div role="cell" className="jobs-recent">
        <RunStrip runs={job.recent} onOpen={({ id }) => void navigate(runPlace(job.name, id))} />
      </div>
      <div role="cell" className="jobs-duration">
        <Trend job={job} />
      </div>
      <div role="cell" className="jobs-labels-cell">
        {job.labels && <LabelList labels={job.labels} most={2} />}
      </div>
    </>
  );
});

type Look = readonly [tone: Tone, icon: TablerIcon];
const LOOKS = {
  broken: ['bad', IconAlertTriangle],
  unschedulable: ['missed', IconUserOff],
  running: ['running', IconLoader2],
  again: ['bad', IconLoader2],
  paused: ['paused', IconPlayerPause],
  failing: ['bad', IconX],
  fine: ['good', IconCircleCheck],
} as const satisfies Record<string, Look>;

/** What an operator has to know first. */
function lookOf(job: JobSummary): keyof typeof LOOKS {
  if (job.state === 'broken') return 'broken';
  const isOn = job.state === 'running';
  if (job.paused && !isOn) return 'paused';
  if (job.unschedulable && !job.paused) return 'unschedulable';
  // One that always fails is to be seen failing also while it runs.
  if (isOn) return job.failing ? 'again' : 'running';
  return job.failing ? 'failing' : 'fine';
}

const looks = createKept<string>();

function StateIcon({ job }: { readonly job: JobSummary }): ReactNode {
  const { t } = useTranslation('jobs');
  const look = lookOf(job);
  const [tone, Icon] = LOOKS[look];
  const hint = job.error ?? (look === 'unschedulable' ? job.unschedulable?.reason : undefined);
  const word = looks(`${currentLanguage()} ${look}`, () => t(`look.${look}`));
  const words = hint === undefined ? word : `${word}: ${hint}`;
  return (
    <Hint<SVGSVGElement> label={words}>
      {(pointed) => (
        <Icon
          size={17}
          stroke={2}
          role="img"
          aria-label={words}
          color={toneColor(tone, 'solid')}
          className={Icon === IconLoader2 ? 'outcome-turning' : undefined}
          {...pointed}
        />
      )}
    </Hint>
  );
}

function ScheduleWords({ job }: { readonly job: JobSummary }): ReactNode {
  const written = job.schedule.join('; ');
  const words = useScheduleText(job);
  const zone = job.timezone === 'UTC' ? '' : job.timezone;
  const below = [words === written ? '' : written, zone].filter((each) => each !== '').join(' · ');
  return (
    <div className="jobs-two">
      <span title={words}>{words}</span>
      <span className="page-mono" title={below}>
        {below}
      </span>
    </div>
  );
}

function NextTick({ job }: { readonly job: JobSummary }): ReactNode {
  const { t } = useTranslation('jobs');
  const [next] = job.nextTicks;
  if (job.state === 'broken') return null;
  if (job.paused) return <span className="jobs-quiet">{t('paused')}</span>;
  if (next === undefined) return <span className="jobs-quiet">{t('noTick')}</span>;
  return (
    <div className="jobs-two">
      <Countdown to={next} />
      <TimeText at={next} show="clock" />
    </div>
  );
}

/** Most durations are told of several jobs. */
const trends = createKept<string>();

function Trend({ job }: { readonly job: JobSummary }): ReactNode {
  const { t } = useTranslation('jobs');
  const values = (job.recent ?? []).flatMap(({ durationMs }) => durationMs ?? []).toReversed();
  const last = values.at(-1);
  if (last === undefined) return null;
  const told = durationText(last);
  const label = trends(`${currentLanguage()} ${values.length} ${told}`, () =>
    t('trend', { count: values.length, last: told }),
  );
  return (
    <>
      <Sparkline values={values} label={label} />
      <span className="page-count">{told}</span>
    </>
  );
}
