// A number with a button that increments it.
import type { ReactNode } from "react";

interface CounterProps {
  readonly id: string;
  readonly label: string;
  /** `undefined` until it is known. */
  readonly value: number | undefined;
  readonly onAdd: () => void;
  readonly children: ReactNode;
}

export function Counter({ id, label, value, onAdd, children }: CounterProps) {
  return (
    <section className="counter">
      <button type="button" id={id} onClick={onAdd} aria-describedby={`${id}-about`}>
        <span className="label">{label}</span>
        <output className="value">{value ?? "–"}</output>
        <span className="action" aria-hidden="true">
          Add one
        </span>
      </button>
      <p id={`${id}-about`}>{children}</p>
    </section>
  );
}
