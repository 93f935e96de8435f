// The canvas of the timeline with what makes it usable: pointer, arrow keys, a tip that says which run it is, the
// same told to a screen reader. The table beside it (timeline-table) says all of it without a picture.
/* oxlint-disable jsx-a11y/no-noninteractive-element-interactions -- an application is one to act on */
import { Box, VisuallyHidden, useComputedColorScheme } from '@mantine/core';
import { useReducedMotion } from '@mantine/hooks';
import {
  useCallback,
  useEffect,
  useEffectEvent,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { useTranslation } from 'react-i18next';
import type { RunBrief } from '../../../../../src/common/api/overview.ts';
import type { Timeline } from '../../../../../src/common/api/timeline.ts';
import { currentLanguage } from '../../../lib/i18n/language.ts';
import { minuteText } from '../../../lib/i18n/time-text.ts';
import type { Bars } from './bars.ts';
import type { Grouping } from './lanes.ts';
import { readLook } from './look.ts';
import type { Step } from './pick.ts';
import { RunTip, useRunWords } from './run-tip.tsx';
import { startView, type Chosen, type View } from './view.ts';

export interface TimelineChartProps {
  readonly bars: Bars;
  readonly coming: Timeline['coming'] | undefined;
  readonly workers: ReadonlyMap<string, string>;
  readonly grouping: Grouping;
  readonly spanMs: number;
  readonly clockOffsetMs: number;
  readonly onOpen: (run: RunBrief) => void;
}

const STEPS: Readonly<Record<string, Step>> = {
  ArrowLeft: 'earlier',
  ArrowRight: 'later',
  ArrowUp: 'up',
  ArrowDown: 'down',
  Home: 'first',
  End: 'last',
};

type Shown = Chosen & { readonly by: 'mouse' | 'touch' | 'keys' };

export function TimelineChart(props: TimelineChartProps): ReactNode {
  const { bars, coming, workers, grouping, spanMs, clockOffsetMs, onOpen } = props;
  const { t } = useTranslation('overview');
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const filler = useRef<HTMLDivElement>(null);
  const view = useRef<View>(undefined);
  const pressedBy = useRef('mouse');
  const [shown, setShown] = useState<Shown>();
  const scheme = useComputedColorScheme('light');
  const isStill = useReducedMotion() ?? false;
  const language = currentLanguage();
  const words = useRunWords();
  const clock = useCallback((at: number): string => minuteText(at, language), [language]);

  const follow = useEffectEvent((told: Chosen | undefined) => {
    setShown(told && shown && { ...shown, bar: told.bar });
  });
  useEffect(() => {
    const started = startView({
      canvas: canvas.current!,
      scroller: scroller.current!,
      filler: filler.current!,
      bars,
      onChange: (told) => follow(told),
    });
    view.current = started;
    return () => started.stop();
  }, [bars]);
  useEffect(() => {
    view.current?.set({
      grouping,
      spanMs,
      workers,
      coming,
      look: readLook(),
      nobody: t('timeline.nobody'),
      nowWord: t('timeline.now'),
      clock,
      clockOffsetMs,
      isStill,
    });
    // A new view has to be told too, and colours are read anew with the scheme.
    // oxlint-disable-next-line react/exhaustive-effect-dependencies
  }, [bars, grouping, spanMs, workers, coming, scheme, t, clock, clockOffsetMs, isStill]);

  const onKey = (event: KeyboardEvent): void => {
    const how = STEPS[event.key];
    if (event.key === 'Enter' && shown) onOpen(shown.bar.run);
    else if (event.key === 'Escape' && shown) clear();
    else if (how) {
      const told = view.current?.move(how);
      setShown(told && { ...told, by: 'keys' });
    } else return;
    event.preventDefault();
  };
  const clear = (): void => {
    view.current?.clear();
    setShown(undefined);
  };
  const point = (event: { readonly clientX: number; readonly clientY: number }, by: Shown['by']) => {
    const { left, top } = canvas.current!.getBoundingClientRect();
    const told = view.current?.point(event.clientX - left, event.clientY - top);
    setShown(told && { ...told, by });
    return told;
  };

  return (
    <Box className="timeline-box">
      {/* An application: its arrow keys are its own. */}
      <div
        ref={scroller}
        className="timeline-scroller"
        role="application"
        aria-roledescription={t('timeline.role')}
        aria-label={t('timeline.label')}
        aria-describedby="timeline-keys"
        // oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex
        tabIndex={0}
        onKeyDown={onKey}
        onBlur={() => clear()}
        onPointerDown={(event) => {
          pressedBy.current = event.pointerType;
        }}
        onPointerMove={(event) => {
          if (event.pointerType === 'mouse') point(event, 'mouse');
        }}
        onPointerLeave={(event) => {
          if (event.pointerType === 'mouse') clear();
        }}
        onClick={(event) => {
          const told = point(event, pressedBy.current === 'mouse' ? 'mouse' : 'touch');
          if (told && pressedBy.current === 'mouse') onOpen(told.bar.run);
        }}
        style={{ cursor: shown ? 'pointer' : 'default' }}
      >
        <canvas ref={canvas} className="timeline-canvas" aria-hidden />
        <div ref={filler} className="timeline-filler" />
      </div>
      {shown && (
        <RunTip chosen={shown} onOpen={shown.by === 'touch' ? () => onOpen(shown.bar.run) : undefined} />
      )}
      <VisuallyHidden id="timeline-keys">{t('timeline.keys')}</VisuallyHidden>
      <VisuallyHidden role="status">{shown?.by === 'keys' && words(shown.bar)}</VisuallyHidden>
    </Box>
  );
}
