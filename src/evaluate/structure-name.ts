/** Structures are found by their exact names; a name that is not there is answered with those that look like it. */
import { nearNames } from '../core/near-names.js';

/** More names than this are not listed in a message. */
const LISTED = 12;

/** Of a structure that a file holds but that cannot be used: `"A" cannot be used: a contour of it spans ... and is not axial`. */
export function whyUnfit(name: string, unfit: Readonly<Record<string, string>> = {}): string | undefined {
  return Object.hasOwn(unfit, name) ? `"${name}" cannot be used: ${unfit[name]}` : undefined;
}

/** `no structure "Spinal cord", did you mean "SpinalCord"?`, or, where nothing is near, `...; there are BODY, PTV.` */
export function missingStructure(name: string, known: readonly string[]): string {
  const near = nearNames(name, known);
  if (near.length > 0) return `no structure "${name}", did you mean ${near.map((n) => `"${n}"`).join(' or ')}?`;
  const more = known.length > LISTED ? ` and ${known.length - LISTED} more` : '';
  return `no structure "${name}"; there are ${known.slice(0, LISTED).join(', ') || 'none'}${more}.`;
}
