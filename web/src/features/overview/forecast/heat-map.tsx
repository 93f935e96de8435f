// The grid itself: a table, so that it can be read cell by cell; one cell at a time takes the focus, and the arrow
// keys move it.
/* oxlint-disable jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/control-has-associated-label --
   a table is what a grid is made of, and its empty cells are none to control */
import { Group, Text } from '@mantine/core';
import { memo, useMemo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { numberText } from '../figures.ts';
import {
  heatScale,
  heatLegend,
  heatStep,
  measureOf,
  type HeatGrid,
  type HeatScale,
  type Measure,
  type Slot,
} from './heat-grid.ts';

export interface HeatMapProps {
  readonly grid: HeatGrid;
  readonly measure: Measure;
  readonly words: (slot: Slot) => string;
  readonly onSlot: (slot: Slot | undefined) => void;
}

const MOVES: Readonly<Record<string, readonly [down: number, right: number]>> = {
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
};

/** Drawn anew when the forecast changes, not when the pointer moves. */
export const HeatMap = memo(function HeatMap({ grid, measure, words, onSlot }: HeatMapProps): ReactNode {
  const { t } = useTranslation('overview');
  const table = useRef<HTMLTableElement>(null);
  const { rows, columns } = grid;
  const first = columns[0]?.cells.findIndex((slot) => slot !== undefined) ?? 0;
  const [chosen, setChosen] = useState<readonly [row: number, column: number]>([Math.max(0, first), 0]);
  const scale = useMemo(() => {
    const slots = columns.flatMap(({ cells }) => cells);
    return heatScale(slots.map((slot) => measureOf(slot, measure)));
  }, [columns, measure]);

  const onKey = (event: KeyboardEvent): void => {
    const [row, column] = chosen;
    const move = MOVES[event.key];
    const to =
      event.key === 'Home'
        ? [row, 0]
        : event.key === 'End'
          ? [row, columns.length - 1]
          : move && [row + move[0], column + move[1]];
    if (!to) return;
    event.preventDefault();
    const [down, right] = to as [number, number];
    const cell = table.current?.querySelector<HTMLElement>(`[data-cell="${down} ${right}"]`);
    if (!cell) return;
    setChosen([down, right]);
    cell.focus();
  };

  return (
    <>
      <table ref={table} className="heat-map" role="grid" aria-label={t('forecast.grid')} onKeyDown={onKey}>
        <thead>
          <tr>
            <td />
            {columns.map(({ key, hour }) => (
              <th key={key} scope="col">
                {hour}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, down) => (
            <tr key={row}>
              <th scope="row">{row}</th>
              {columns.map(({ key, cells }, right) => {
                const slot = cells[down];
                if (!slot) return <td key={key} className="heat-none" />;
                return (
                  <td
                    key={key}
                    data-cell={`${down} ${right}`}
                    data-heat={heatStep(measureOf(slot, measure), scale)}
                    tabIndex={chosen[0] === down && chosen[1] === right ? 0 : -1}
                    aria-label={words(slot)}
                    onFocus={() => onSlot(slot)}
                    onBlur={() => onSlot(undefined)}
                    onPointerEnter={() => onSlot(slot)}
                    onPointerLeave={() => onSlot(undefined)}
                  />
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
      <HeatLegend scale={scale} measure={measure} />
    </>
  );
});

function HeatLegend({ scale, measure }: { readonly scale: HeatScale; readonly measure: Measure }): ReactNode {
  const { t } = useTranslation('overview');
  return (
    <Group gap="4px 12px" mt={6} className="heat-legend page-count">
      <Text span inherit>
        {t(`forecast.legend.${measure}`)}
      </Text>
      <Group gap="4px 12px" component="ul" className="overview-legend">
        {heatLegend(scale).map(({ step, from, to }) => (
          <li key={step} data-heat={step}>
            {from === to ? numberText(to) : `${numberText(from)}–${numberText(to)}`}
          </li>
        ))}
      </Group>
    </Group>
  );
}
