/**
 * From HU to electron density relative to water (RED): a calibration table, linear between its points.
 *
 * Beyond the ends the density is constant: below -1024 HU there is only padding, above 3000 HU only metal that the
 * scanner has saturated. Give metal a density override instead.
 */
import { InvalidInputError } from '../core/errors.js';
import { interpolateLinear } from '../core/interpolate.js';
import { checkSameGrid } from '../geometry/grid.js';
import { createVolume, type Volume } from '../geometry/volume.js';

/** Pairs of HU and RED, rising in HU. */
export type HounsfieldTable = readonly (readonly [hu: number, red: number])[];

/** Electron densities of matRad's `matRad_default.hlut`: a generic scanner at 120 kV. Calibrate your own before use. */
export const defaultHounsfieldTable: HounsfieldTable = [
  [-1024, 0.001],
  [-999, 0.001],
  [-90, 0.95],
  [-45, 0.99],
  [0, 1],
  [100, 1.095],
  [350, 1.199],
  [3000, 2.505],
];

/** @throws {InvalidInputError} unless there are two pairs or more, HU rise strictly and every RED is finite and >= 0 */
export function checkHounsfieldTable(table: HounsfieldTable): HounsfieldTable {
  if (table.length < 2) {
    throw new InvalidInputError(
      `hounsfield table: ${table.length} pairs, but at least 2 are needed. Add [HU, RED] pairs.`,
    );
  }
  table.forEach(([hu, red], i) => {
    const pair = `pair ${i + 1} [${hu}, ${red}]`;
    if (!Number.isFinite(hu) || !Number.isFinite(red) || red < 0) {
      throw new InvalidInputError(`hounsfield table: ${pair} must be a finite HU and a density >= 0. Mend it.`);
    }
    if (i > 0 && !(hu > table[i - 1]![0])) {
      throw new InvalidInputError(
        `hounsfield table: ${pair} follows [${table[i - 1]!.join(', ')}], but HU must rise strictly. Sort the table.`,
      );
    }
  });
  return table;
}

/**
 * Electron density of every voxel of a CT.
 *
 * Whole HU within the table are looked up, the rest is interpolated: O(voxels), about 3 ns each.
 *
 * @param ct HU, shape [nz, ny, nx]; finite
 * @param table rising in HU; constant beyond its ends. @default defaultHounsfieldTable
 * @param out relative electron density on the same grid; overwritten and returned
 * @throws {InvalidInputError} for a bad table, a HU that is not finite, or an `out` on another grid
 */
export function densityOfHounsfield(
  ct: Volume<'hounsfield'>,
  table: HounsfieldTable = defaultHounsfieldTable,
  out: Volume<'density'> = createVolume('density', ct.grid),
): Volume<'density'> {
  checkHounsfieldTable(table);
  checkSameGrid('density: the CT and `out`', ct.grid, out.grid);
  const hu = Float64Array.from(table, (pair) => pair[0]);
  const red = Float64Array.from(table, (pair) => pair[1]);
  const low = Math.ceil(hu[0]!);
  // A table in odd units must not ask for a giant lookup.
  const count = Math.max(0, Math.min(Math.floor(hu[hu.length - 1]!) - low + 1, 1 << 17));
  const whole = Float32Array.from({ length: count }, (_, i) => interpolateLinear(hu, red, low + i));
  const from = ct.data;
  const to = out.data;
  for (let i = 0; i < from.length; i++) {
    const value = from[i]!;
    const index = value - low;
    if (index >= 0 && index < count && index === Math.floor(index)) to[i] = whole[index]!;
    else if (Number.isFinite(value)) to[i] = interpolateLinear(hu, red, value);
    else throw new InvalidInputError(`density: voxel ${i} of the CT is ${value}, but must be finite. Mend it first.`);
  }
  return out;
}
