// The output of a run with what one does with it: follow, search, wrap, take away.
import { ActionIcon, Button, Group, Loader, Paper, Text, TextInput, Title, Tooltip } from '@mantine/core';
import {
  IconArrowBarToDown,
  IconChevronDown,
  IconChevronUp,
  IconDownload,
  IconSearch,
  IconTextWrap,
} from '@tabler/icons-react';
import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { RunView } from '../../../../src/common/api/values.ts';
import { ErrorState } from '../../components/error-state.tsx';
import { bytesText, countText } from '../../lib/amount-text.ts';
import { useShortcuts } from '../../lib/shortcuts.ts';
import { readStored, writeStored } from '../../lib/stored.ts';
import { useStore } from '../../lib/store.ts';
import { downloadOutput } from './download-output.ts';
import { useLineSearch } from './line-search.ts';
import { LogView } from './log-view.tsx';
import { startOutput, type OutputReader } from './output-reader.ts';

const WRAP_KEY = 'etcron-log-wrap';
/** Of what is being typed nothing is loaded. */
const SETTLE_MS = 500;

export function RunOutput({ run }: { readonly run: RunView }): ReactNode {
  const [reader, setReader] = useState<OutputReader>();
  const { job, id } = run;
  // Whether it is on is asked once: the stream itself tells of the end.
  const isLive = useRef(run.endedAt === undefined);
  useEffect(() => {
    const started = startOutput(job, id, isLive.current);
    setReader(started);
    return started.stop;
  }, [job, id]);
  return reader === undefined ? null : <Output run={run} reader={reader} />;
}

function Output({ run, reader }: { readonly run: RunView; readonly reader: OutputReader }): ReactNode {
  const { t } = useTranslation('runs');
  const { version, phase, source, bytes, bytesBefore, isEarlierComing, isEarlierRefused, error } = useStore(
    reader.state,
  );
  const { lines } = reader;
  const [follow, setFollow] = useState(true);
  const [wrap, setWrap] = useState(readStored(WRAP_KEY) === 'on');
  const [query, setQuery] = useState('');
  const [place, setPlace] = useState(0);
  const field = useRef<HTMLInputElement>(null);
  const found = useLineSearch(lines, version, query);
  const at = found.lines.length === 0 ? undefined : Math.min(place, found.lines.length - 1);
  const current = at === undefined ? undefined : found.lines[at];

  const switchWrap = (): void => {
    setWrap(!wrap);
    writeStored(WRAP_KEY, wrap ? undefined : 'on');
  };
  const step = (by: number): void => {
    const count = found.lines.length;
    if (count === 0) return;
    setFollow(false);
    setPlace(((at ?? 0) + by + count) % count);
  };
  const search = (text: string): void => {
    setQuery(text);
    setPlace(0);
    if (text !== '') setFollow(false);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Enter') step(event.shiftKey ? -1 : 1);
    else if (event.key === 'Escape' && query !== '') search('');
    else return;
    event.preventDefault();
  };
  const wrapNow = useRef(switchWrap);
  useEffect(() => {
    wrapNow.current = switchWrap;
  });
  useShortcuts(
    useMemo(
      () => [
        { keys: '/', group: 'here', label: t('output.search'), act: () => field.current?.focus() },
        { keys: 'f', group: 'here', label: t('output.follow'), act: () => setFollow((is) => !is) },
        { keys: 'w', group: 'here', label: t('output.wrap'), act: () => wrapNow.current() },
      ],
      [t],
    ),
  );

  const isGoingOn = phase === 'following' || phase === 'loading';
  const isSearched = found.isDone;
  const isEmpty = lines.count() === 0;
  // What was let go of at the beginning, for there is too much of it.
  const left = (lines.numberOf(0) ?? 1) - 1;
  const total = left + lines.count();
  const isPart = bytesBefore > 0;
  const isFull = lines.isFull();
  // What is not found is looked for in what came before, too, as far as that can be held.
  const isSoughtBefore =
    query !== '' && isSearched && at === undefined && isPart && !isFull && !isEarlierRefused;
  const isNone = isSearched && !isSoughtBefore;
  const { earlier } = reader;
  useEffect(() => {
    if (!isSoughtBefore || isEarlierComing) return undefined;
    const timer = setTimeout(earlier, SETTLE_MS);
    return () => clearTimeout(timer);
  }, [isSoughtBefore, isEarlierComing, earlier]);
  return (
    <Paper component="section" aria-labelledby="run-output">
      <div className="log-bar">
        <Title order={2} id="run-output">
          {t('output.title')}
        </Title>
        <Text size="xs" c="dimmed" role="status" className="page-count">
          {isGoingOn && <Loader size={10} mr={6} aria-hidden />}
          {t(`output.phase.${phase}`)}
          {source === 'tail' && ` · ${t('output.tail')}`}
        </Text>
        <Text size="xs" c="dimmed" className="page-count">
          {t(isPart ? 'output.sizePart' : 'output.size', {
            count: total,
            lines: countText(total),
            part: bytesText(bytes - bytesBefore),
            bytes: bytesText(bytes),
          })}
        </Text>
        <Group gap={4} className="log-bar-push" wrap="nowrap">
          <TextInput
            ref={field}
            size="xs"
            w={{ base: 150, sm: 220 }}
            value={query}
            onChange={(event) => search(event.currentTarget.value)}
            onKeyDown={onKey}
            placeholder={t('output.search')}
            aria-label={t('output.search')}
            leftSection={<IconSearch size={14} aria-hidden />}
            spellCheck={false}
          />
          {query !== '' && (
            <Text size="xs" c="dimmed" className="page-count" aria-live="polite">
              {at === undefined
                ? t(isNone ? 'output.none' : 'output.searching')
                : t('output.match', { at: at + 1, count: found.lines.length })}
            </Text>
          )}
          <Tooltip label={t('output.previous')}>
            <ActionIcon
              aria-label={t('output.previous')}
              disabled={at === undefined}
              onClick={() => step(-1)}
            >
              <IconChevronUp size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
          <Tooltip label={t('output.next')}>
            <ActionIcon aria-label={t('output.next')} disabled={at === undefined} onClick={() => step(1)}>
              <IconChevronDown size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
        <Group gap={4} wrap="nowrap">
          <Button
            variant={follow ? 'light' : 'default'}
            aria-pressed={follow}
            onClick={() => setFollow(!follow)}
            leftSection={<IconArrowBarToDown size={14} aria-hidden />}
          >
            {t('output.follow')}
          </Button>
          <Button
            variant={wrap ? 'light' : 'default'}
            aria-pressed={wrap}
            onClick={switchWrap}
            leftSection={<IconTextWrap size={14} aria-hidden />}
          >
            {t('output.wrap')}
          </Button>
          <Tooltip label={t('output.download')}>
            <ActionIcon aria-label={t('output.download')} onClick={() => downloadOutput(run.job, run.id)}>
              <IconDownload size={16} aria-hidden />
            </ActionIcon>
          </Tooltip>
        </Group>
      </div>
      {phase === 'failed' && <ErrorState error={error} title={t('output.failed')} />}
      {left > 0 && (
        <Text size="xs" c="dimmed" px="sm" py={4}>
          {t('output.dropped', { lines: countText(left) })}
        </Text>
      )}
      {isPart && (
        <Group gap="sm" px="sm" py={4}>
          <Text size="xs" c="dimmed">
            {t(isFull ? 'output.beforeFull' : 'output.before', { bytes: bytesText(bytesBefore) })}
          </Text>
          {!isFull && (
            <Button
              size="compact-xs"
              variant="default"
              loading={isEarlierComing}
              onClick={() => {
                setFollow(false);
                reader.earlier();
              }}
            >
              {t('output.earlier')}
            </Button>
          )}
        </Group>
      )}
      {isEmpty && phase === 'ended' ? (
        <Text size="sm" c="dimmed" p="sm">
          {t('output.empty')}
        </Text>
      ) : (
        phase !== 'failed' && (
          <LogView
            lines={lines}
            version={version}
            label={t('output.label', { run: run.id })}
            fits={phase === 'ended'}
            wrap={wrap}
            follow={follow}
            onFollow={setFollow}
            words={query.toLowerCase()}
            current={query === '' ? undefined : current}
          />
        )
      )}
    </Paper>
  );
}
