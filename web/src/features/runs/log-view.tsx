// The lines of an output on the screen: only those in sight are drawn, however many there are. Sticks to the end while
// `follow`; scrolling up lets go of it, scrolling down to the end takes it again.
import {
  useEffect,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
  type WheelEvent,
} from 'react';
import { createWrapLayout, flatLayout, type LineLayout } from './line-layout.ts';
import { LogLine } from './log-line.tsx';
import './log.css';
import type { OutputLines } from './output-lines.ts';

const ROW = 18;
/** Drawn beyond what is in sight, so that a quick hand sees no gap. */
const MARGIN_ROWS = 30;
/** What is this near to the end is at it. */
const NEAR = ROW;
const RULER = '0'.repeat(100);
/** Keys that scroll up. */
const UP: ReadonlySet<string> = new Set(['Home', 'PageUp', 'ArrowUp']);

export interface LogViewProps {
  readonly lines: OutputLines;
  readonly version: number;
  readonly label: string;
  readonly wrap: boolean;
  /** Nothing more comes: no higher than what there is. */
  readonly fits: boolean;
  readonly follow: boolean;
  readonly onFollow: (follow: boolean) => void;
  /** In lower case. */
  readonly words: string;
  /** A line to be in sight; changes to it scroll there. */
  readonly current: number | undefined;
}

export function LogView(props: LogViewProps): ReactNode {
  const { lines, version, label, wrap, fits, follow, onFollow, words, current } = props;
  const box = useRef<HTMLDivElement>(null);
  const ruler = useRef<HTMLSpanElement>(null);
  const lastTop = useRef(0);
  const droppedBefore = useRef(lines.dropped());
  const [sight, setSight] = useState({ top: 0, height: 600, width: 800, char: 7.5 });

  const digits = String(lines.numberOf(lines.count() - 1) ?? '').length;
  const columns = Math.max(10, Math.floor((sight.width - sight.char * digits - 24) / sight.char) - 1);
  const wrapped = useMemo(() => (wrap ? createWrapLayout(columns) : undefined), [wrap, columns]);
  wrapped?.update(lines);
  const count = lines.count();
  const flat = useMemo(() => flatLayout(count), [count]);
  const layout: LineLayout = wrapped ?? flat;
  const rows = layout.rows();

  const first = layout.lineAt(Math.max(0, Math.floor(sight.top / ROW) - MARGIN_ROWS));
  const last = layout.lineAt(Math.ceil((sight.top + sight.height) / ROW) + MARGIN_ROWS);
  const shown = lines.count() === 0 ? [] : Array.from({ length: last - first + 1 }, (_, i) => first + i);

  // Its size, and that of a character.
  useLayoutEffect(() => {
    const measure = (): void => {
      const { clientHeight: height, clientWidth: width } = box.current!;
      const char = ruler.current!.getBoundingClientRect().width / RULER.length || 7.5;
      setSight((old) =>
        old.height === height && old.width === width && old.char === char
          ? old
          : { ...old, height, width, char },
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box.current!);
    return () => observer.disconnect();
  }, []);

  // To the end, as long as it is followed; where it is not, what is in sight stays there when lines before it come or go.
  useLayoutEffect(() => {
    const element = box.current!;
    const gone = lines.dropped() - droppedBefore.current;
    if (follow) element.scrollTop = element.scrollHeight;
    else if (gone < 0) element.scrollTop += layout.rowOf(-gone) * ROW;
    else if (gone > 0 && !wrap) element.scrollTop -= gone * ROW;
    droppedBefore.current = lines.dropped();
    lastTop.current = element.scrollTop;
  }, [version, rows, follow, wrap, lines, layout, sight.height]);

  useEffect(() => {
    const element = box.current!;
    if (current === undefined) return;
    const top = layout.rowOf(current) * ROW;
    if (top < element.scrollTop + ROW || top > element.scrollTop + element.clientHeight - 3 * ROW)
      element.scrollTop = top - element.clientHeight / 3;
    // Only when another line is wanted: what comes meanwhile does not pull it back.
    // oxlint-disable-next-line react/exhaustive-deps
  }, [current, words]);

  const onScroll = (): void => {
    const element = box.current!;
    const top = element.scrollTop;
    const isAtEnd = top + element.clientHeight >= element.scrollHeight - NEAR;
    // However little: what comes next would take it back to the end.
    const isOff = top + element.clientHeight < element.scrollHeight - 2;
    if (follow && top < lastTop.current - 1 && isOff) onFollow(false);
    else if (!follow && top > lastTop.current && isAtEnd) onFollow(true);
    lastTop.current = top;
    setSight((old) => (Math.abs(old.top - top) < 1 ? old : { ...old, top }));
  };
  const onWheel = ({ deltaY }: WheelEvent): void => {
    if (deltaY < 0 && follow && box.current!.scrollHeight > box.current!.clientHeight) onFollow(false);
  };

  // A browser begins to scroll by keys a frame or more later; until then what comes would hold it at the end.
  const onKeyDown = ({ key }: KeyboardEvent): void => {
    if (UP.has(key) && follow && box.current!.scrollHeight > box.current!.clientHeight) onFollow(false);
  };

  return (
    // oxlint-disable-next-line jsx-a11y/no-noninteractive-element-interactions -- the keys are the browser's own, to scroll
    <div
      className="log"
      ref={box}
      role="region"
      aria-label={label}
      // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- what scrolls has to be reached by keyboard
      tabIndex={0}
      data-wrap={wrap || undefined}
      style={fits ? { maxHeight: Math.max(4, rows) * ROW + 18 } : undefined}
      onScroll={onScroll}
      onWheel={onWheel}
      onKeyDown={onKeyDown}
    >
      <span className="log-ruler" ref={ruler} aria-hidden>
        {RULER}
      </span>
      <div
        className="log-space"
        style={{
          height: rows * ROW,
          ...(!wrap && { minWidth: `calc(${lines.widest() + digits}ch + 40px)` }),
        }}
      >
        <div className="log-window" style={{ transform: `translateY(${layout.rowOf(first) * ROW}px)` }}>
          {shown.map((i) => (
            <LogLine
              key={lines.dropped() + i}
              number={lines.numberOf(i)}
              text={lines.line(i)}
              style={lines.styleAt(i)}
              words={words}
              isCurrent={i === current}
              digits={digits}
            />
          ))}
        </div>
      </div>
    </div>
  );
}
