/** Tables of a request's fields, from its JSON Schema alone. */

/** The part of JSON Schema that the schemas of respine use. */
export interface Schema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema | false;
  readonly prefixItems?: readonly Schema[];
  readonly anyOf?: readonly Schema[];
  /** Alternatives that a field tells apart. */
  readonly oneOf?: readonly Schema[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly additionalProperties?: Schema | boolean;
  readonly default?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

interface Row {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/**
 * @param closed paths whose own fields are described elsewhere
 * @param linked what stands for a place of the documentation, `docs/grids.md`, in a sentence
 * @throws {Error} for a field without a sentence
 */
export function schemaTable(
  schema: Schema,
  closed: readonly string[] = [],
  linked: (place: string) => string = (place) => place,
): string {
  const rows = rowsOf(schema, '', closed);
  const unsaid = rows.filter((row) => row.schema.description === undefined).map(({ path }) => path);
  if (unsaid.length > 0) throw new Error(`fields without a sentence: ${unsaid.join(', ')}`);
  const lines = rows.map((row) => {
    const sentence = row.schema.description!.replace(/(?:docs|phantoms)\/[\w-]+\.md(?:#[\w-]+)?/g, linked);
    const cells = [`\`${row.path}\``, typeText(row.schema), defaultText(row), sentence];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  });
  return ['| field | what | default | meaning |', '|---|---|---|---|', ...lines].join('\n');
}

/** Depth first, each path once. */
function rowsOf(schema: Schema, prefix: string, closed: readonly string[]): Row[] {
  const rows = new Map<string, Row>();
  for (const object of objectsIn(schema)) {
    for (const [name, child] of Object.entries(object.properties!)) {
      if (name === '$schema') continue;
      const path = prefix + name;
      const known = rows.get(path);
      if (known === undefined) {
        rows.set(path, { path, schema: child, isRequired: object.required?.includes(name) ?? false });
      } else if (child.const !== undefined) rows.set(path, { ...known, schema: withName(known.schema, child.const) });
      if (closed.includes(path)) continue;
      for (const row of rowsBelow(child, path, closed)) if (!isKnown(rows, row.path)) rows.set(row.path, row);
    }
  }
  return [...rows.values()];
}

const rowsBelow = (child: Schema, path: string, closed: readonly string[]): readonly Row[] => [
  ...rowsOf(child, `${path}.`, closed),
  ...rowsOf(elementsOf(child), `${path}[].`, closed),
];

/** Where a list holds what may also stand alone, it is described once. */
const isKnown = (rows: ReadonlyMap<string, Row>, path: string): boolean =>
  rows.has(path) || rows.has(path.replace('[]', ''));

/** The field that tells alternatives apart, with the name of one more. */
const withName = ({ description, const: first, enum: names = [first] }: Schema, name: unknown): Schema => ({
  ...(description === undefined ? {} : { description }),
  enum: [...names, name],
});

/** The objects with named fields that a value may be. */
function objectsIn(schema: Schema): readonly Schema[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return alternatives.flatMap(objectsIn);
  return schema.properties ? [schema] : [];
}

/** What the elements of the lists are that a value may be. */
function elementsOf(schema: Schema): Schema {
  const lists = (s: Schema): readonly Schema[] => s.anyOf?.flatMap(lists) ?? (s.items ? [s.items] : []);
  return { anyOf: lists(schema) };
}

function typeText(schema: Schema): string {
  const alternatives = schema.anyOf ?? schema.oneOf;
  if (alternatives) return [...new Set(alternatives.map(typeText))].join(' or ');
  if (schema.const !== undefined) return `\`${String(schema.const)}\``;
  if (schema.enum) return schema.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (schema.prefixItems) return `[${schema.prefixItems.map(typeText).join(', ')}]`.replace(sameThrice, '[3 x $1]');
  if (schema.type === 'array') return `list of ${schema.items ? typeText(schema.items) : 'any'}${lengthText(schema)}`;
  if (schema.type === 'object') {
    const values = schema.additionalProperties;
    return typeof values === 'object' ? `{ name: ${typeText(values)} }` : 'object';
  }
  if (schema.type === 'string') return 'text';
  if (schema.type === 'boolean') return 'true, false';
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type}${rangeText(schema)}`;
  return schema.type === undefined ? 'any' : [schema.type].flat().join(' or ').replace('string', 'text');
}

const sameThrice = /^\[(.*), \1, \1\]$/;

/** Bounds that stand for no more than "finite" or "whole" are left out. */
function rangeText({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: Schema): string {
  const isSaid = (bound: number | undefined): bound is number => bound !== undefined && Math.abs(bound) < 1e12;
  // Coordinates.
  if (maximum === 1e5 && minimum === -1e5) return '';
  const low = isSaid(minimum) ? `>= ${minimum}` : isSaid(exclusiveMinimum) ? `> ${exclusiveMinimum}` : '';
  const high = isSaid(maximum) ? `<= ${maximum}` : isSaid(exclusiveMaximum) ? `< ${exclusiveMaximum}` : '';
  if (low.startsWith('>=') && high.startsWith('<=')) return ` ${minimum} to ${maximum}`;
  return [low, high]
    .filter((text) => text !== '')
    .map((text) => ` ${text}`)
    .join(',');
}

function lengthText({ minItems, maxItems }: Schema): string {
  if (minItems === undefined && maxItems === undefined) return '';
  if (minItems === maxItems) return ` (${minItems})`;
  return ` (${minItems ?? 0}${maxItems === undefined ? ' or more' : ` to ${maxItems}`})`;
}

/** The default of an object whose fields have their own is theirs. */
function defaultText({ schema, isRequired }: Row): string {
  const value = schema.default;
  if (value === undefined) return isRequired ? 'required' : '';
  const fields = objectsIn(schema)[0]?.properties;
  if (fields && typeof value === 'object' && value !== null) {
    const isTheirs = Object.keys(value).every((name) => fields[name]?.default !== undefined);
    if (isTheirs) return '';
  }
  return `\`${typeof value === 'string' ? value : JSON.stringify(value)}\``;
}
