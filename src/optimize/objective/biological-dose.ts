/**
 * Objectives in biological dose: what the linear-quadratic model makes of this course, plus what earlier courses left.
 *
 *     E(d) = a d + b d^2      BED: a = 1, b = 1 / (n r)      EQD2: both times r / (2 + r)        n fractions, r = alpha/beta
 *     F(d) = f(E(d) + p)      f an objective, d the total dose of a row over this course, p the prior dose of that row
 *
 *     F'  = E' f'             F'' = E' f'' E' + diag(f' E'')
 *
 * E is convex and rises, so F is convex where f is convex and never falls with a dose: overdose, mean, gEUD from above, smooth
 * maximum, fall-off, and worst cases of these. Where f asks for dose (deviation, underdose, gEUD from below, smooth minimum) F is
 * not convex and is refused; dose-volume objectives are not convex anyhow, and are taken.
 *
 * What the prior dose adds by itself, f(p) - f(0), is taken off an objective that rises: no plan of this course changes it, and no
 * objective carries an additive constant. Below zero, where an operator rounds, E goes on as the straight line a d.
 *
 * @see Fowler, Br. J. Radiol. 62 (1989) 679, doi:10.1259/0007-1285-62-740-679
 * @see Boyd and Vandenberghe, Convex Optimization (2004), section 3.2.4 (composition)
 */
import { type BiologicalQuantity, doseFromBed, doseFromEqd2, quadraticOf } from '../../biology/linear-quadratic.js';
import { InvalidInputError } from '../../core/errors.js';
import { type Objective, shown } from './objective.js';

/** The biological dose that an objective or constraint is asked in: EQD2 or BED of this course, and of earlier ones with it. */
export interface BiologicalDose {
  /** What the numbers of the objective or constraint are: `eqd2` or `bed`, Gy. */
  readonly quantity: 'eqd2' | 'bed';
  /** Alpha/beta of the tissue, Gy, > 0; no default, because the choice decides the answer. */
  readonly alphaBeta: number;
  /** Equal fractions of this course, >= 1: a row's dose is the total over them. */
  readonly fractions: number;
  /** The same quantity of all earlier courses, Gy, >= 0, one per row of the objective or constraint. @default none */
  readonly prior?: Float64Array;
}

/** E(d) + p of some rows, its derivatives and its inverse. */
export interface DoseCurve {
  /** Of the row at place q of the rows: E(d) + p. */
  valueOf(q: number, dose: number): number;
  /** E'(d) > 0 */
  slopeOf(dose: number): number;
  /** E''(d) >= 0 */
  curvatureOf(dose: number): number;
  /** The dose d that has E(d), Gy. */
  doseOf(biological: number): number;
  /** p of the row at place q. */
  priorOf(q: number): number;
  readonly hasPrior: boolean;
  /** EQD2 or BED */
  readonly name: string;
  /** Of what that is: fractions, alpha/beta, courses. */
  readonly told: string;
}

/** @throws {InvalidInputError} if fractions, alpha/beta or a prior dose make no sense, or there is not one for each row */
export function doseCurve(what: string, dose: BiologicalDose, rows: Int32Array): DoseCurve {
  const { quantity, alphaBeta, fractions, prior } = dose;
  checkBiologicalDose(what, dose, rows);
  const { linear, quadratic } = quadraticOf(quantity satisfies BiologicalQuantity, fractions, alphaBeta);
  const inverse = quantity === 'bed' ? doseFromBed : doseFromEqd2;
  const hasPrior = prior !== undefined;
  const priorOf = (q: number): number => prior?.[q] ?? 0;
  return {
    valueOf: (q, d) => (d > 0 ? (linear + quadratic * d) * d : linear * d) + priorOf(q),
    slopeOf: (d) => linear + 2 * quadratic * Math.max(0, d),
    curvatureOf: (d) => (d > 0 ? 2 * quadratic : 0),
    doseOf: (biological) => inverse(biological, fractions, alphaBeta),
    priorOf,
    hasPrior,
    name: quantity === 'bed' ? 'BED' : 'EQD2',
    told: `${hasPrior ? ' of all courses' : ''} (${fractions} fractions, alpha/beta ${shown(alphaBeta)} Gy)`,
  };
}

/**
 * The same objective on EQD2 or BED: `f(E(d) + p)`, less `f(p) - f(0)` where it rises. Its numbers (bounds, levels, temperature) are
 * Gy of that quantity, as is a level that it follows. Convex where it says so.
 *
 * @param objective one that tells its rows and is convex only if it rises with dose (`isRising`)
 * @throws {InvalidInputError} for an objective that would not be convex, with the physical dose to ask for instead; for alpha/beta,
 *   fractions or prior doses that make no sense
 */
export function objectiveInBiologicalDose(objective: Objective, dose: BiologicalDose): Objective {
  const { name, weight, isConvex, isRising = false, rows } = objective;
  const what = `objective "${name}"`;
  if (rows === undefined) {
    throw new InvalidInputError(
      `${what}: it does not tell its rows, so that no dose of them can be converted. Give it rows.`,
    );
  }
  const curve = doseCurve(what, dose, rows);
  if (isConvex && !isRising) throw notConvex(what, curve, objective.askedDose?.());
  const inner = new Composition(objective, rows, curve);
  return {
    name,
    weight,
    isConvex,
    isRising,
    rows,
    describe: () =>
      `${objective.describe()} with d in ${curve.name}${curve.told}${isRising && curve.hasPrior ? ', less what the prior dose has alone' : ''}`,
    evaluate(physical, gradient) {
      const value = inner.evaluate(physical);
      for (const row of rows) gradient[row]! += curve.slopeOf(physical[row]!) * inner.slopes[row]!;
      return value - (isRising && curve.hasPrior ? inner.priorPart() : 0);
    },
    addCurvature(physical, out) {
      inner.evaluate(physical);
      const { biological, slopes, values } = inner;
      for (const row of rows) values[row] = 0;
      objective.addCurvature(biological, values);
      for (const row of rows) {
        const d = physical[row]!;
        // Negative only where an objective that is not convex asks for dose: the bound leaves that out.
        out[row]! += curve.slopeOf(d) ** 2 * values[row]! + Math.max(0, slopes[row]! * curve.curvatureOf(d));
      }
    },
    ...(objective.addCoupling && {
      addCoupling(physical: Float64Array, direction: Float64Array, out: Float64Array) {
        inner.convert(physical);
        const { biological, slopes, values } = inner;
        for (const row of rows) {
          slopes[row] = 0;
          values[row] = curve.slopeOf(physical[row]!) * direction[row]!;
        }
        objective.addCoupling!(biological, values, slopes);
        for (const row of rows) out[row]! += curve.slopeOf(physical[row]!) * slopes[row]!;
      },
    }),
    ...(objective.withLevel && {
      withLevel: (from, to) => objectiveInBiologicalDose(objective.withLevel!(from, to), dose),
    }),
  };
}

/** An objective at the biological dose of its rows, in arrays as long as the dose that are made once. */
class Composition {
  biological = new Float64Array(0);
  slopes = new Float64Array(0);
  values = new Float64Array(0);

  constructor(
    private readonly objective: Objective,
    private readonly rows: Int32Array,
    private readonly curve: DoseCurve,
  ) {}

  convert(physical: Float64Array): void {
    const { rows, curve } = this;
    if (this.biological.length !== physical.length) {
      this.biological = new Float64Array(physical.length);
      this.slopes = new Float64Array(physical.length);
      this.values = new Float64Array(physical.length);
    }
    for (let q = 0; q < rows.length; q++) this.biological[rows[q]!] = curve.valueOf(q, physical[rows[q]!]!);
  }

  /** Value at E(d) + p; `slopes` holds f' there. */
  evaluate(physical: Float64Array): number {
    this.convert(physical);
    for (const row of this.rows) this.slopes[row] = 0;
    return this.objective.evaluate(this.biological, this.slopes);
  }

  /** f(p) - f(0), at levels as they stand; after {@link evaluate}. */
  priorPart(): number {
    const { objective, rows, curve, biological, values } = this;
    for (let q = 0; q < rows.length; q++) biological[rows[q]!] = curve.priorOf(q);
    const withPrior = objective.evaluate(biological, values);
    for (const row of rows) biological[row] = 0;
    return withPrior - objective.evaluate(biological, values);
  }
}

/** What is refused, with the physical dose that means the same. */
export function notConvex(
  what: string,
  { name, told, hasPrior, doseOf }: DoseCurve,
  asked?: number,
): InvalidInputError {
  const why = `${what}: asked for in ${name}${told}, too little dose is not convex, so that no plan could be proven.`;
  if (hasPrior) {
    return new InvalidInputError(
      `${why} Hold each voxel above its own instead, by constraintInBiologicalDose(minimumDose(...)), or ask for physical dose.`,
    );
  }
  if (asked === undefined || !(asked >= 0)) {
    return new InvalidInputError(`${why} Ask for it in physical dose: of equal fractions, more ${name} is more dose.`);
  }
  return new InvalidInputError(
    `${why} Ask for ${shown(doseOf(asked))} Gy of physical dose instead, which is ${shown(asked)} Gy ${name} wherever it is given.`,
  );
}

function checkBiologicalDose(what: string, dose: BiologicalDose, rows: Int32Array): void {
  const { quantity, alphaBeta, fractions, prior } = dose;
  if (quantity !== 'eqd2' && quantity !== 'bed') {
    throw new InvalidInputError(
      `${what}: quantity is ${String(quantity)}, but must be eqd2 or bed. Leave biological dose out for physical dose.`,
    );
  }
  if (!(alphaBeta > 0 && Number.isFinite(alphaBeta))) {
    throw new InvalidInputError(
      `${what}: alphaBeta is ${String(alphaBeta)}, but ${quantity === 'bed' ? 'BED' : 'EQD2'} needs that of the tissue, > 0 Gy. Give for example 2 for the spinal cord, 10 for a tumour.`,
    );
  }
  if (!Number.isInteger(fractions) || fractions < 1) {
    throw new InvalidInputError(
      `${what}: fractions is ${String(fractions)}, but must be a whole number >= 1: those of this course.`,
    );
  }
  if (new Set(rows).size !== rows.length) {
    throw new InvalidInputError(
      `${what}: it names a row twice, so that its dose would count twice. Name each row once.`,
    );
  }
  if (prior === undefined) return;
  if (prior.length !== rows.length) {
    throw new InvalidInputError(
      `${what}: ${prior.length} prior doses for ${rows.length} rows. Give one for each of its rows, in their order.`,
    );
  }
  const wrong = prior.findIndex((p) => !(p >= 0 && Number.isFinite(p)));
  if (wrong >= 0) {
    throw new InvalidInputError(
      `${what}: the prior dose of row ${rows[wrong]} is ${prior[wrong]} Gy, but must be >= 0. Give the ${quantity} of all earlier courses there.`,
    );
  }
}
