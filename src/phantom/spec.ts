/**
 * What a phantom file says: measures with their source, and parts from the bottom to the top.
 *
 * Any number may be changed by a dotted path: `canalDepth` for a measure, `Lung_L.semiAxes.0` for a part.
 */
import { z } from 'zod';
import { FormatError, InvalidInputError } from '../core/errors.js';

const finite = z.number();
const positive = z.number().positive();
const point2 = z.tuple([finite, finite]);
const point3 = z.tuple([finite, finite, finite]);
const range = z.tuple([finite, finite]);

const shape = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('box'), center: point3, size: z.tuple([positive, positive, positive]) }),
  z.strictObject({ kind: z.literal('ellipsoid'), center: point3, semiAxes: z.tuple([positive, positive, positive]) }),
  /** Superelliptic column along z; over the whole length unless a range is given. */
  z.strictObject({
    kind: z.literal('column'),
    center: point2,
    semiAxes: z.tuple([positive, positive]),
    exponent: positive.default(2),
    z: range.optional(),
  }),
  z.strictObject({ kind: z.literal('tube'), points: z.array(point3).min(1), radius: positive }),
  /** Sector of a ring about z; angles from +x (left) towards +y (posterior), degrees. */
  z.strictObject({
    kind: z.literal('ring-sector'),
    center: point2,
    innerRadius: positive,
    outerRadius: positive,
    from: finite,
    to: finite,
    z: range,
  }),
]);

const part = z.strictObject({
  name: z.string(),
  material: z.string(),
  /** Without a role the part is painted but is no structure. */
  role: z.enum(['target', 'organ', 'external', 'support']).optional(),
  shape,
  /** Parts that are cut out of this one. */
  subtract: z.array(z.string()).optional(),
  source: z.string().optional(),
});

const measure = z.strictObject({ value: finite, unit: z.enum(['mm', 'deg', '1']), source: z.string() });

const schema = z.strictObject({
  name: z.string(),
  description: z.string(),
  /** Spine phantoms: the vertebra in the middle, e.g. T8; then `measures` are required. */
  level: z.string().optional(),
  /** Extent along z, mm. */
  length: positive,
  /** Air around the external, mm. */
  air: z.number().nonnegative(),
  measures: z.record(z.string(), measure).default({}),
  parts: z.array(part).min(1),
});

export type PhantomSpec = z.output<typeof schema>;
export type PhantomPart = z.output<typeof part>;
export type PartShape = z.output<typeof shape>;

/**
 * @param json a parsed phantom file
 * @throws {FormatError} naming the field
 */
export function parsePhantom(json: unknown, path = 'phantom'): PhantomSpec {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new FormatError(`${issue.path.join('.')}: ${issue.message}. See phantoms/README.md for the fields.`, path);
}

/**
 * The spec with some of its numbers changed.
 *
 * @throws {InvalidInputError} for a path that names no number
 */
export function changePhantom(spec: PhantomSpec, changes: Readonly<Record<string, number>>): PhantomSpec {
  const changed = JSON.parse(JSON.stringify(spec)) as PhantomSpec;
  for (const [path, value] of Object.entries(changes)) {
    const [head, ...rest] = path.split('.');
    const measureOf = changed.measures[head!];
    if (measureOf && rest.length === 0) {
      measureOf.value = value;
      measureOf.source = 'changed by the case';
      continue;
    }
    const holder = head === 'length' || head === 'air' ? changed : changed.parts.find((p) => p.name === head)?.shape;
    const keys = holder === changed ? [head!] : rest;
    let at: unknown = holder;
    for (const key of keys.slice(0, -1)) at = (at as Record<string, unknown> | undefined)?.[key];
    const last = keys[keys.length - 1];
    if (last === undefined || typeof (at as Record<string, unknown> | undefined)?.[last] !== 'number') {
      throw new InvalidInputError(
        `phantom ${spec.name}: "${path}" is no number of it. It has ${Object.keys(spec.measures).join(', ')}, length, air, and parts such as "${spec.parts[0]!.name}.center.0".`,
      );
    }
    (at as Record<string, number>)[last] = value;
  }
  return parsePhantom(changed, spec.name);
}
