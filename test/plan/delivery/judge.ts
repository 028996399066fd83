/**
 * Judges control points as a machine would, from the RTPLAN alone: what no machine of these numbers can do between two of them is named.
 * It knows nothing of how they were made.
 */
import type { ControlPoint, TreatmentBeam } from '../../../src/io/dicom/treatment-plan.js';

export interface MachineNumbers {
  /** mm/s */
  readonly leafSpeed: number;
  /** MU/min */
  readonly doseRate: readonly [least: number, largest: number];
  /** degrees/s; undefined: the gantry stands. */
  readonly gantrySpeed?: number;
  /** mm */
  readonly gap: number;
  readonly interleaf: boolean;
}

/** Rounding of a file. */
const SLACK = 1e-6;

const leavesOf = ({ positions }: ControlPoint): [number[], number[]] => {
  const ends = positions.get('MLCX')!;
  return [ends.slice(0, ends.length / 2), ends.slice(ends.length / 2)];
};

/** What is wrong with where leaves stand. */
function wrongAt(point: ControlPoint, { gap, interleaf }: MachineNumbers): string[] {
  const [left, right] = leavesOf(point);
  return left.flatMap((x, n) => {
    const found: string[] = [];
    if (right[n]! - x < gap - SLACK) found.push(`pair ${n + 1} is ${right[n]! - x} mm open`);
    if (interleaf && n > 0 && (x > right[n - 1]! + SLACK || left[n - 1]! > right[n]! + SLACK)) {
      found.push(`pairs ${n} and ${n + 1} collide`);
    }
    return found;
  });
}

/**
 * @param units of one fraction, monitor units
 * @returns what is wrong, in words; and the least time in which all is possible, s
 */
export function judge(
  { controlPoints }: Pick<TreatmentBeam, 'controlPoints'>,
  units: number,
  machine: MachineNumbers,
): { wrong: string[]; seconds: number } {
  const { leafSpeed, doseRate, gantrySpeed } = machine;
  const wrong = controlPoints.flatMap((point, p) => wrongAt(point, machine).map((what) => `point ${p}: ${what}`));
  let seconds = 0;
  controlPoints.slice(1).forEach((to, p) => {
    const from = controlPoints[p]!;
    const given = units * (to.weight - from.weight);
    if (given < 0) wrong.push(`interval ${p}: ${given} MU`);
    const travel = leavesOf(from).flatMap((side, s) => side.map((x, n) => Math.abs(leavesOf(to)[s]![n]! - x)));
    const turned = Math.abs(((to.gantry - from.gantry + 540) % 360) - 180);
    if (turned > SLACK && gantrySpeed === undefined) wrong.push(`interval ${p}: the gantry turns`);
    const slowest = Math.max(Math.max(...travel) / leafSpeed, gantrySpeed === undefined ? 0 : turned / gantrySpeed);
    const needed = Math.max(slowest, (60 * given) / doseRate[1]);
    // In the least time; a longer one lowers the rate further.
    if (needed > 0 && (60 * given) / needed < doseRate[0] - SLACK) {
      wrong.push(`interval ${p}: ${(60 * given) / needed} MU/min in ${needed} s`);
    }
    seconds += needed;
  });
  return { wrong, seconds };
}
