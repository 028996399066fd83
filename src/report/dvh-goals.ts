/** Goals as points of a DVH: a dose, and the percent of the structure that may, or must, have it. */
import type { Dvh } from '../evaluate/dvh.js';
import type { GoalResult } from '../evaluate/goal.js';
import { parseMetric } from '../evaluate/metric-parser.js';
import type { DvhGoal } from '../render/dvh-plot.js';

/** Undefined where a goal is no point of the curve: of a mean or gEUD, in EQD2, of a volume that is spared. */
export function goalPoint(
  { structure, metric: text, limit, result, value, unit: named }: Omit<GoalResult, 'unit'> & { readonly unit: string },
  dvh: Dvh | undefined,
  prescription: number,
): Omit<DvhGoal, 'color'> | undefined {
  if (dvh === undefined || value === null || result === 'not evaluable' || named === 'months') return undefined;
  const { kind, at, scale, unit } = parseMetric(text);
  if (scale !== undefined) return undefined;
  const gray = (amount: number, of: string): number => (of === '%' ? (amount / 100) * prescription : amount);
  const percent = (amount: number, of: string): number => (of === 'cc' ? (100 * amount) / dvh.volumeCc : amount);
  const isMet = result !== 'fail';
  switch (kind) {
    case 'D':
      return { structure, isMet, dose: gray(limit, unit), volume: percent(at!.value, at!.unit) };
    case 'V':
      return { structure, isMet, dose: gray(at!.value, at!.unit), volume: percent(limit, unit) };
    case 'Max':
      return { structure, isMet, dose: gray(limit, unit), volume: 0 };
    case 'Min':
      return { structure, isMet, dose: gray(limit, unit), volume: 100 };
    default:
      return undefined;
  }
}
