/**
 * fluence_fcrt.json and fluence_imrt.json: what a plan's dose is made of, to the last bit, so that it can be made again without
 * optimising: the fields as the optimiser left them, by how much the plan was scaled, and what was proven of it.
 *
 * Lengths are mm: the isocentre in LPS, edges and leaves in the isocentre plane (IEC 61217, turned with the collimator). Angles are
 * degrees, IEC 61217. Weights are monitor units over the course of open primary fluence through each cell, cell (i, j) at
 * i + nx j; those that were delivered are these times `scale`. Doses are total Gy of the course.
 */
import { z } from 'zod';
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
  transmission: finite,
  evidence: z.strictObject({ boundaries: z.string(), travel: z.string(), transmission: z.string() }),
});
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
});
const outcome = z.strictObject({
  status: z.enum(['reached', 'unproven', 'prescription-missed', 'infeasible', 'time-limit', 'stopped']),
  objective: finite,
  evaluations: finite,
  prescriptionDose: finite,
  level: finite.optional(),
  uncovered: z.array(count),
  largestDifference: finite,
  certificate: z.custom<Certificate>(isCertificate, { error: 'is no certificate' }),
  worstCase: z.strictObject({ value: finite, gap: finite.nullable() }).optional(),
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
  for (const { fluence, name: own } of recorded.fields) {
    if (fluence === undefined) continue;
    const cells = (fluence.x.length - 1) * (fluence.y.length - 1);
    if (fluence.weights.length === cells) continue;
    throw new FormatError(
      `field ${own} has ${fluence.weights.length} weights for ${cells} cells. Write it anew with respine plan.`,
      name,
    );
  }
  return recorded;
}

function isCertificate(value: unknown): value is Certificate {
  if (typeof value !== 'object' || value === null) return false;
  const { objective, value: at, isConvex, prices } = value as Partial<Certificate>;
  return (
    typeof objective === 'string' && typeof at === 'number' && typeof isConvex === 'boolean' && Array.isArray(prices)
  );
}
