/**
 * The smooth worst case over scenarios, each with objectives of its own:
 *
 *     F = T log( mean_s exp(f_s / T) ),        max_s f_s - T log(S)  <=  F  <=  max_s f_s
 *
 * Convex where every f_s is; its gradient is the mean of theirs with the shares p_s ~ exp(f_s / T). As F never exceeds the
 * worst scenario, a lower bound of the best F is one of the best worst case too. T -> infinity is the mean of all scenarios.
 *
 *     F'' = sum_s p_s f_s'' + 1/T ( sum_s p_s g_s g_s' - g g' ),        g_s = f_s',  g = sum_s p_s g_s
 */
import { InvalidInputError } from '../../core/errors.js';
import { followLevel, type Objective, shown } from './objective.js';

/**
 * Smooth worst case over scenarios, in the unit of their objectives: `T log(mean exp(f_s / T))`, never above the worst. Convex.
 *
 * @param scenarios   the objectives of each, summed; convex, with their weights
 * @param temperature T, in the unit of the objectives, > 0; Infinity for the mean
 * @throws {InvalidInputError} without scenarios, or for an objective that is not convex
 */
export function worstCase(
  name: string,
  scenarios: readonly (readonly Objective[])[],
  temperature = Number.POSITIVE_INFINITY,
): Objective {
  check(name, scenarios, temperature);
  const count = scenarios.length;
  const isMean = temperature === Infinity;
  const valuesAt = (dose: Float64Array, gradients: readonly Float64Array[]): number[] =>
    scenarios.map((own, s) => own.reduce((sum, o) => sum + o.evaluate(dose, gradients[s]!), 0));
  const fractionsOf = (values: readonly number[]): { fractions: number[]; value: number } => {
    if (isMean) return { fractions: values.map(() => 1 / count), value: values.reduce((a, b) => a + b, 0) / count };
    const largest = Math.max(...values);
    const parts = values.map((f) => Math.exp((f - largest) / temperature));
    const sum = parts.reduce((a, b) => a + b, 0);
    return { fractions: parts.map((part) => part / sum), value: largest + temperature * Math.log(sum / count) };
  };
  const rows = rowsOfAll(scenarios.flat());
  // As long as the dose; made once.
  let gradients: Float64Array[] = [];
  let scratch = new Float64Array(0);
  const at = (dose: Float64Array) => {
    if (scratch.length !== dose.length) {
      gradients = scenarios.map(() => new Float64Array(dose.length));
      scratch = new Float64Array(dose.length);
    }
    for (const own of gradients) own.fill(0);
    return { ...fractionsOf(valuesAt(dose, gradients)), gradients };
  };
  return {
    name,
    weight: 1,
    isConvex: true,
    isRising: scenarios.every((own) => own.every((o) => o.isRising === true)),
    ...(rows === undefined ? {} : { rows }),
    describe() {
      const first = scenarios[0]!.map((o) => o.describe()).join(' + ');
      return isMean
        ? `mean over ${count} scenarios of (${first})`
        : `${shown(temperature)} log(mean over ${count} scenarios of exp((${first}) / ${shown(temperature)}))`;
    },
    evaluate(dose, gradient) {
      const { fractions, value, gradients } = at(dose);
      gradients.forEach((own, s) => {
        for (let i = 0; i < own.length; i++) gradient[i]! += fractions[s]! * own[i]!;
      });
      return value;
    },
    addCurvature(dose, out) {
      const { fractions } = at(dose);
      scenarios.forEach((own, s) => {
        scratch.fill(0);
        for (const o of own) o.addCurvature(dose, scratch);
        for (let i = 0; i < out.length; i++) out[i]! += fractions[s]! * scratch[i]!;
      });
    },
    addCoupling(dose, direction, out) {
      if (isMean && scenarios.every((own) => own.every((o) => o.addCoupling === undefined))) return;
      const { fractions, gradients } = at(dose);
      scenarios.forEach((own, s) => {
        if (own.every((o) => o.addCoupling === undefined)) return;
        scratch.fill(0);
        for (const o of own) o.addCoupling?.(dose, direction, scratch);
        for (let i = 0; i < out.length; i++) out[i]! += fractions[s]! * scratch[i]!;
      });
      if (isMean) return;
      const along = gradients.map((own) => own.reduce((sum, g, i) => sum + g * direction[i]!, 0));
      const mean = along.reduce((sum, a, s) => sum + fractions[s]! * a, 0);
      gradients.forEach((own, s) => {
        const k = (fractions[s]! * (along[s]! - mean)) / temperature;
        for (let i = 0; i < out.length; i++) out[i]! += k * own[i]!;
      });
    },
    withLevel: (from, to) => {
      const moved = scenarios.map((own) => followLevel(own, from, to));
      return worstCase(name, moved, temperature);
    },
  };
}

/** Undefined where one of the objectives does not tell its rows. */
function rowsOfAll(objectives: readonly Objective[]): Int32Array | undefined {
  const all = new Set<number>();
  for (const { rows } of objectives) {
    if (rows === undefined) return undefined;
    for (const row of rows) all.add(row);
  }
  return Int32Array.from(all);
}

function check(name: string, scenarios: readonly (readonly Objective[])[], temperature: number): void {
  if (scenarios.length === 0 || scenarios.some((own) => own.length === 0)) {
    throw new InvalidInputError(
      `objective "${name}": a scenario has no objective, or there is none. Give at least one for each.`,
    );
  }
  if (!(temperature > 0)) {
    throw new InvalidInputError(`objective "${name}": the temperature is ${temperature}, but must be > 0.`);
  }
  const other = scenarios.flat().find((o) => !o.isConvex);
  if (other !== undefined) {
    throw new InvalidInputError(
      `objective "${name}": "${other.name}" is not convex, so that no worst case of it can be proven. Leave it out.`,
    );
  }
}
