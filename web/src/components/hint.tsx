// What something means, beside it while one points at it. Until then it costs next to nothing: a list shows hundreds.
// For what is not to act upon; a button has Mantine's Tooltip, which those see, too, who come by keyboard.
import { Tooltip } from '@mantine/core';
import { useCallback, useEffect, useRef, useState, type ReactNode, type RefObject } from 'react';

/** As long as a Tooltip waits (app/theme). */
const OPEN_AFTER_MS = 300;

/** To be given to what is pointed at. */
export interface Pointed<T extends Element> {
  readonly ref: RefObject<T | null>;
  readonly onMouseEnter: () => void;
  readonly onMouseLeave: () => void;
}

export interface HintProps<T extends Element> {
  /** What of it is costly to make is a component: it is drawn when it is wanted. Nothing: there is none. */
  readonly label: ReactNode;
  readonly children: (pointed: Pointed<T>) => ReactNode;
}

export function Hint<T extends Element = HTMLElement>({ label, children }: HintProps<T>): ReactNode {
  const ref = useRef<T>(null);
  const [isPointed, setPointed] = useState(false);
  const leave = useCallback(() => setPointed(false), []);
  return (
    <>
      {children({ ref, onMouseEnter: () => setPointed(true), onMouseLeave: leave })}
      {isPointed && <Shown target={ref} label={label} onGone={leave} />}
    </>
  );
}

interface ShownProps {
  readonly target: RefObject<Element | null>;
  readonly label: ReactNode;
  readonly onGone: () => void;
}

function Shown({ target, label, onGone }: ShownProps): ReactNode {
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setOpen(true), OPEN_AFTER_MS);
    const onKey = ({ key }: KeyboardEvent): void => {
      if (key === 'Escape') onGone();
    };
    document.addEventListener('keydown', onKey);
    return () => {
      clearTimeout(timer);
      document.removeEventListener('keydown', onKey);
    };
  }, [onGone]);
  if (label === undefined || label === null) return null;
  // It is placed beside any element; only its type says that it has to be one of HTML.
  return (
    <Tooltip
      target={target as RefObject<HTMLElement | null>}
      opened={isOpen}
      label={label}
      multiline
      maw={420}
    />
  );
}
