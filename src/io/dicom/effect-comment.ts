/** What the DoseComment of a written dose says of its quantity, and that read again: 64 characters of which the label is a part. */
import type { DoseMeaning } from '../../geometry/volume.js';

const REFERENCE = { eqd2: '2 Gy/fraction', bed: 'endless fractions' };
const LABEL = 'RESEARCH ONLY';

/** `EQD2, alpha/beta 2 Gy, 2 Gy/fraction. RESEARCH ONLY` */
export function effectComment({ quantity, alphaBeta, fractions }: DoseMeaning): string {
  const parts =
    quantity === 'physical'
      ? ['Physical dose', ...(fractions === undefined ? [] : [`${fractions} fractions`])]
      : [quantity.toUpperCase(), `alpha/beta ${alphaBeta} Gy`, REFERENCE[quantity]];
  return `${parts.join(', ')}. ${LABEL}`;
}

/** The same as sentences. */
export function effectStatement({ quantity, alphaBeta, fractions }: DoseMeaning): string {
  if (quantity === 'physical') {
    const over = fractions === undefined ? '' : ` over ${fractions} fractions`;
    return `Physical dose in Gy, total of the course${over}.`;
  }
  const what =
    quantity === 'eqd2'
      ? 'EQD2 in Gy: the dose in fractions of 2 Gy with the same effect'
      : 'BED in Gy: the dose in endlessly many small fractions with the same effect';
  return `${what} by the linear-quadratic model, alpha/beta ${alphaBeta} Gy, no recovery. No physical dose.`;
}

/** What {@link effectComment} says; undefined where a comment is none of its. */
export function meaningOfComment(comment: string): DoseMeaning | undefined {
  const physical = /^Physical dose(?:, (\d+) fractions)?\. RESEARCH ONLY$/.exec(comment);
  if (physical) return { quantity: 'physical', ...(physical[1] !== undefined && { fractions: Number(physical[1]) }) };
  const effect = /^(EQD2|BED), alpha\/beta (\d+(?:\.\d+)?(?:e-?\d+)?) Gy, .*\. RESEARCH ONLY$/.exec(comment);
  if (!effect) return undefined;
  return { quantity: effect[1] === 'BED' ? 'bed' : 'eqd2', alphaBeta: Number(effect[2]) };
}
