/**
 * Matrix Market, coordinate format: text that Julia, MATLAB, Octave and SciPy read.
 *
 * @see https://math.nist.gov/MatrixMarket/formats.html
 */
import type { SparseColumns } from './npy.js';

/** Entries of a part of the text. */
const AT_ONCE = 50_000;

/**
 * The text of a sparse matrix, part by part, column by column; rows and columns count from 1. Values are the shortest decimals that are
 * the same number again.
 *
 * @param comments lines after the banner
 */
export function* encodeMatrixMarket(matrix: SparseColumns, comments: readonly string[]): Generator<Uint8Array> {
  const { rows, columns, pointers, rowIndex, values } = matrix;
  const encoder = new TextEncoder();
  const head = ['%%MatrixMarket matrix coordinate real general', ...comments.map((line) => `% ${line}`)];
  let lines = [...head, `${rows} ${columns} ${pointers[columns]}`];
  let column = 0;
  let entry = 0;
  for (const [p, part] of rowIndex.entries()) {
    const own = values[p]!;
    const shown = own instanceof Float32Array ? shortest : String;
    for (let q = 0; q < part.length; q++, entry++) {
      while (entry >= pointers[column + 1]!) column++;
      lines.push(`${part[q]! + 1} ${column + 1} ${shown(own[q]!)}`);
      if (lines.length < AT_ONCE) continue;
      yield encoder.encode(`${lines.join('\n')}\n`);
      lines = [];
    }
  }
  if (lines.length > 0) yield encoder.encode(`${lines.join('\n')}\n`);
}

/** Nine digits tell every Float32 from its neighbours. */
const shortest = (value: number): string => value.toPrecision(9);
