/** Linear, quadratic and mixed-integer programs in HiGHS, the independent solver of the optimiser's tests. */
import highsLoader, { type LegacyHighs } from 'highs';

// Its types describe the module, not its default export, to a NodeNext compiler.
export const loadHighs = (): Promise<LegacyHighs> => (highsLoader as unknown as () => Promise<LegacyHighs>)();

/** sum_j row_j name_j, as HiGHS reads it. */
export const sum = (row: readonly number[], name = 'w'): string =>
  row
    .map((a, j) => `${a < 0 ? '-' : '+'} ${Math.abs(a)} ${name}${j}`)
    .join(' ')
    .replace(/^\+ /, '');

/** The mean of some rows of a matrix. */
export const meanRow = (A: readonly (readonly number[])[], rows: ArrayLike<number>): number[] =>
  A[0]!.map((_, j) => Array.from(rows).reduce((total, i) => total + A[i]![j]! / rows.length, 0));
