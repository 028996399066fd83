/**
 * The columns that commissioning fits, and the kernel that fitted columns make.
 *
 * A width of 0 stands for the electrons: one column for their whole mixture (`electron-kernel.ts`), whose weights no measured
 * table resolves. Every other width is one Gaussian of scatter.
 */
import { electronFractions, electronKernel } from './electrons.js';
import { fieldIntegral, squareField } from './field-integral.js';
import { blurVariance, type Machine, type PencilKernel } from './machine.js';

/** E[depth][field][column]: of centred squares, for the electrons (a width of 0) and every Gaussian. */
export function designOf(
  machine: Pick<Machine, 'sad' | 'penumbra' | 'primaryFluence'>,
  widths: readonly number[],
  depths: readonly number[],
  distances: readonly number[],
  fields: readonly { readonly side: number }[],
): number[][][] {
  const integrals = (toSource: number): { electrons: number[]; scatter: number[] }[] => {
    const blur = ([0, 1] as const).map((axis) => blurVariance(machine as Machine, axis, toSource));
    return fields.map(({ side }) => {
      const integral = (width: number): number => {
        const w2 = ((width * machine.sad) / toSource) ** 2;
        const [sx, sy] = [Math.sqrt(w2 + blur[0]!), Math.sqrt(w2 + blur[1]!)];
        return fieldIntegral(machine.primaryFluence, squareField(side), sx, sy);
      };
      return { electrons: electronKernel.widths.map(integral), scatter: widths.map(integral) };
    });
  };
  let known: ReturnType<typeof integrals> = [];
  return depths.map((depth, i) => {
    if (i === 0 || distances[i] !== distances[i - 1]) known = integrals(distances[i]!);
    if (widths[0] !== 0) return known.map(({ scatter }) => scatter);
    const fractions = electronFractions(depth);
    return known.map(({ electrons, scatter }) => [
      electrons.reduce((sum, e, c) => sum + fractions[c]! * e, 0),
      ...scatter.slice(1),
    ]);
  });
}

/** The fitted columns as a kernel: the electrons' column spread over their own Gaussians, all others scatter. */
export function kernelOf(
  depths: readonly number[],
  columns: readonly number[],
  weights: readonly number[][],
): PencilKernel {
  if (columns[0] !== 0) return { depths, widths: columns, amplitudes: weights };
  const widths = [...new Set([...electronKernel.widths, ...columns.slice(1)])].sort((a, b) => a - b);
  const scatter = weights.map((row) => {
    const out = widths.map(() => 0);
    for (let j = 1; j < columns.length; j++) out[widths.indexOf(columns[j]!)]! += row[j]!;
    return out;
  });
  const amplitudes = weights.map((row, i) => {
    const out = [...scatter[i]!];
    electronFractions(depths[i]!).forEach((fraction, c) => {
      out[widths.indexOf(electronKernel.widths[c]!)]! += fraction * row[0]!;
    });
    return out;
  });
  return { depths, widths, amplitudes, scatter };
}
