/**
 * What a phantom file says: measures with their source, and parts from the bottom to the top.
 *
 * Any number may be changed by a dotted path: `canalDepth` for a measure, `Lung_L.semiAxes.0` for a part.
 */

import * as z from 'zod/mini';
import { checkSchema } from '../core/check-schema.js';
import { described, editorSchema, type JsonSchema, jsonSchema } from '../core/described.js';
import { FormatError, InvalidInputError } from '../core/errors.js';
import { nearNames } from '../core/near-names.js';
import { own } from '../core/own.js';

/** No part of a phantom lies or reaches farther, mm. */
const FARTHEST = 2000;
/** Nothing of a vertebra is larger, mm or degrees. */
const LARGEST_MEASURE = 500;
/** Vertebrae nearer to one another would be without number, mm. */
const SMALLEST_PITCH = 5;

const finite = z.number().check(z.minimum(-FARTHEST), z.maximum(FARTHEST));
const positive = z.number().check(z.positive(), z.maximum(FARTHEST));
const point2 = z.tuple([finite, finite]);
const point3 = z.tuple([finite, finite, finite]);
const size3 = z.tuple([positive, positive, positive]);
const range = z.tuple([finite, finite]);
/** A region that is cut to the length of the phantom. */
const shapeOf = <K extends string, S extends z.core.$ZodShape>(kind: K, shape: S) =>
  z.strictObject({ kind: described('Which solid.', z.literal(kind)), ...shape });

const shape = z.discriminatedUnion('kind', [
  shapeOf('box', {
    center: described('x, y, z, mm; of a column and a ring sector x, y.', point3),
    size: described('Edges along x, y, z, mm.', size3),
  }),
  shapeOf('ellipsoid', {
    center: described('x, y, z, mm.', point3),
    semiAxes: described('Along x, y, z, mm; of a column along x, y.', size3),
  }),
  shapeOf('column', {
    center: described('x, y, mm.', point2),
    semiAxes: described('Along x, y, mm.', z.tuple([positive, positive])),
    exponent: described(
      'Of the superellipse: 2 is an ellipse, more comes nearer to a rectangle.',
      z._default(z.number().check(z.minimum(0.5), z.maximum(50)), 2),
    ),
    z: described('From and to, mm. By default the whole length of the phantom.', z.optional(range)),
  }),
  shapeOf('tube', {
    points: described('Of its axis, mm.', z.array(point3).check(z.minLength(1), z.maxLength(1000))),
    radius: described('Of the tube, mm.', positive),
  }),
  shapeOf('ring-sector', {
    center: described('x, y, mm.', point2),
    innerRadius: described('About z, mm.', positive),
    outerRadius: described('About z, mm.', positive),
    from: described(
      'Degrees, from +x (left) towards +y (posterior).',
      z.number().check(z.minimum(-360), z.maximum(360)),
    ),
    to: described('The same; more than `from`, by at most 360.', z.number().check(z.minimum(-360), z.maximum(720))),
    z: described('From and to, mm.', range),
  }),
]);

const part = z.strictObject({
  name: described(
    'Of the structure, and of its file.',
    z
      .string()
      .check(
        z.minLength(1, { error: 'is empty, but a part needs a name' }),
        z.maxLength(64),
        z.regex(/^[^\p{Cc}/\\]*$/u, { error: 'holds a control character or a slash, which no name of a file may' }),
      ),
  ),
  material: described('By name: `water`, `lung`, `muscle`, `cortical`, ...', z.string()),
  role: described(
    'Without a role the part is painted but is no structure.',
    z.optional(z.enum(['target', 'organ', 'external', 'support'])),
  ),
  shape: described('A solid.', shape),
  subtract: described(
    'Parts that are cut out of this one, by name.',
    z.optional(z.array(z.string()).check(z.maxLength(200))),
  ),
  source: described('Where its measures come from; for readers.', z.optional(z.string())),
});

const measure = z.strictObject({
  value: described('The number.', z.number().check(z.minimum(-LARGEST_MEASURE), z.maximum(LARGEST_MEASURE))),
  unit: described('Of the value.', z.enum(['mm', 'deg', '1'])),
  source: described('Where it comes from.', z.string()),
});

const fields = z.strictObject({
  $schema: editorSchema(z.string()),
  name: described('Of the patient.', z.string().check(z.maxLength(64))),
  description: described('What it is for.', z.string()),
  level: described(
    'Spine phantoms: the vertebra in the middle, such as `T8`; then `measures` are needed.',
    z.optional(z.string()),
  ),
  length: described('Extent along z, mm.', positive.check(z.maximum(1000))),
  air: described('Around the external, mm.', z.number().check(z.nonnegative(), z.maximum(1000))),
  measures: described(
    'Of every vertebra, by name, as in the built-in spine phantoms: `{ value, unit, source }`.',
    z._default(z.record(z.string(), measure), {}),
  ),
  parts: described(
    'From the bottom to the top: what comes later is painted over it.',
    z.array(part).check(z.minLength(1), z.maxLength(200)),
  ),
});

/** Rules over several fields. */
const schema = fields.check(
  z.superRefine(({ level, measures, parts }, context) => {
    const say = (message: string, ...path: (string | number)[]): void =>
      context.addIssue({ code: 'custom', message, path });
    const seen = new Set<string>();
    for (const [p, { name, subtract = [], shape: solid }] of parts.entries()) {
      if (seen.has(name)) say(`"${name}" is the name of two parts, but must be of one`, 'parts', p, 'name');
      seen.add(name);
      if (subtract.includes(name)) say(`"${name}" subtracts itself, so that nothing is left`, 'parts', p, 'subtract');
      if (solid.kind === 'ring-sector' && !(solid.to > solid.from && solid.to - solid.from <= 360)) {
        say(`runs from ${solid.from} to ${solid.to} degrees, but must rise by at most 360`, 'parts', p, 'shape', 'to');
      }
    }
    if (level === undefined) return;
    const of = (name: string): number => own(measures, name)?.value ?? 0;
    const pitch = of('bodyHeight') + of('discHeight');
    if (!(pitch >= SMALLEST_PITCH)) {
      say(`bodyHeight and discHeight are ${pitch} mm together, but must be at least ${SMALLEST_PITCH}`, 'measures');
    }
  }),
);

/** What a phantom's file says: measures with their source, and parts from the bottom to the top. */
export type PhantomSpec = z.output<typeof schema>;
export type PhantomPart = z.output<typeof part>;
export type PartShape = z.output<typeof shape>;

/**
 * A phantom's file, checked.
 *
 * @param json a parsed phantom file
 * @throws {FormatError} naming the field
 */
export function parsePhantom(json: unknown, path = 'phantom'): PhantomSpec {
  const checked = checkSchema(schema, json, path);
  if ('data' in checked) return checked.data;
  throw new FormatError(`${checked.wrong}. The fields are described in docs/case.md under PHANTOM.json.`, path);
}

/** The JSON Schema of PHANTOM.json, for editors. */
export const phantomSchema = (): JsonSchema => jsonSchema(fields, 'PHANTOM.json of respine');

/** A field that a value itself has; undefined for what it inherits. */
const fieldOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? own(value as Readonly<Record<string, unknown>>, key) : undefined;

/**
 * The spec with some of its numbers changed.
 *
 * @throws {InvalidInputError} for a path that names no number
 */
export function changePhantom(spec: PhantomSpec, changes: Readonly<Record<string, number>>): PhantomSpec {
  const changed = JSON.parse(JSON.stringify(spec)) as PhantomSpec;
  for (const [path, value] of Object.entries(changes)) {
    const [head, ...rest] = path.split('.');
    const measureOf = own(changed.measures, head!);
    if (measureOf && rest.length === 0) {
      measureOf.value = value;
      measureOf.source = 'changed by the case';
      continue;
    }
    const holder = head === 'length' || head === 'air' ? changed : changed.parts.find((p) => p.name === head)?.shape;
    const keys = holder === changed ? [head!] : rest;
    let at: unknown = holder;
    for (const key of keys.slice(0, -1)) at = fieldOf(at, key);
    const last = keys[keys.length - 1];
    if (last === undefined || typeof fieldOf(at, last) !== 'number') {
      const near = nearNames(path, [...Object.keys(spec.measures), 'length', 'air']).map((name) => `"${name}"`);
      const meant = near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : '';
      throw new InvalidInputError(
        `phantom ${spec.name}: "${path}" is no number of it.${meant} It has ${Object.keys(spec.measures).join(', ')}, length, air, and parts such as "${spec.parts[0]!.name}.center.0".`,
      );
    }
    (at as Record<string, number>)[last] = value;
  }
  return parsePhantom(changed, spec.name);
}
