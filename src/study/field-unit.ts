/** The unit of a number of CASE.json, as its sentence in the schema states it. */
import { caseSchema } from '../plan/input/plan-case.js';

interface Field {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly anyOf?: readonly Field[];
  readonly items?: Field;
}

/** Of a phantom, whose lengths are mm but for these. */
const NO_LENGTH: readonly [pattern: RegExp, unit: string][] = [
  [/(Tilt|\.from|\.to)$/, 'degrees'],
  [/(\.waist|\.exponent)$/, ''],
];
const UNITS = /\b(mm|Gy|HU|degrees|MU\/min)\b/;

/**
 * @param path dotted
 * @returns empty where it has none, or is none of the schema's numbers
 */
export function fieldUnit(path: string): string {
  if (path.startsWith('patient.parameters.')) {
    const other = NO_LENGTH.find(([pattern]) => pattern.test(path));
    return other === undefined ? 'mm' : other[1];
  }
  const keys = path.split('.').filter((key) => !/^\d+$/.test(key));
  if (keys.at(-1) === 'months') return 'months';
  const fields = keys.reduce<readonly Field[]>(
    (found, key) => found.flatMap((field) => within(field, key)),
    [caseSchema() as Field],
  );
  const numbers = fields.filter(isOfNumbers);
  return numbers.map(({ description = '' }) => UNITS.exec(description)?.[1]).find((unit) => unit !== undefined) ?? '';
}

/** What a field is called in an object, or in the objects of a list. */
function within(field: Field, key: string): Field[] {
  const alternatives = [field, ...(field.anyOf ?? []), ...(field.items === undefined ? [] : [field.items])];
  const own = alternatives.flatMap(({ properties }) => properties?.[key] ?? []);
  return own.length > 0 || alternatives.length === 1
    ? own
    : alternatives.slice(1).flatMap((inner) => within(inner, key));
}

const isOfNumbers = ({ type }: Field): boolean => type === 'number' || type === 'array';
