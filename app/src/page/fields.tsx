/** Fields of the form: each with its label, its unit, and a name that a screen reader says. */
import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

export function NumberField(props: {
  readonly label: string;
  readonly unit: string;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly step?: number;
  readonly onChange: (value: number) => void;
}) {
  const { label, unit, value, min, max, step, onChange } = props;
  const id = useId();
  const isWrong = !(value >= min && value <= max);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <span class="value">
        <input
          id={id}
          type="number"
          inputMode="decimal"
          value={Number.isNaN(value) ? '' : value}
          min={min}
          max={max}
          step={step ?? 'any'}
          aria-invalid={isWrong}
          aria-describedby={`${id}-unit`}
          onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
        />
        <span class="unit" id={`${id}-unit`}>
          {unit}
        </span>
      </span>
      {isWrong && (
        <p class="wrong" role="alert">
          {label}: give a number from {min} to {max} {unit}.
        </p>
      )}
    </div>
  );
}

export function SelectField<T extends string>(props: {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [value: T, title: string])[];
  readonly onChange: (value: T) => void;
}) {
  const { label, value, options, onChange } = props;
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={({ currentTarget }) => onChange(currentTarget.value as T)}>
        {options.map(([own, title]) => (
          <option key={own} value={own}>
            {title}
          </option>
        ))}
      </select>
    </div>
  );
}

export function CheckField(props: {
  readonly label: ComponentChildren;
  readonly checked: boolean;
  readonly onChange: (checked: boolean) => void;
}) {
  const { label, checked, onChange } = props;
  return (
    <label class="check">
      <input type="checkbox" checked={checked} onChange={({ currentTarget }) => onChange(currentTarget.checked)} />
      <span>{label}</span>
    </label>
  );
}

export function Group({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  return (
    <fieldset>
      <legend>{title}</legend>
      {children}
    </fieldset>
  );
}
