/**
 * Constraints in biological dose: E(d) + p of every row, EQD2 or BED of this course and of earlier ones (`biological-dose.ts`).
 *
 *   voxels   E(d_i) + p_i <= b_i, or >=: the same as a physical bound in each voxel, d_i <= E^-1(b_i - p_i)
 *   mean     sum v_i (E(d_i) + p_i) / sum v_i <= b: convex, no longer linear
 *   convex   g(E(d) + p) <= b with g convex and rising: gEUD with a >= 1, the mean of the hottest volume
 */
import { InvalidInputError } from '../core/errors.js';
import type { Constraint, ConvexConstraint, LinearConstraint, VoxelConstraint } from './constraint.js';
import { type BiologicalDose, type DoseCurve, doseCurve, notConvex } from './objective/biological-dose.js';
import { shown } from './objective/objective.js';

/**
 * The same constraint on EQD2 or BED, its bounds in Gy of that quantity. Maxima and minima of voxels become physical ones, voxel by
 * voxel; voxels that a prior dose keeps above their minimum by itself are left out. Means become convex.
 *
 * @param constraint any but a mean or gEUD from below, which is not convex in biological dose
 * @throws {InvalidInputError} for such a one, with the physical dose to ask for instead; where the prior dose leaves nothing to this
 *   course; for alpha/beta, fractions or prior doses that make no sense
 */
export function constraintInBiologicalDose(constraint: Constraint, dose: BiologicalDose): Constraint {
  const what = `limit "${constraint.name}"`;
  const curve = doseCurve(what, dose, constraint.rows);
  if (constraint.kind === 'voxels') {
    return constraint.sign > 0 ? physicalMaxima(what, constraint, curve) : physicalMinima(what, constraint, curve);
  }
  return composed(what, constraint.kind === 'linear' ? asConvex(constraint) : constraint, curve);
}

function physicalMaxima(what: string, constraint: VoxelConstraint, curve: DoseCurve): VoxelConstraint {
  const { rows, bounds } = constraint;
  const left = bounds.map((bound, q) => bound - curve.priorOf(q));
  const over = left.reduce((count, gy) => count + (gy > 0 ? 0 : 1), 0);
  if (over > 0) {
    const worst = left.indexOf(left.reduce((a, b) => Math.min(a, b)));
    throw new InvalidInputError(
      `${what}: nothing is left of it in ${over} of ${rows.length} voxels: voxel ${rows[worst]} has ${shown(curve.priorOf(worst))} Gy ${curve.name} of earlier courses, its bound is ${shown(bounds[worst]!)}. Raise the bound there, or leave these voxels out.`,
    );
  }
  return { ...constraint, bounds: left.map((gy) => curve.doseOf(gy)) };
}

function physicalMinima(what: string, constraint: VoxelConstraint, curve: DoseCurve): VoxelConstraint {
  const { rows, bounds } = constraint;
  const asked = Array.from(rows, (_, q) => q).filter((q) => bounds[q]! > curve.priorOf(q));
  if (asked.length === 0) {
    throw new InvalidInputError(
      `${what}: earlier courses keep it by themselves in all ${rows.length} voxels, or it asks for nothing. Leave it out.`,
    );
  }
  return {
    ...constraint,
    rows: Int32Array.from(asked, (q) => rows[q]!),
    bounds: Float64Array.from(asked, (q) => curve.doseOf(bounds[q]! - curve.priorOf(q))),
  };
}

/** A mean as a function of rows; one from below has negative coefficients, and does not rise. */
function asConvex({ name, rows, coefficients, bound }: LinearConstraint): ConvexConstraint {
  return {
    kind: 'convex',
    name,
    rows,
    bound,
    isRising: coefficients.every((a) => a >= 0),
    evaluate(dose, gradient) {
      let sum = 0;
      for (let q = 0; q < rows.length; q++) {
        sum += coefficients[q]! * dose[rows[q]!]!;
        gradient[rows[q]!]! += coefficients[q]!;
      }
      return sum;
    },
  };
}

function composed(what: string, constraint: ConvexConstraint, curve: DoseCurve): ConvexConstraint {
  const { rows, bound } = constraint;
  // Bounds from below stand with their sign turned.
  if (constraint.isRising !== true) throw notConvex(what, curve, -bound);
  let biological = new Float64Array(0);
  let slopes = new Float64Array(0);
  const evaluate = (dose: Float64Array, gradient: Float64Array): number => {
    if (biological.length !== dose.length) {
      biological = new Float64Array(dose.length);
      slopes = new Float64Array(dose.length);
    }
    for (let q = 0; q < rows.length; q++) {
      biological[rows[q]!] = curve.valueOf(q, dose[rows[q]!]!);
      slopes[rows[q]!] = 0;
    }
    const value = constraint.evaluate(biological, slopes);
    for (const row of rows) gradient[row]! += curve.slopeOf(dose[row]!) * slopes[row]!;
    return value;
  };
  const none = new Float64Array(rows.reduce((a, b) => Math.max(a, b), 0) + 1);
  const withoutDose = evaluate(none, none.slice());
  if (!(withoutDose < bound)) {
    throw new InvalidInputError(
      `${what}: earlier courses alone come to ${shown(withoutDose)} Gy ${curve.name}, its bound is ${shown(bound)}: nothing is left to this course. Raise the bound, or leave it out.`,
    );
  }
  return { kind: 'convex', name: constraint.name, rows, bound, isRising: true, withoutDose, evaluate };
}
