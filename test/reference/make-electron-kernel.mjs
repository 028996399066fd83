// Writes src/machine/electron-kernel.ts from the Monte Carlo kernel of water.
// Usage, after `npm run build`: node test/reference/make-electron-kernel.mjs DIR_WITH_MONTECARLO
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { slabMachine } from '../../dist/validate/slabs.js';

const directory = process.argv[2] ?? new URL('../../../shared/reference', import.meta.url).pathname;
const { kernel } = slabMachine((path) => readFileSync(join(directory, path)));
const { depths, widths, amplitudes, scatter } = kernel;
const DEPTHS = [0, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 250, 280];
const electrons = depths.map((_, i) => amplitudes[i].map((a, j) => a - scatter[i][j]));
const used = widths.filter((_, j) => electrons.some((row) => row[j] > 1e-3 * Math.max(...row)));
const at = (list, depth) => {
  const i = Math.max(
    1,
    depths.findIndex((d) => d >= depth),
  );
  const t = Math.max(0, (depth - depths[i - 1]) / (depths[i] - depths[i - 1]));
  return list[i - 1].map((a, j) => (1 - t) * a + t * list[i][j]);
};
const round = (x) => Number(x.toFixed(4));
const rows = DEPTHS.map((depth) => {
  const row = at(electrons, depth).slice(0, used.length);
  const sum = row.reduce((a, b) => a + b, 0);
  return row.map((a) => round(a / sum));
});
const shares = DEPTHS.map((depth) => {
  const [s, a] = [at(scatter, depth), at(amplitudes, depth)];
  return widths.map((_, j) => (a[j] > 0 ? round(s[j] / a[j]) : 1));
});
const format = (list) => `[\n${list.map((row) => `    [${row.join(', ')}],`).join('\n')}\n  ]`;
writeFileSync(
  new URL('../../src/machine/electron-kernel.ts', import.meta.url),
  `/**
 * The lateral spread of dose by electrons in water: shares of Gaussians by depth, made by
 * test/reference/make-electron-kernel.mjs from our own EGSnrc simulation of a 6 MV pencil beam (24 million photons or more).
 *
 * A measured machine does not resolve it: fields of centimetres and a source of millimetres hide the electrons' millimetre.
 * It is the same for all 6 MV beams to the accuracy needed here, and what lung stretches.
 */

// biome-ignore format: generated
export const electronKernel = {
  /** mm of water */
  depths: [${DEPTHS.join(', ')}],
  /** Standard deviations, mm of water. */
  widths: [${used.join(', ')}],
  /** [depth][width], each row sums to 1. */
  shares: ${format(rows)},
} as const;
`,
);
console.log(shares.map((row) => row.join(' ')).join('\n'));
