// The grid itself: a table, so that it can be read cell by cell; one cell at a time takes the focus, and the arrow
// keys move it.
/* oxlint-disable jsx-a11y/no-noninteractive-element-to-interactive-role, jsx-a11y/control-has-associated-label --
   a table is what a grid is made of, and its empty cells are none to control */
import { memo, useRef, useState, type KeyboardEvent, type ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { heatOf, measureOf, type HeatGrid, type Measure, type Slot } from './heat-grid.ts';

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
  const most = Math.max(0, ...columns.flatMap(({ cells }) => cells.map((slot) => measureOf(slot, measure))));

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
              const heat = heatOf(measureOf(slot, measure), most);
              return (
                <td
                  key={key}
                  data-cell={`${down} ${right}`}
                  tabIndex={chosen[0] === down && chosen[1] === right ? 0 : -1}
                  aria-label={words(slot)}
                  onFocus={() => onSlot(slot)}
                  onBlur={() => onSlot(undefined)}
                  onPointerEnter={() => onSlot(slot)}
                  onPointerLeave={() => onSlot(undefined)}
                >
                  <span style={{ opacity: heat }} />
                </td>
              );
            })}
          </tr>
        ))}
      </tbody>
    </table>
  );
});
