// Facts of a thing, name beside value; below each other where there is no room.
import type { ReactNode } from 'react';
import './key-value.css';

export interface KeyValueProps {
  /** Those without a value are left out. */
  readonly items: readonly (readonly [name: string, value: ReactNode])[];
}

export function KeyValue({ items }: KeyValueProps): ReactNode {
  return (
    <dl className="key-value">
      {items
        .filter(([, value]) => value !== undefined && value !== null && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}
