// A box that selects: the browser's own, for there are as many as there are rows.
import { useEffect, useRef, type MouseEvent, type ReactNode } from 'react';

export interface SelectBoxProps {
  readonly label: string;
  readonly isOn: boolean;
  /** Some of what it stands for. */
  readonly isPart?: boolean;
  readonly isDisabled?: boolean;
  readonly onClick: (event: MouseEvent) => void;
}

export function SelectBox(props: SelectBoxProps): ReactNode {
  const { label, isOn, isPart = false, isDisabled = false, onClick } = props;
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (box.current) box.current.indeterminate = isPart;
  }, [isPart]);
  return (
    <input
      ref={box}
      type="checkbox"
      className="jobs-box"
      aria-label={label}
      checked={isOn}
      disabled={isDisabled}
      onChange={() => undefined}
      onClick={onClick}
    />
  );
}
