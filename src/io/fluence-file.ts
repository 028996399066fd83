/**
 * fluence_fcrt.json and fluence_imrt.json: what a plan's dose is made of, to the last bit, so that it can be made again without
 * optimising: the fields as the optimiser left them, by how much the plan was scaled, and what was proven of it.
 *
 * Lengths are mm: the isocentre in LPS, edges and leaves in the isocentre plane (IEC 61217, turned with the collimator). Angles are
 * degrees, IEC 61217. Weights are monitor units over the course of open primary fluence through each cell, cell (i, j) at
 * i + nx j; those that were delivered are these times `scale`. Doses are total Gy of the course.
 */
import { z } from 'zod';
import { MOST_VOXELS } from '../core/budget.js';
import { FormatError } from '../core/errors.js';
import { exactJson } from '../core/exact-json.js';
import { describeIssue } from '../core/json-issue.js';
import { checkTree } from '../core/json-tree.js';
import type { Certificate } from '../optimize/certificate.js';
import type { SolutionStatus } from '../optimize/solver.js';

/** Says what the file is, and in which version of the format. */
const FORMAT = 'respine fluence 1';
const NOTICE = 'Research software, not for clinical use.';

const finite = z.number();
const count = z.number().int().nonnegative();
const point = z.tuple([finite, finite, finite]);
const edges = z.array(finite).min(2);

const bank = z.strictObject({
  name: z.string(),
  boundaries: edges,
  reach: finite,
  overtravel: finite.optional(),
  span: finite.optional(),
  transmission: finite,
  evidence: z.strictObject({ boundaries: z.string(), travel: z.string(), transmission: z.string() }),
});
const shape = z.strictObject({
  leaves: z.array(z.tuple([finite, finite])),
  jaws: z.strictObject({ x1: finite, x2: finite, y1: finite, y2: finite }).optional(),
  monitorUnits: finite,
});
const wedge = z.strictObject({
  name: z.string(),
  angle: finite,
  orientation: z.union([z.literal(0), z.literal(90), z.literal(180), z.literal(270)]),
  transmission: z.union([
    z.strictObject({ kind: z.literal('virtual'), attenuation: finite }),
    z.strictObject({ kind: z.literal('physical'), profile: z.array(z.tuple([finite, finite])) }),
  ]),
});
const block = z.strictObject({ name: z.string(), corners: z.array(z.tuple([finite, finite])), transmission: finite });
const field = z.strictObject({
  name: z.string(),
  gantry: finite,
  collimator: finite,
  couch: finite,
  monitorUnits: finite,
  /** FCRT */
  aperture: z
    .strictObject({
      bank,
      leaves: z.array(z.tuple([finite, finite])),
      jaws: z.strictObject({ x1: finite, x2: finite, y1: finite, y2: finite }).optional(),
    })
    .optional(),
  /** IMRT */
  fluence: z.strictObject({ x: edges, y: edges, weights: z.array(finite) }).optional(),
  /** In segments, or smaller fields within: what its fluence is the sum of. */
  segments: z.strictObject({ bank, shapes: z.array(shape).min(1) }).optional(),
  /** FCRT: what stands in the beam besides. */
  wedge: wedge.optional(),
  block: block.optional(),
  /** IMRT by leaves that move: where they stand when so many units have been given. */
  controlPoints: z.strictObject({ bank, shapes: z.array(shape).min(2) }).optional(),
});
const goal = z.strictObject({
  name: z.string(),
  asked: finite.nullable(),
  achieved: finite,
  shortfall: finite,
  leastShortfall: finite.nullable(),
  kept: finite,
  slack: finite,
  scale: finite,
  final: finite,
  trades: z.array(z.strictObject({ of: z.string(), gain: finite, cost: finite })),
});
const priority = z.strictObject({
  status: z.enum(['met', 'missed', 'least', 'unproven', 'time-limit', 'stopped']),
  goals: z.array(goal),
  shortfall: finite,
  lowerBound: finite.nullable(),
  gap: finite.nullable(),
});
const outcome = z.strictObject({
  status: z.enum([
    'reached',
    'unproven',
    'prescription-missed',
    'infeasible',
    'time-limit',
    'stopped',
    'constraints-broken',
  ]),
  objective: finite,
  evaluations: finite,
  prescriptionDose: finite,
  level: finite.optional(),
  given: z
    .strictObject({
      of: z.enum(['weights', 'fluence']),
      isCompared: z.boolean(),
      broken: z.array(z.strictObject({ constraint: z.string(), voxels: count.nullable(), excess: finite })),
    })
    .optional(),
  uncovered: z.array(count),
  largestDifference: finite,
  certificate: z.custom<Certificate>(isCertificate, { error: 'is no certificate' }),
  aims: z.array(z.strictObject({ structure: z.string(), factor: finite })).optional(),
  held: z.array(z.strictObject({ constraint: z.string(), factor: finite, rows: count.optional() })).optional(),
  conflict: z.array(z.string()).optional(),
  priorities: z.array(priority).optional(),
  reachedAlone: finite.optional(),
  worstCase: z.strictObject({ value: finite, gap: finite.nullable() }).optional(),
  delivery: z
    .strictObject({
      kind: z.enum(['sliding-window', 'arc']).optional(),
      segments: count,
      seconds: finite.optional(),
      arc: z.strictObject({ bank, shapes: z.array(shape.extend({ gantry: finite })).min(2) }).optional(),
      value: finite,
      lowerBound: finite.nullable(),
      price: finite.nullable(),
      sequenced: finite.nullable().optional(),
    })
    .optional(),
  ball: z
    .strictObject({
      added: z.array(point),
      margin: finite,
      found: z.strictObject({ shift: point, value: finite }),
      scale: finite,
    })
    .optional(),
});
const technique = z.enum(['fcrt', 'imrt']);
const plan = z.strictObject({
  technique,
  isocenter: point,
  scale: finite,
  fields: z.array(field).min(1),
  /** Voxels of bounded organs that are rows of the optimiser: the first of each run of neighbours and how many there are. */
  organVoxels: z.array(z.strictObject({ structure: z.string(), runs: z.array(z.tuple([count, count])) })),
  outcome,
});
const withNominal = plan.extend({ nominal: plan.optional() });
const file = withNominal.extend({ format: z.literal(FORMAT), notice: z.string() });

export type RecordedField = z.output<typeof field>;
/** What was proven of the plan, and how the optimiser ended. */
export type RecordedOutcome = z.output<typeof outcome> & { readonly status: SolutionStatus };
/** One plan; of a robust one, `nominal` is the plan without robustness that it is compared with. */
export type RecordedPlan = z.output<typeof plan> & { readonly nominal?: z.output<typeof plan> | undefined };

/** The text of the file: the same Float64 when it is read again, bit for bit; its fields in one order. */
export function encodeFluence(recorded: RecordedPlan): string {
  return `${exactJson({ format: FORMAT, notice: NOTICE, ...withNominal.parse(recorded) })}\n`;
}

/**
 * @param name of the file, for the message
 * @throws {FormatError} naming the field that is wrong
 */
export function decodeFluence(text: string, name = 'fluence'): RecordedPlan {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new FormatError('is not JSON. Write it anew with respine plan.', name);
  }
  checkTree(json, name);
  const result = file.safeParse(json);
  if (!result.success) {
    throw new FormatError(`${describeIssue(json, result.error.issues[0]!)}. Write it anew with respine plan.`, name);
  }
  const { format: _, notice: __, ...recorded } = result.data;
  checkRecord(recorded, name);
  if (recorded.nominal !== undefined) checkRecord(recorded.nominal, name);
  return recorded;
}

/** What a {@link Certificate} must be, so that reports can tell it. */
const certificate = z.strictObject({
  objective: z.string(),
  value: finite,
  lowerBound: finite.nullable(),
  gap: finite.nullable(),
  isConvex: z.boolean(),
  violation: z.strictObject({ limit: z.string(), amount: finite, row: z.int() }).nullable(),
  leastViolation: finite.optional(),
  prices: z.array(
    z.strictObject({
      limit: z.string(),
      price: finite,
      active: z.array(z.strictObject({ row: count, price: finite })),
    }),
  ),
});

function isCertificate(value: unknown): value is Certificate {
  return certificate.safeParse(value).success;
}

/** What a schema cannot say: each field is an aperture or a fluence, pixels have rising edges and a weight, runs are of a grid. */
function checkRecord({ fields, organVoxels }: z.output<typeof plan>, name: string): void {
  const refuse = (why: string): never => {
    throw new FormatError(`${why}. Write it anew with respine plan.`, name);
  };
  for (const { fluence, aperture, name: own } of fields) {
    if ((fluence === undefined) === (aperture === undefined)) {
      refuse(`field "${own}" must have either "fluence" or "aperture"`);
    }
    if (fluence === undefined) continue;
    const { x, y, weights } = fluence;
    if (!isRising(x) || !isRising(y)) refuse(`field "${own}" has edges of pixels that do not rise`);
    const pixels = (x.length - 1) * (y.length - 1);
    if (weights.length !== pixels) refuse(`field "${own}" has ${weights.length} weights for ${pixels} pixels`);
  }
  for (const { structure, runs } of organVoxels) {
    let end = 0;
    for (const [first, length] of runs) {
      if (first < end || length < 1 || first + length > MOST_VOXELS) {
        refuse(
          `organVoxels of "${structure}" has the run [${first}, ${length}], but runs rise and end below ${MOST_VOXELS}`,
        );
      }
      end = first + length;
    }
  }
}

const isRising = (values: readonly number[]): boolean => values.every((v, i) => i === 0 || v > values[i - 1]!);
