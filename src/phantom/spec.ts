/**
 * What a phantom file says: measures with their source, and parts from the bottom to the top.
 *
 * Any number may be changed by a dotted path: `canalDepth` for a measure, `Lung_L.semiAxes.0` for a part.
 */

import { z } from 'zod';
import { FormatError, InvalidInputError } from '../core/errors.js';
import { describeIssue } from '../core/json-issue.js';
import { checkTree } from '../core/json-tree.js';
import { own } from '../core/own.js';

/** No part of a phantom lies or reaches farther, mm. */
const FARTHEST = 2000;
/** Nothing of a vertebra is larger, mm or degrees. */
const LARGEST_MEASURE = 500;
/** Vertebrae nearer to one another would be without number, mm. */
const SMALLEST_PITCH = 5;

const finite = z.number().min(-FARTHEST).max(FARTHEST);
const positive = z.number().positive().max(FARTHEST);
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
    exponent: z.number().min(0.5).max(50).default(2),
    z: range.optional(),
  }),
  z.strictObject({ kind: z.literal('tube'), points: z.array(point3).min(1).max(1000), radius: positive }),
  /** Sector of a ring about z; angles from +x (left) towards +y (posterior), degrees. */
  z.strictObject({
    kind: z.literal('ring-sector'),
    center: point2,
    innerRadius: positive,
    outerRadius: positive,
    from: z.number().min(-360).max(360),
    to: z.number().min(-360).max(720),
    z: range,
  }),
]);

const part = z.strictObject({
  /** Also of its file: without control characters and slashes. */
  name: z
    .string()
    .min(1, { error: 'is empty, but a part needs a name' })
    .max(64)
    .regex(/^[^\p{Cc}/\\]*$/u, { error: 'holds a control character or a slash, which no name of a file may' }),
  material: z.string(),
  /** Without a role the part is painted but is no structure. */
  role: z.enum(['target', 'organ', 'external', 'support']).optional(),
  shape,
  /** Parts that are cut out of this one. */
  subtract: z.array(z.string()).max(200).optional(),
  source: z.string().optional(),
});

const measure = z.strictObject({
  value: z.number().min(-LARGEST_MEASURE).max(LARGEST_MEASURE),
  unit: z.enum(['mm', 'deg', '1']),
  source: z.string(),
});

const fields = z.strictObject({
  name: z.string().max(64),
  description: z.string(),
  /** Spine phantoms: the vertebra in the middle, e.g. T8; then `measures` are required. */
  level: z.string().optional(),
  /** Extent along z, mm. */
  length: positive.max(1000),
  /** Air around the external, mm. */
  air: z.number().nonnegative().max(1000),
  measures: z.record(z.string(), measure).default({}),
  parts: z.array(part).min(1).max(200),
});

/** Rules over several fields. */
const schema = fields.superRefine(({ level, measures, parts }, context) => {
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
});

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
  checkTree(json, path);
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  throw new FormatError(`${describeIssue(json, issue)}. See phantoms/README.md for the fields.`, path);
}

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
      throw new InvalidInputError(
        `phantom ${spec.name}: "${path}" is no number of it. It has ${Object.keys(spec.measures).join(', ')}, length, air, and parts such as "${spec.parts[0]!.name}.center.0".`,
      );
    }
    (at as Record<string, number>)[last] = value;
  }
  return parsePhantom(changed, spec.name);
}
