/** Names that were probably meant where one is not there. */

/** Names that differ in case, spaces and punctuation only, or else by one letter or by two, a swap of neighbours counting as one. */
export function nearNames(name: string, known: readonly string[]): string[] {
  const plain = (text: string): string => text.toLowerCase().replace(/[^\p{L}\p{N}]/gu, '');
  const wanted = plain(name);
  const alike = known.filter((other) => plain(other) === wanted);
  if (alike.length > 0) return alike;
  const allowed = wanted.length < 6 ? 1 : 2;
  return known.filter((other) => editDistance(plain(other), wanted) <= allowed);
}

/** Letters to insert, delete, replace or swap with their neighbour (Levenshtein, optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, changed, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
