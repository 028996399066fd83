/** Which keys a schema knows at a place, so that one it does not know is answered with what was probably meant. */
import type { $ZodType } from 'zod/v4/core';

/** Of zod's inner definitions what is walked through here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, $ZodType>>;
  readonly in?: $ZodType;
  readonly innerType?: $ZodType;
  readonly element?: $ZodType;
  readonly items?: readonly $ZodType[];
  readonly valueType?: $ZodType;
  readonly options?: readonly $ZodType[];
  readonly values?: readonly unknown[];
}

const definitionOf = (schema: $ZodType): Definition => schema._zod.def as unknown as Definition;

/** The objects and lists that a schema stands for, without defaults, alternatives and conversions around them. */
function plain(schema: $ZodType): $ZodType[] {
  const { in: input, innerType, options } = definitionOf(schema);
  if (options !== undefined) return options.flatMap(plain);
  const inner = input ?? innerType;
  return inner === undefined ? [schema] : plain(inner);
}

/** Those of several alternatives that know most of a value's keys: the ones that it was probably meant to be. */
function meant(options: readonly $ZodType[], value: unknown): readonly $ZodType[] {
  if (options.length < 2 || typeof value !== 'object' || value === null || Array.isArray(value)) return options;
  const scores = options.map((option) => knownCount(option, value as Readonly<Record<string, unknown>>));
  const best = Math.max(...scores);
  return best <= 0 ? options : options.filter((_, i) => scores[i] === best);
}

/** Keys of a value that an object has; none where it says by another kind that it is not this object. */
function knownCount(schema: $ZodType, value: Readonly<Record<string, unknown>>): number {
  const shape = definitionOf(schema).shape ?? {};
  const isOther = Object.entries(shape).some(([key, field]) => {
    const { type, values } = definitionOf(field);
    return type === 'literal' && Object.hasOwn(value, key) && !values!.includes(value[key]);
  });
  return isOther ? 0 : Object.keys(value).filter((key) => Object.hasOwn(shape, key)).length;
}

/**
 * The keys of every object that may stand at a path.
 *
 * @param path keys and indices from the root of the file
 * @param file.json    what was read: where alternatives may stand, its keys tell which was meant; without it all count
 * @param file.unknown a key that is unknown there: alternatives that know it are not meant
 */
export function knownKeys(
  schema: $ZodType,
  path: readonly PropertyKey[],
  { json, unknown }: { readonly json?: unknown; readonly unknown?: string | undefined } = {},
): string[] {
  let value = json;
  let here = meant(plain(schema), value);
  for (const key of path) {
    const isHeld = typeof value === 'object' && value !== null && Object.hasOwn(value, key);
    value = isHeld ? (value as Readonly<Record<PropertyKey, unknown>>)[key] : undefined;
    const next = here.flatMap((own) => {
      const { shape, element, items, valueType } = definitionOf(own);
      const of = shape !== undefined && Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
      const inner = of ?? items?.[Number(key)] ?? element ?? valueType;
      return inner === undefined ? [] : plain(inner);
    });
    here = meant(next, value);
  }
  const shapes = here.map((own) => definitionOf(own).shape ?? {});
  const others = shapes.filter((shape) => unknown === undefined || !Object.hasOwn(shape, unknown));
  return [...new Set(others.flatMap((shape) => Object.keys(shape)))];
}
