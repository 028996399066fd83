/** Measures of the built-in phantoms that the form offers. */
import c5 from '../../../phantoms/spine-c5.json';
import l3 from '../../../phantoms/spine-l3.json';
import t4 from '../../../phantoms/spine-t4.json';
import t8 from '../../../phantoms/spine-t8.json';
import t12 from '../../../phantoms/spine-t12.json';

interface Measure {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly value: number;
  readonly max: number;
}

interface Phantom {
  readonly name: string;
  readonly length: number;
  readonly measures: Readonly<Record<string, { readonly value: number; readonly unit: string }>>;
}

const all: readonly Phantom[] = [c5, t4, t8, t12, l3];

/** `canalDepth` as `Canal depth`. */
const titleOf = (name: string): string => {
  const words = name.replace(/([A-Z])/g, (letter) => ` ${letter.toLowerCase()}`);
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export function measuresOf(phantom: string): readonly Measure[] {
  const { measures, length } = all.find(({ name }) => name === phantom)!;
  const own = Object.entries(measures).map(([name, { value, unit }]) => ({
    name,
    title: titleOf(name),
    unit: unit === 'deg' ? 'degrees' : unit === '1' ? '' : unit,
    value,
    max: unit === 'deg' ? 90 : unit === '1' ? 10 : 200,
  }));
  return [...own, { name: 'length', title: 'Length', unit: 'mm', value: length, max: 400 }];
}
