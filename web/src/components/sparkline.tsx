// How long the newest runs of a job took, as a line without axes: whether it changes, at a glance.
import type { ReactNode } from 'react';
import './run-strip.css';

const WIDTH = 56;
const HEIGHT = 20;

export interface SparklineProps {
  /** Oldest first. Fewer than two show nothing, in the same room. */
  readonly values: readonly number[];
  readonly label: string;
}

export function Sparkline({ values, label }: SparklineProps): ReactNode {
  const largest = Math.max(...values, 1);
  const x = (place: number): number => 1 + (place * (WIDTH - 2)) / Math.max(1, values.length - 1);
  const y = (value: number): number => HEIGHT - 2 - (value / largest) * (HEIGHT - 4);
  const points = values.map((value, place) => `${x(place).toFixed(1)},${y(value).toFixed(1)}`).join(' ');
  return (
    <svg className="sparkline" width={WIDTH} height={HEIGHT} role="img" aria-label={label}>
      {values.length > 1 && (
        <>
          <polyline
            points={points}
            fill="none"
            stroke="var(--outcome-running-solid)"
            strokeWidth={1.3}
            strokeLinejoin="round"
          />
          <circle
            cx={x(values.length - 1)}
            cy={y(values.at(-1)!)}
            r={1.8}
            fill="var(--outcome-running-solid)"
          />
        </>
      )}
    </svg>
  );
}
