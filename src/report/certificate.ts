/**
 * A plan's certificate as plan.json and the terminal show it, and what the optimiser's dose differs from the reported one.
 *
 * Both doses are one function of patient, beam and point, so the certificate is one of the dose that is reported, under the caps as
 * they were set. How far the two numbers lie apart is measured on every plan, not assumed.
 */
import { toDigits } from '../core/rounding.js';
import type { Certificate } from '../optimize/certificate.js';
import type { PlanningVoxels } from '../plan/problem/planning-voxels.js';
import { isProven, largestDifference } from '../plan/technique/proof.js';
import type { GivenFluence, PlannedSolution, TechniquePlan } from '../plan/technique/technique-plan.js';

/** What a certificate is one of. Where no cap is hard there are none to hold under. */
const ofDose = ({ violation }: Certificate): string =>
  violation === null ? 'of this dose, under no hard cap' : 'of this dose, under these caps';

/** Why a plan is not proven to be near the best one, one clause; undefined where it is. */
export function whyUnproven({
  status,
  certificate,
  given,
}: Pick<PlannedSolution, 'status' | 'certificate' | 'given'>): string | undefined {
  if (status === 'constraints-broken')
    return 'not proven to be near the best plan: it breaks constraints that are hard';
  if (isProven(certificate) && status !== 'unproven' && status !== 'time-limit' && status !== 'stopped')
    return undefined;
  const { gap, leastViolation } = certificate;
  if (status === 'infeasible' && leastViolation !== undefined && leastViolation > 0) return undefined;
  const ended = {
    'time-limit': 'time was over',
    stopped: 'it was stopped',
  } as Readonly<Record<string, string>>;
  const usual =
    given === undefined ? 'the optimiser came no nearer to its proof' : `its ${given.of} ${wereOf(given)} given`;
  const why = ended[status] ?? usual;
  const left =
    gap === null
      ? 'nothing is proven'
      : `it is proven to be at most ${(100 * gap).toFixed(2)} % above the best possible`;
  return `not proven to be near the best plan: ${why}, ${left}`;
}

const wereOf = ({ of }: GivenFluence): string => (of === 'weights' ? 'were' : 'was');

/** Of a plan whose weights or fluence were given: that, what was done with them, and which constraints they break; else undefined. */
export function givenSentence({
  solution: { given },
  scale,
}: Pick<TechniquePlan, 'solution' | 'scale'>): string | undefined {
  if (given === undefined) return undefined;
  const scaled = scale < 1 ? `scaled down by ${toDigits(scale, 6)} into the constraints` : 'nothing of it changed';
  const broken = given.broken.map(({ constraint, voxels, excess }) => {
    const where = voxels === null ? constraint : `the maxima of ${constraint} in ${voxels} voxels`;
    return `${where} by up to ${toDigits(excess, 3)} Gy`;
  });
  const breaks = broken.length === 0 ? '' : `; it breaks ${broken.join(', ')}`;
  return `its ${given.of} ${wereOf(given)} given, not optimised, ${scaled}${breaks}`;
}

/** A plan with what its certificate says. */
export interface CertifiedPlan {
  readonly solution: PlannedSolution;
  readonly voxels: PlanningVoxels;
  /** Gy, of {@link largestDifference} */
  readonly largestDifference: number;
}

/** The block `certificate` of plan.json. */
export function certificateReport({
  solution,
  voxels: { points, organs, scenarios = [] },
  largestDifference: difference,
}: CertifiedPlan): Record<string, unknown> {
  const why = whyUnproven(solution);
  const { certificate, uncovered } = solution;
  const { objective, value, lowerBound, gap, isConvex, violation, prices } = certificate;
  const place = (row: number): number[] => [0, 1, 2].map((axis) => toDigits(points[3 * row + axis]!, 6));
  /** Of a robust plan: with which shift of the patient. */
  const shiftAt = (row: number): { shift?: readonly number[] } => {
    const scenario = scenarios.find(({ from, to }) => row >= from && row < to);
    return scenario ? { shift: scenario.shift } : {};
  };
  return {
    of: ofDose(certificate),
    largestDifference: toDigits(difference, 3),
    objective,
    value: toDigits(value, 6),
    lowerBound: lowerBound === null ? null : toDigits(lowerBound, 6),
    gap: gap === null ? null : toDigits(gap, 3),
    isProven: why === undefined,
    isConvex,
    problem: `${points.length / 3} voxels of the optimiser, every one of target and cord${organs.length > 0 ? ', and of bounded organs every one that a plan takes near its bound' : ''}`,
    ...(uncovered.length > 0 ? { targetVoxelsOutsideAllBeams: Array.from(uncovered, place) } : {}),
    violation:
      violation === null
        ? null
        : {
            limit: violation.limit,
            Gy: toDigits(violation.amount, 3),
            voxel: place(violation.row),
            ...shiftAt(violation.row),
          },
    shadowPrices: prices.map(({ limit, price, active }) => ({
      limit,
      objectivePerGy: toDigits(price, 4),
      active: active.map(({ row, price: own }) => ({
        voxel: place(row),
        ...shiftAt(row),
        objectivePerGy: toDigits(own, 3),
      })),
    })),
  };
}

/**
 * One line: how good the plan is, and what the limits cost the objective.
 *
 * What they cost the coverage is not said: plans within the gap of one another differ in D95 by more than a Gy on a limit changes
 * it. `trade-off` plans anew under other caps.
 */
export function certificateLine(certificate: Certificate): string {
  const { value, gap, isConvex, prices } = certificate;
  const proof =
    gap === null
      ? `objective ${value.toFixed(2)}, nothing proven`
      : `objective ${value.toFixed(2)}, at most ${(100 * gap).toFixed(2)} % above the best possible, ${ofDose(certificate)}${isConvex ? '' : ', without its terms that are not convex'}`;
  const costs = prices
    .filter(({ price, active }) => price > 0 && active.length > 0)
    .map(
      ({ limit, price, active }) =>
        `one Gy more on the ${limit} (${active.length} voxels hold) buys up to ${price.toFixed(1)} of the objective`,
    );
  return [proof, ...costs].join('; ');
}
