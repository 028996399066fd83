/**
 * Projected limited-memory BFGS: minimise a smooth function over x >= 0.
 *
 * Variables at zero whose gradient pushes outward are held; on the others a limited-memory BFGS direction is taken, the
 * trial point is projected on x >= 0, and the step is halved until the Armijo condition holds along the projection.
 *
 * @see Bertsekas, SIAM J. Control Optim. 20 (1982) 221, doi:10.1137/0320018 (two-metric projection)
 * @see Nocedal, Math. Comput. 35 (1980) 773, doi:10.1090/S0025-5718-1980-0572855-7 (limited memory)
 */

/** Value at x; overwrites `gradient`. */
export type SmoothFunction = (x: Float64Array, gradient: Float64Array) => number;

export interface BoundMinimizeOptions {
  readonly maxEvaluations: number;
  /** Stop when the largest projected gradient falls below this fraction of its first value. */
  readonly gradientTolerance: number;
  /** Stop when ten steps lower the value by less than this fraction. */
  readonly valueTolerance: number;
}

const MEMORY = 12;

/** Minimises in place from `x` (projected first). Returns value and number of evaluations. */
export function boundMinimize(
  f: SmoothFunction,
  x: Float64Array,
  options: BoundMinimizeOptions,
): { value: number; evaluations: number } {
  const n = x.length;
  const gradient = new Float64Array(n);
  const trial = new Float64Array(n);
  const trialGradient = new Float64Array(n);
  const direction = new Float64Array(n);
  const free = new Uint8Array(n);
  const steps: Float64Array[] = [];
  const changes: Float64Array[] = [];
  const curvature: number[] = [];
  const alphas = new Float64Array(MEMORY);

  for (let i = 0; i < n; i++) if (!(x[i]! > 0)) x[i] = 0;
  let value = f(x, gradient);
  let evaluations = 1;
  let firstNorm = -1;
  const history: number[] = [value];

  while (evaluations < options.maxEvaluations) {
    let norm = 0;
    for (let i = 0; i < n; i++) {
      free[i] = x[i]! > 0 || gradient[i]! < 0 ? 1 : 0;
      if (free[i])
        norm = Math.max(
          norm,
          Math.min(Math.abs(gradient[i]!), gradient[i]! > 0 ? 1e6 * x[i]! + Math.abs(gradient[i]!) : Infinity),
        );
    }
    if (firstNorm < 0) firstNorm = norm;
    if (norm <= options.gradientTolerance * firstNorm) break;

    for (let i = 0; i < n; i++) direction[i] = free[i] ? -gradient[i]! : 0;
    for (let m = steps.length - 1; m >= 0; m--) {
      const s = steps[m]!;
      const y = changes[m]!;
      let a = 0;
      for (let i = 0; i < n; i++) if (free[i]) a += s[i]! * direction[i]!;
      a /= curvature[m]!;
      alphas[m] = a;
      for (let i = 0; i < n; i++) if (free[i]) direction[i]! -= a * y[i]!;
    }
    if (steps.length > 0) {
      const y = changes[changes.length - 1]!;
      let yy = 0;
      for (let i = 0; i < n; i++) yy += y[i]! * y[i]!;
      const gamma = curvature[curvature.length - 1]! / yy;
      for (let i = 0; i < n; i++) direction[i]! *= gamma;
    }
    for (let m = 0; m < steps.length; m++) {
      const s = steps[m]!;
      const y = changes[m]!;
      let b = 0;
      for (let i = 0; i < n; i++) if (free[i]) b += y[i]! * direction[i]!;
      b /= curvature[m]!;
      for (let i = 0; i < n; i++) if (free[i]) direction[i]! += (alphas[m]! - b) * s[i]!;
    }
    let slope = 0;
    for (let i = 0; i < n; i++) slope += direction[i]! * gradient[i]!;
    if (!(slope < 0)) {
      if (steps.length === 0) break;
      steps.length = 0;
      changes.length = 0;
      curvature.length = 0;
      continue;
    }

    let step = 1;
    if (steps.length === 0) {
      // The first step moves the largest variable by about a tenth of the typical one.
      let largest = 0;
      let typical = 0;
      for (let i = 0; i < n; i++) {
        largest = Math.max(largest, Math.abs(direction[i]!));
        typical += Math.abs(x[i]!) / n;
      }
      step = (0.1 * (typical > 0 ? typical : 1)) / largest;
    }
    let accepted = false;
    let trialValue = value;
    while (evaluations < options.maxEvaluations) {
      let decrease = 0;
      for (let i = 0; i < n; i++) {
        const next = x[i]! + step * direction[i]!;
        trial[i] = next > 0 ? next : 0;
        decrease += gradient[i]! * (trial[i]! - x[i]!);
      }
      trialValue = f(trial, trialGradient);
      evaluations++;
      if (trialValue <= value + 1e-4 * decrease) {
        accepted = true;
        break;
      }
      step *= 0.4;
      if (step < 1e-12) break;
    }
    if (!accepted) {
      if (steps.length === 0) break;
      steps.length = 0;
      changes.length = 0;
      curvature.length = 0;
      continue;
    }
    const s = steps.length === MEMORY ? steps.shift()! : new Float64Array(n);
    const y = changes.length === MEMORY ? changes.shift()! : new Float64Array(n);
    if (curvature.length === MEMORY) curvature.shift();
    let sy = 0;
    let yy = 0;
    for (let i = 0; i < n; i++) {
      s[i] = trial[i]! - x[i]!;
      y[i] = trialGradient[i]! - gradient[i]!;
      sy += s[i]! * y[i]!;
      yy += y[i]! * y[i]!;
    }
    if (sy > 1e-12 * yy) {
      steps.push(s);
      changes.push(y);
      curvature.push(sy);
    }
    x.set(trial);
    gradient.set(trialGradient);
    value = trialValue;
    history.push(value);
    if (history.length > 10) {
      const old = history[history.length - 11]!;
      if (old - value < options.valueTolerance * Math.abs(value)) break;
    }
  }
  return { value, evaluations };
}
