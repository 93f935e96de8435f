// When, where and how a run was, fact by fact.
import { Anchor, Paper, Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { Countdown, DurationText, Elapsed } from '../../components/countdown.tsx';
import { KeyValue } from '../../components/key-value.tsx';
import { TimeText } from '../../components/time-text.tsx';
import { bytesText } from '../../lib/amount-text.ts';
import { read } from '../../lib/query.ts';

export function RunFacts({ run }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('runs');
  const exact = (at: string): ReactNode => <TimeText at={at} show="clock" />;
  const { startedAt, endedAt, shard, outputBytes } = run;
  const items = [
    [t('fact.cause'), <Cause key="cause" run={run} />],
    [t('fact.scheduledFor'), exact(run.scheduledFor)],
    [
      t('fact.started'),
      startedAt === undefined ? (endedAt === undefined ? startsIn(run) : t('fact.never')) : exact(startedAt),
    ],
    [t('fact.lag'), run.startLagMs === undefined ? undefined : <DurationText ms={run.startLagMs} />],
    [t('fact.ended'), endedAt === undefined ? undefined : exact(endedAt)],
    [
      t('fact.duration'),
      run.durationMs === undefined ? (
        startedAt !== undefined && endedAt === undefined ? (
          <Elapsed since={startedAt} />
        ) : undefined
      ) : (
        <DurationText ms={run.durationMs} />
      ),
    ],
    [
      t('fact.usual'),
      startedAt !== undefined && endedAt === undefined ? <Usual key="usual" job={run.job} /> : undefined,
    ],
    [t('fact.result'), <Ending key="ending" run={run} />],
    [t('fact.attempt'), run.attempt === 0 ? undefined : run.attempt],
    [
      t('fact.worker'),
      run.worker === undefined ? undefined : (
        <Anchor inherit className="page-mono" renderRoot={(props) => <Link to="/workers" {...props} />}>
          {run.worker}
        </Anchor>
      ),
    ],
    [
      t('fact.shard'),
      shard === undefined ? undefined : t('shard', { index: shard.index, total: shard.total }),
    ],
    [
      t('fact.token'),
      run.fencingToken === undefined ? undefined : <span className="page-mono">{run.fencingToken}</span>,
    ],
    [
      t('fact.definition'),
      <Anchor
        key="version"
        inherit
        renderRoot={(props) => (
          <Link to="/jobs/$job" params={{ job: run.job }} search={{ tab: 'versions' }} {...props} />
        )}
      >
        {t('version', { generation: run.generation })}
      </Anchor>,
    ],
    [
      t('fact.output'),
      outputBytes === undefined
        ? undefined
        : bytesText(outputBytes) + (run.outputTruncated ? ` · ${t('truncated')}` : ''),
    ],
  ] as const;
  const shown = items.filter(([name]) => name !== t('fact.result') || hasEnding(run));
  return (
    <Paper p="sm">
      <KeyValue items={shown} />
    </Paper>
  );

  function startsIn({ state, scheduledFor }: RunView): ReactNode {
    return state === 'armed' ? <Countdown to={scheduledFor} /> : t('fact.notYet');
  }
}

const LOOKED_AT = 20;

/** How long the job takes when it goes well, to compare with one that is on. */
function Usual({ job }: { readonly job: string }): ReactNode {
  const { t } = useTranslation('runs');
  const query = { state: 'succeeded', limit: LOOKED_AT } as const;
  const { data } = useQuery(read('listRunsOfJob', { params: { job }, query }));
  const took = (data?.items ?? []).flatMap(({ durationMs }) => durationMs ?? []).sort((a, b) => a - b);
  const median = took[Math.floor(took.length / 2)];
  if (median === undefined) return data === undefined ? '…' : t('fact.notKnown');
  return (
    <>
      <DurationText ms={median} />{' '}
      <Text span size="xs" c="dimmed">
        {t('fact.ofLast', { count: took.length })}
      </Text>
    </>
  );
}

const hasEnding = ({ exitCode, signal, httpStatus }: RunView): boolean =>
  exitCode !== undefined || signal !== undefined || httpStatus !== undefined;

interface EndingProps {
  readonly run: Pick<RunView, 'exitCode' | 'signal' | 'httpStatus'>;
}

/** Exit code, signal or status of HTTP. */
export function Ending({ run: { exitCode, signal, httpStatus } }: EndingProps): ReactNode {
  const { t } = useTranslation('runs');
  return [
    exitCode === undefined ? [] : [t('exitCode', { code: exitCode })],
    signal === undefined ? [] : [t('signal', { signal })],
    httpStatus === undefined ? [] : [t('httpStatus', { status: httpStatus })],
  ]
    .flat()
    .join(', ');
}

function Cause({ run: { cause, job } }: { readonly run: RunView }): ReactNode {
  const { t } = useTranslation('runs');
  const { t: common } = useTranslation();
  return (
    <>
      {common(`cause.${cause.kind}`)}
      {cause.by !== undefined && ` ${t('causeBy', { by: cause.by })}`}
      {cause.retryOf !== undefined && (
        <>
          {' '}
          <Text span inherit>
            {t('retryOf')}{' '}
            <Link to="/jobs/$job/runs/$run" params={{ job, run: cause.retryOf }} className="page-mono">
              {cause.retryOf}
            </Link>
          </Text>
        </>
      )}
    </>
  );
}
