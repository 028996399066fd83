/**
 * The electrons' lateral spread at a depth of water.
 */
import { electronKernel } from './electron-kernel.js';

export { electronKernel };

/** Shares of the electrons' Gaussians at a depth, sum 1: linear between the table's depths, constant beyond. */
export function electronFractions(depth: number): number[] {
  const { depths, shares: fractions } = electronKernel;
  let i = 1;
  while (i < depths.length - 1 && depths[i]! < depth) i++;
  const t = Math.min(1, Math.max(0, (depth - depths[i - 1]!) / (depths[i]! - depths[i - 1]!)));
  return fractions[i]!.map((fraction, c) => (1 - t) * fractions[i - 1]![c]! + t * fraction);
}
