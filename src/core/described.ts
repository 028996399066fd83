/**
 * Fields with their sentences: one truth for who reads the schema, for editors (JSON Schema) and for the tables of docs/case.md.
 *
 * A sentence may name a place of the documentation, `docs/grids.md` or `docs/retreatment.md#robust-plans`; the tables make it a link.
 */
import * as z from 'zod/mini';

/** Ours alone: what else in a program uses zod keeps its own. */
const sentences = z.registry<{ readonly description: string }>();

/** The schema with what its field means; a schema that several fields share is told apart by it. */
export function described<S extends z.core.$ZodType>(description: string, schema: S): S {
  const own = z.clone(schema);
  sentences.add(own, { description });
  return own;
}

/** The field by which a file names its schema to an editor. */
export const editorSchema = <S extends z.core.$ZodType<string, string>>(text: S): z.ZodMiniOptional<S> =>
  described('Path or address of this JSON Schema, for editors; not read.', z.optional(text));

/**
 * JSON Schema (2020-12) of what a file may say, before defaults are filled in: with a title, with a description of every field.
 *
 * @param title e.g. `CASE.json of respine`
 */
export function jsonSchema(schema: z.core.$ZodType, title: string): JsonSchema {
  const { $schema, ...rules } = z.toJSONSchema(schema, { io: 'input', metadata: sentences });
  return { $schema: $schema!, title, ...rules };
}

/** As an object that `JSON.stringify` writes. */
export interface JsonSchema {
  readonly $schema: string;
  readonly title: string;
  readonly [keyword: string]: unknown;
}
