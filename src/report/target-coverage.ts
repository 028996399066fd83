import type { TargetReport } from '../evaluate/target-coverage.js';
import { inWords } from './numbers.js';

/** For the terminal. */
export function targetSummary({ target, conformity: c, cord, fallOff, remarks }: TargetReport): string {
  const lines: string[] = [];
  const n = (value: number | null, digits = 2): string => inWords(value, digits);
  if (c) {
    lines.push(
      `${target}: isodose ${n(c.isodose)} Gy, coverage ${n(100 * c.coverage, 1)} %, Paddick ${n(c.paddick)}, RTOG ${n(c.rtog)}, HI ${n(c.homogeneity, 3)}`,
      `${target}: R50 ${n(c.r50)}, gradient index ${n(c.gradientIndex)}, gradient distance ${n(c.gradientDistance, 1)} mm`,
    );
  }
  if (fallOff) {
    const { distance, nearest, steepest, median } = fallOff;
    const across =
      nearest === null
        ? 'no gap within 10 mm'
        : `${n(nearest.targetDose)} to ${n(nearest.organDose)} Gy, ${n(nearest.perMm)} Gy/mm there, ${n(median)} median, ${n(steepest)} steepest`;
    const apart = distance > 0 ? `${n(distance)} mm at least` : `they overlap, ${n(distance)} mm`;
    lines.push(`${target} to ${cord}: ${apart}; ${across}`);
  }
  return [...lines, ...remarks].map((line) => `${line}\n`).join('');
}
