/** Bounds on voxels in words and as JSON: what was asked, whether it holds, what it costs. */
import { toDecimals, toDigits } from '../core/rounding.js';
import type { ConstraintOutcome } from '../plan/evaluation/constraint-outcome.js';
import type { PlanEvaluation } from '../plan/evaluation/evaluate-plan.js';

type Evaluated = Pick<PlanEvaluation, 'constraintOutcomes' | 'plan'>;

/** The block `bounds` of a plan in plan.json. */
export function constraintReport({ constraintOutcomes, plan }: Evaluated, cord: string): Record<string, unknown>[] {
  return constraintOutcomes.map((outcome) => {
    const { range, worst, tolerances: limits, ...counts } = outcome;
    const found = priceOf(outcome, plan, cord);
    return {
      ...counts,
      proof: proofOf(outcome),
      limits: limits.map(({ name, courses, eqd2, alphaBeta, source, warnings }) => {
        return {
          name,
          courses,
          eqd2: toDecimals(eqd2, 4),
          alphaBeta,
          source: source ?? null,
          warnings: warnings ?? [],
        };
      }),
      boundGy: range === undefined ? null : range.map((bound) => toDecimals(bound, 4)),
      nearest:
        worst === undefined
          ? null
          : {
              ...worst,
              place: worst.place.map((c) => toDecimals(c, 2)),
              excess: toDecimals(worst.excess, 4),
              eqd2: toDecimals(worst.eqd2, 4),
            },
      objectivePerGy: found === undefined ? null : toDecimals(found.price, 4),
    };
  });
}

/** One sentence per bounded structure. */
export function constraintSentences(outcomes: PlanEvaluation['constraintOutcomes']): string[] {
  return outcomes.map((outcome) => {
    const { structure, voxels, rows, range, worst, broken, force, targetVoxels, tolerances: limits } = outcome;
    if (range === undefined || worst === undefined) {
      return `${structure} has no voxel on the dose grid: there is nothing to bound.`;
    }
    const [least, largest] = range;
    const asked = `${structure}: ${force === 'hard' ? 'bounded' : 'bounded as far as the prescription allows'} to ${span(least, largest)} Gy of this course in ${voxels} voxels (${rows} rows of the optimiser)`;
    const place = `(${worst.place.map((c) => c.toFixed(0)).join(', ')}) mm`;
    const kept =
      broken === 0
        ? `held in all, nearest ${amount(-worst.excess)} Gy below at ${place} (${worst.limit})`
        : `${broken} are above, by up to ${amount(worst.excess)} Gy (${amount(worst.eqd2)} Gy EQD2) at ${place}, against ${worst.limit}`;
    const shared =
      targetVoxels === 0 ? [] : [`${targetVoxels} of its voxels hold target and are bounded below the prescription`];
    const stretched = [...new Set(limits.flatMap(({ warnings = [] }) => warnings))];
    return `${[asked, kept, ...shared, ...stretched].join('; ')}.`;
  });
}

/** The block `asked` of a plan in plan.json. */
export const askedReport = ({ asked }: Pick<PlanEvaluation, 'asked'>): Record<string, unknown>[] =>
  asked.map((one) => ({
    ...one,
    value: one.value === null ? null : toDecimals(one.value, 4),
    margin: one.margin === null ? null : toDecimals(one.margin, 4),
    ...(typeof one.errorBound === 'number' && { errorBound: toDecimals(one.errorBound, 4) }),
    factor: toDigits(one.factor, 6),
    price: one.price === null ? null : toDigits(one.price, 4),
  }));

/** One line per constraint that the case asks for. */
export function askedSentences({ asked }: Pick<PlanEvaluation, 'asked'>): string[] {
  return asked.map(({ constraint, force, value, unit, result, reason, factor, chosenRows = 0, price }) => {
    const got = value === null ? `not evaluable: ${reason}` : `${value.toFixed(2)} ${unit}`;
    const told = [
      force === 'hard'
        ? result === 'pass'
          ? 'held'
          : 'NOT HELD'
        : `judged alone, ${result === 'pass' ? 'met' : 'missed'}`,
      ...(factor === 1 ? [] : [`the optimiser was held to ${toDigits(factor, 4)} of it, as its rows are a sample`]),
      ...(chosenRows === 0 ? [] : [`${chosenRows} rows held one by one, a choice of ours`]),
      ...(price !== null && price > 0 ? [`one Gy buys ${toDigits(price, 3)} of the objective`] : []),
    ];
    return `${constraint}: ${got} (${told.join('; ')})`;
  });
}

/** A hard bound's shadow price; the cord's own limit is called `cord`. */
function priceOf({ structure }: ConstraintOutcome, { solution }: Evaluated['plan'], cord: string) {
  const name = structure === cord ? 'cord' : structure;
  return solution.certificate.prices.find(({ limit }) => limit === name);
}

function proofOf({ voxels, rows, force }: ConstraintOutcome): string {
  if (force === 'soft') return 'none: the prescription holds, and the bound is an objective';
  if (rows === voxels) return 'every voxel is a row of the optimiser';
  return `${rows} voxels are rows of the optimiser; the dose of the engine keeps the bound in the ${voxels - rows} others too, so that the plan is permitted and the bound proven for the smaller problem is one for the whole`;
}

const amount = (value: number): string => (Math.abs(value) < 0.0005 ? '0.000' : value.toFixed(3));
const span = (least: number, largest: number): string =>
  largest - least < 0.05 ? least.toFixed(1) : `${least.toFixed(1)} to ${largest.toFixed(1)}`;
