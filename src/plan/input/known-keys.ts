/** Which keys a schema knows at a place, so that one it does not know is answered with what was probably meant. */
import type { z } from 'zod';

/** Of zod's inner definitions what is walked through here. */
interface Definition {
  readonly type: string;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly in?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly items?: readonly z.ZodType[];
  readonly valueType?: z.ZodType;
  readonly options?: readonly z.ZodType[];
}

const definitionOf = (schema: z.ZodType): Definition => schema.def as unknown as Definition;

/** The objects and lists that a schema stands for, without defaults, alternatives and conversions around them. */
function plain(schema: z.ZodType): z.ZodType[] {
  const { in: input, innerType, options } = definitionOf(schema);
  if (options !== undefined) return options.flatMap(plain);
  const inner = input ?? innerType;
  return inner === undefined ? [schema] : plain(inner);
}

/**
 * The keys of every object that may stand at a path.
 *
 * @param path keys and indices from the root of the file
 */
export function knownKeys(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let here = plain(schema);
  for (const key of path) {
    here = here.flatMap((own) => {
      const { shape, element, items, valueType } = definitionOf(own);
      const of = shape !== undefined && Object.hasOwn(shape, key) ? shape[String(key)] : undefined;
      const next = of ?? items?.[Number(key)] ?? element ?? valueType;
      return next === undefined ? [] : plain(next);
    });
  }
  return [...new Set(here.flatMap((own) => Object.keys(definitionOf(own).shape ?? {})))];
}
