// A small chart: a name, marks at its side, what is drawn in a box of 0 to 1, and the times below. What the pointer
// is at is shared with the charts beside it.
import { Group, Text } from '@mantine/core';
import type { PointerEvent, ReactNode } from 'react';

export interface ChartFrameProps {
  readonly title: string;
  readonly legend?: ReactNode;
  /** Text and its height, 0 to 1. */
  readonly marks: readonly (readonly [text: string, height: number])[];
  readonly times: readonly string[];
  readonly buckets: number;
  readonly at: number | undefined;
  readonly onAt: (bucket: number | undefined) => void;
  readonly children: ReactNode;
}

export function ChartFrame(props: ChartFrameProps): ReactNode {
  const { title, legend, marks, times, buckets, at, onAt, children } = props;
  const follow = (event: PointerEvent<SVGSVGElement>): void => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const bucket = Math.floor(((event.clientX - left) / width) * buckets);
    onAt(Math.min(buckets - 1, Math.max(0, bucket)));
  };
  return (
    <div className="chart">
      <Group gap="sm" justify="space-between" mb={2}>
        <Text size="xs" fw={600}>
          {title}
        </Text>
        {legend}
      </Group>
      <div className="chart-body">
        <div className="chart-marks" aria-hidden>
          {marks.map(([text, height]) => (
            <span key={text} style={{ bottom: `${height * 100}%` }}>
              {text}
            </span>
          ))}
        </div>
        <svg
          viewBox="0 0 1 1"
          preserveAspectRatio="none"
          aria-hidden
          onPointerMove={follow}
          onPointerLeave={() => onAt(undefined)}
        >
          {marks.map(([text, height]) => (
            <line key={text} x1={0} x2={1} y1={1 - height} y2={1 - height} className="chart-rule" />
          ))}
          {children}
          {at !== undefined && (
            <rect x={at / buckets} y={0} width={1 / buckets} height={1} className="chart-cursor" />
          )}
        </svg>
      </div>
      <div className="chart-times" aria-hidden>
        {times.map((time) => (
          <span key={time}>{time}</span>
        ))}
      </div>
    </div>
  );
}
