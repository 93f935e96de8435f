// The list as a table of which only what is on the screen is there, so that ten thousand jobs cost what thirty do.
// By keyboard: j and k go from job to job, x selects, Enter opens. The head puts it in order.
import { UnstyledButton } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { IconArrowDown, IconArrowUp } from '@tabler/icons-react';
import { defaultRangeExtractor, useWindowVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useLayoutEffect, useMemo, useRef, useState, type ReactNode, type RefObject } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobSort } from '../../../../src/common/api/jobs.ts';
import { useShortcuts, type Shortcut } from '../../lib/shortcuts.ts';
import { JobRow } from './job-row.tsx';
import { PAGE, type JobsSearch } from './jobs-search.ts';
import { createRowSlots } from './row-slots.ts';
import { SelectAll } from './select-all.tsx';
import type { JobList } from './use-job-list.ts';
import type { Selection } from './use-selection.ts';
import type { Want } from './use-wanted.ts';

const ROW_PX = 46;
const CARD_PX = 124;
/** Rows that are made ahead on either side. */
const OVERSCAN = 6;
/** Of the page's own bar and of the table's head, which cover what scrolls. */
const COVERED_PX = 84;

const COLUMNS = [
  { key: 'name', sort: 'name' },
  { key: 'schedule', sort: undefined },
  { key: 'next', sort: 'nextTick' },
  { key: 'last', sort: 'lastRun' },
  { key: 'recent', sort: 'lastOutcome' },
  { key: 'duration', sort: 'duration' },
  { key: 'labels', sort: undefined },
] as const satisfies readonly { key: string; sort: JobSort | undefined }[];

export interface JobTableProps {
  readonly list: JobList;
  readonly selection: Selection;
  readonly wanted: JobsSearch;
  readonly want: Want;
  readonly searchBox: RefObject<HTMLInputElement | null>;
}

export function JobTable({ list, selection, wanted, want, searchBox }: JobTableProps): ReactNode {
  const { t } = useTranslation('jobs');
  const { jobs, loaded, total = 0, query, onShown, onLook } = list;
  const isNarrow = useMediaQuery('(max-width: 48em)') ?? false;
  const body = useRef<HTMLDivElement>(null);
  const margin = useTop(body);
  const [current, setCurrent] = useState(-1);
  // It is not compiled: what it gives is read anew with each of its renders.
  // oxlint-disable-next-line react/incompatible-library
  const virtual = useWindowVirtualizer({
    count: total,
    estimateSize: () => (isNarrow ? CARD_PX : ROW_PX),
    overscan: OVERSCAN,
    scrollMargin: margin,
    scrollPaddingStart: COVERED_PX,
    scrollPaddingEnd: 60,
    // The job that has the focus stays, wherever it is scrolled to.
    rangeExtractor: (range) => {
      const all = defaultRangeExtractor(range);
      return current < 0 || current >= total || all.includes(current)
        ? all
        : [...all, current].sort((a, b) => a - b);
    },
  });
  useLayoutEffect(() => virtual.measure(), [virtual, isNarrow]);

  const items = virtual.getVirtualItems();
  const [slots] = useState(createRowSlots);
  const slotOf = slots.of(items.map(({ index }) => jobs[index]?.name ?? `row ${index}`));
  const firstShown = items[0]?.index ?? 0;
  const lastShown = items.at(-1)?.index ?? 0;
  const { hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage } = query;
  useEffect(() => {
    // Who jumps further gets the page that he looks at (onLook), and not all between.
    const isNext = lastShown >= loaded - OVERSCAN && lastShown < loaded + PAGE;
    if (isNext && hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [lastShown, loaded, hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);
  useEffect(() => onLook(firstShown, lastShown));
  useEffect(() => onShown(items.flatMap(({ index }) => jobs[index]?.name ?? [])));

  const goTo = (index: number): void => {
    const next = Math.max(0, Math.min(index, total - 1));
    setCurrent(next);
    virtual.scrollToIndex(next, { align: 'auto' });
    // After it is there: it may have been far off the screen.
    requestAnimationFrame(() => body.current?.querySelector<HTMLElement>(`[data-job="${next}"]`)?.focus());
  };
  useListShortcuts({ current, goTo, toggle: () => selection.toggle(current, false), searchBox });

  return (
    <div role="table" aria-label={t('title')} aria-rowcount={total + 1} className="jobs-table">
      <div role="rowgroup" className="jobs-head">
        <div role="row" aria-rowindex={1} className="jobs-row">
          <div role="columnheader" className="jobs-check">
            <SelectAll selection={selection} wanted={wanted} total={total} />
          </div>
          {COLUMNS.map(({ key, sort }) => (
            <Head key={key} name={t(`column.${key}`)} sort={sort} wanted={wanted} want={want} column={key} />
          ))}
        </div>
      </div>
      {/* Where the focus goes that was on a row. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        role="rowgroup"
        ref={body}
        className="jobs-body"
        style={{ height: virtual.getTotalSize() }}
        data-old={query.isPlaceholderData || undefined}
        onBlur={(event) => {
          if (!event.currentTarget.contains(event.relatedTarget)) setCurrent(-1);
        }}
      >
        {items.map(({ index, start, size }, place) => (
          <JobRow
            key={slotOf[place]}
            job={jobs[index]}
            index={index}
            top={start - margin}
            height={size}
            isSelected={jobs[index] !== undefined && selection.names.has(jobs[index].name)}
            onToggle={selection.toggle}
            onFocus={setCurrent}
          />
        ))}
      </div>
    </div>
  );
}

interface HeadProps {
  readonly name: string;
  readonly column: string;
  readonly sort: JobSort | undefined;
  readonly wanted: JobsSearch;
  readonly want: Want;
}

function Head({ name, column, sort, wanted, want }: HeadProps): ReactNode {
  const isSorted = sort !== undefined && (wanted.sort ?? 'name') === sort;
  const isDown = isSorted && wanted.order === 'desc';
  const Arrow = isDown ? IconArrowDown : IconArrowUp;
  const change = (): void =>
    want({ sort: sort === 'name' ? undefined : sort, order: isSorted && !isDown ? 'desc' : undefined });
  return (
    <div
      role="columnheader"
      className={`jobs-${column}`}
      {...(isSorted && { 'aria-sort': isDown ? 'descending' : 'ascending' })}
    >
      {sort === undefined ? (
        name
      ) : (
        <UnstyledButton className="jobs-sort" onClick={change} data-sorted={isSorted || undefined}>
          {name}
          <Arrow size={13} aria-hidden />
        </UnstyledButton>
      )}
    </div>
  );
}

/** How far down the page an element begins: what is above it changes height with the window. */
function useTop(element: RefObject<HTMLElement | null>): number {
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = (): void => {
      const at = element.current?.getBoundingClientRect().top;
      if (at !== undefined) setTop(Math.round(at + window.scrollY));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(document.body);
    return () => observer.disconnect();
  }, [element]);
  return top;
}

interface ListShortcuts {
  readonly current: number;
  readonly goTo: (index: number) => void;
  readonly toggle: () => void;
  readonly searchBox: RefObject<HTMLInputElement | null>;
}

function useListShortcuts({ current, goTo, toggle, searchBox }: ListShortcuts): void {
  const { t } = useTranslation('jobs');
  const own = useMemo((): Shortcut[] => {
    const make = (keys: string, label: string, act: () => void): Shortcut => ({
      keys,
      group: 'here',
      label,
      act,
    });
    return [
      make('/', t('keys.search'), () => searchBox.current?.focus()),
      make('j', t('keys.down'), () => goTo(current + 1)),
      make('k', t('keys.up'), () => goTo(current - 1)),
      make('x', t('keys.select'), toggle),
    ];
  }, [t, current, goTo, toggle, searchBox]);
  useShortcuts(own);
}
