/** The constraints in force, a sentence each. */
import { toDecimals } from '../core/rounding.js';
import type { ListedConstraint } from '../plan/evaluation/constraint-list.js';

/** One sentence per constraint. */
export function constraintListSentences(constraints: readonly ListedConstraint[]): string[] {
  return constraints.map((constraint) => {
    const { force, field, basis, voxels, strictest, leaves, shifts } = constraint;
    const under = shifts === 0 ? '' : `, also under ${shifts} shifts`;
    const counts =
      leaves === null
        ? 'nowhere the strictest'
        : `strictest in ${strictest} of ${voxels} voxels, where it leaves ${span(...leaves)} Gy of this course`;
    return `${nameOfConstraint(constraint)} (${force}${under}; ${field}, ${basis}): ${counts}.`;
  });
}

/** `SpinalCord Max <= 29.8 Gy`, `SpinalCord Max <= 70 Gy EQD2/2 of all courses` */
export function nameOfConstraint({ structure, metric, limit, quantity, alphaBeta, courses }: ListedConstraint): string {
  const scale = quantity === 'physical' ? '' : ` EQD2/${alphaBeta}`;
  return `${structure} ${metric} <= ${number(limit)} Gy${scale} of ${courses === 'all' ? 'all courses' : 'this course'}`;
}

/** Where a default takes the place of the cap that the case sets: said, and how it is lifted. */
export function overruledCap(constraints: readonly ListedConstraint[]): string | undefined {
  const cap = constraints.find(({ field }) => field === 'cordCap');
  if (cap === undefined || cap.origin !== 'case' || cap.strictest > 0) return undefined;
  const others = constraints.filter(({ structure, strictest, field, origin }) => {
    return structure === cap.structure && field !== 'cordCap' && strictest > 0 && origin === 'default';
  });
  if (others.length === 0) return undefined;
  const names = others.map(nameOfConstraint).join(' and ');
  return `The cap of ${number(cap.limit)} Gy that the case sets on ${cap.structure} holds nothing back: ${names}, by default after a prior course, is stricter everywhere. Set retreatment.bounds to change that; [] means none.`;
}

const number = (value: number): string => String(toDecimals(value, 2));

const span = (from: number, to: number): string =>
  to - from < 0.005 ? from.toFixed(2) : `${from.toFixed(2)} to ${to.toFixed(2)}`;
