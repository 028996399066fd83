/**
 * The fluence of an open rectangle seen through one Gaussian: the building block of the model, in closed form.
 *
 *     E(u, v) = integral over the rectangle of Psi(x, y) G(u - x; sx) G(v - y; sy) dx dy
 *
 * with Psi the in-air fluence, taken constant in cells of at most 5 mm (error below 1e-4 of a real horn, which bends by
 * less than 1e-4 per mm^2). {@link openFieldDose} sums these over the kernel's widths: the direct summation that the fast
 * engine is tested against, and what commissioning fits.
 */
import { gaussianInterval } from '../core/error-function.js';
import { UnsupportedError } from '../core/errors.js';
import { interpolateCubic, interpolateLinear, pchipSlopes } from '../core/interpolate.js';
import { blurVariance, type Machine } from './machine.js';

/** Edges in the isocentre plane, mm. */
export interface FieldRectangle {
  readonly x1: number;
  readonly x2: number;
  readonly y1: number;
  readonly y2: number;
}

const CELL = 5;

/** A centred square. */
export function squareField(side: number): FieldRectangle {
  return { x1: -side / 2, x2: side / 2, y1: -side / 2, y2: side / 2 };
}

/** E at (u, v), mm in the isocentre plane, for Gaussians of standard deviations `sigmaX`, `sigmaY` (0: a point). */
export function fieldIntegral(
  fluence: Machine['primaryFluence'],
  field: FieldRectangle,
  sigmaX: number,
  sigmaY: number,
  u = 0,
  v = 0,
): number {
  const nx = Math.max(1, Math.ceil((field.x2 - field.x1) / CELL));
  const ny = Math.max(1, Math.ceil((field.y2 - field.y1) / CELL));
  const dx = (field.x2 - field.x1) / nx;
  const dy = (field.y2 - field.y1) / ny;
  const fraction = (from: number, step: number, n: number, at: number, sigma: number): Float64Array =>
    Float64Array.from({ length: n }, (_, i) =>
      gaussianInterval(at - from - (i + 1) * step, at - from - i * step, sigma),
    );
  const gx = fraction(field.x1, dx, nx, u, sigmaX);
  const gy = fraction(field.y1, dy, ny, v, sigmaY);
  let sum = 0;
  for (let j = 0; j < ny; j++) {
    if (gy[j]! === 0) continue;
    const y = field.y1 + (j + 0.5) * dy;
    for (let i = 0; i < nx; i++) {
      if (gx[i]! === 0) continue;
      const x = field.x1 + (i + 0.5) * dx;
      sum += gx[i]! * gy[j]! * interpolateLinear(fluence.radius, fluence.value, Math.hypot(x, y));
    }
  }
  return sum;
}

/** A_j(d) between the kernel's depths: shape-preserving cubic, and beyond the last depth the attenuation of the last 50 mm. */
export function amplitudesAt(machine: Machine): (depth: number) => Float64Array {
  return between(machine, machine.kernel.amplitudes);
}

/**
 * The weights of the kernel's two parts at a depth; their sum is {@link amplitudesAt}.
 *
 * @throws {UnsupportedError} if the machine does not tell scatter from electrons
 */
export function partsAt(machine: Machine): (depth: number) => { electrons: Float64Array; scatter: Float64Array } {
  const { scatter: rows } = machine.kernel;
  if (rows === undefined) {
    throw new UnsupportedError(
      `machine ${machine.name}: its kernel does not tell scatter from electrons, which scaling with density needs. Commission it again, or set heterogeneity to "depth".`,
    );
  }
  const all = amplitudesAt(machine);
  const scattered = between(machine, rows);
  return (depth) => {
    const electrons = all(depth);
    const scatter = scattered(depth);
    for (let j = 0; j < electrons.length; j++) electrons[j]! -= scatter[j]!;
    return { electrons, scatter };
  };
}

function between(machine: Machine, rows: readonly (readonly number[])[]): (depth: number) => Float64Array {
  const { depths, amplitudes, widths } = machine.kernel;
  const columns = widths.map((_, j) => rows.map((row) => row[j]!));
  const slopes = columns.map((column) => pchipSlopes(depths, column));
  const last = depths[depths.length - 1]!;
  const back = depths.findIndex((depth) => depth >= last - 50);
  const total = (i: number): number => amplitudes[i]!.reduce((a, b) => a + b, 0);
  const attenuation = Math.log(total(back) / total(depths.length - 1)) / (last - depths[back]!);
  return (depth) => {
    const beyond = depth > last ? Math.exp(-attenuation * (depth - last)) : 1;
    const out = new Float64Array(columns.length);
    for (let j = 0; j < out.length; j++) out[j] = beyond * interpolateCubic(depths, columns[j]!, slopes[j]!, depth);
    return out;
  };
}

/**
 * Dose of an open field in water with a flat surface across the central ray, by direct summation, Gy per monitor unit.
 *
 * @param ssd source-surface distance, mm
 * @param depth below the surface along the central ray, mm
 * @param u,v position in that plane as projected on the isocentre plane, mm
 */
export function openFieldDose(
  machine: Machine,
  field: FieldRectangle,
  ssd: number,
  depth: number,
  u = 0,
  v = 0,
): number {
  const { sad, kernel } = machine;
  const slant = Math.sqrt(1 + (u * u + v * v) / (sad * sad));
  const toSource = ssd + depth;
  const scale = sad / toSource;
  const blurX = blurVariance(machine, 0, toSource);
  const blurY = blurVariance(machine, 1, toSource);
  const A = amplitudesAt(machine)(depth * slant);
  let sum = 0;
  kernel.widths.forEach((width, j) => {
    if (A[j] === 0) return;
    const w2 = (width * scale) ** 2;
    sum += A[j]! * fieldIntegral(machine.primaryFluence, field, Math.sqrt(w2 + blurX), Math.sqrt(w2 + blurY), u, v);
  });
  return (sum * scale * scale) / (slant * slant);
}
