/** Structures are found by their exact names; a name that is not there is answered with those that look like it. */

/** More names than this are not listed in a message. */
const LISTED = 12;

/** `no structure "Spinal cord", did you mean "SpinalCord"?`, or, where nothing is near, `...; there are BODY, PTV.` */
export function missingStructure(name: string, known: readonly string[]): string {
  const near = nearNames(name, known);
  if (near.length > 0) return `no structure "${name}", did you mean ${near.map((n) => `"${n}"`).join(' or ')}?`;
  const more = known.length > LISTED ? ` and ${known.length - LISTED} more` : '';
  return `no structure "${name}"; there are ${known.slice(0, LISTED).join(', ') || 'none'}${more}.`;
}

/** Names that differ in case, spaces and punctuation only, or else by one or two letters. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const wanted = plain(name);
  const alike = known.filter((other) => plain(other) === wanted);
  if (alike.length > 0) return alike;
  const allowed = wanted.length < 6 ? 1 : 2;
  return known.filter((other) => editDistance(plain(other), wanted) <= allowed);
}

/** Letters to insert, delete or replace (Levenshtein). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
    row = next;
  }
  return row[b.length]!;
}
