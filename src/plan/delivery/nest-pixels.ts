/** The pixels within conformal openings, and the shapes of leaves that collect most of their prices. */
import { type Aperture, apertureBounds, createAperture } from '../../beam/aperture.js';
import type { Beam } from '../../beam/beam.js';
import { type Block, blockedFluence } from '../../beam/block.js';
import { type FluenceGrid, pixelCount } from '../../beam/fluence.js';
import { edgeAt } from '../../beam/pixel-fluence.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import { bestShape } from '../../sequence/best-shape.js';
import type { LeafField } from '../../sequence/leaf-field.js';

/** Pixels along the leaves' travel, mm. */
const PIXEL = 5;
/** Least pixels between the ends of a pair that is open. */
const LEAST = 2;
/** What no shape may open. */
const FORBIDDEN = -1e12;

/** The pixels of a conformal opening, row by leaf pair. */
export interface NestField extends LeafField {
  readonly modulated: ModulatedBeam;
  /** First leaf pair of the rows. */
  readonly first: number;
  /** Of every pixel, what comes through a block. */
  readonly behind: Float64Array;
}

/** The pixels within each conformal opening: a row for each leaf pair, those that are at least half open. */
export function nestsOf(
  open: readonly { readonly beam: Beam; readonly aperture: Aperture; readonly block?: Block | undefined }[],
): NestField[] {
  let beamletCount = 0;
  return open.map(({ beam, aperture, block }): NestField => {
    const { bank, leaves } = aperture;
    const bounds = apertureBounds(aperture)!;
    const first = bank.boundaries.findIndex((_, n) => bank.boundaries[n + 1]! > bounds.y1 + 1e-6);
    const end = bank.boundaries.findLastIndex((y) => y < bounds.y2 - 1e-6) + 1;
    const x = pixelEdges(bounds.x1, bounds.x2);
    const columns = x.length - 1;
    const beamlets = new Int32Array((end - first) * columns).fill(-1);
    const pixels: number[] = [];
    for (let n = first; n < end; n++) {
      const [x1, x2] = leaves[n]!;
      for (let i = 0; i < columns; i++) {
        const within = Math.min(x2, x[i + 1]!) - Math.max(x1, x[i]!);
        if (within < (x[i + 1]! - x[i]!) / 2) continue;
        const pixel = i + columns * (n - first);
        beamlets[pixel] = beamletCount++;
        pixels.push(pixel);
      }
    }
    const y = Float64Array.from(bank.boundaries.slice(first, end + 1));
    const modulated = { beam, beamlets: { grid: { x, y }, pixels: Int32Array.from(pixels) } };
    return { rows: end - first, columns, beamlets, modulated, first, behind: throughBlock({ x, y }, block) };
  });
}

/** The mean over every pixel of what a block lets through. */
function throughBlock(grid: FluenceGrid, block: Block | undefined): Float64Array {
  const open = new Float64Array(pixelCount(grid)).fill(1);
  if (block === undefined) return open;
  const { grid: fine, weights } = blockedFluence({ grid, weights: open }, block);
  const out = new Float64Array(open.length);
  const columns = grid.x.length - 1;
  const across = fine.x.length - 1;
  weights.forEach((weight, p) => {
    const [i, j] = [p % across, Math.floor(p / across)];
    const [width, height] = [fine.x[i + 1]! - fine.x[i]!, fine.y[j + 1]! - fine.y[j]!];
    const [a, b] = [edgeAt(grid.x, fine.x[i]!), edgeAt(grid.y, fine.y[j]!)];
    const area = (grid.x[a + 1]! - grid.x[a]!) * (grid.y[b + 1]! - grid.y[b]!);
    out[a + columns * b]! += (weight * width * height) / area;
  });
  return out;
}

/** Equal pixels of about {@link PIXEL}. */
function pixelEdges(from: number, to: number): Float64Array {
  const count = Math.max(1, Math.round((to - from) / PIXEL));
  return Float64Array.from({ length: count + 1 }, (_, i) => from + (i * (to - from)) / count);
}

/** The aperture that collects most within a conformal one; undefined where none collects anything. */
export function bestWithin(
  { rows, columns, beamlets, modulated, first }: NestField,
  aperture: Aperture,
  prices: Float64Array,
): Aperture | undefined {
  const own = Float64Array.from(beamlets, (b) => (b < 0 ? FORBIDDEN : prices[b]!));
  const { left, right, value } = bestShape(own, rows, { interleaf: true, least: LEAST });
  if (!(value > 0)) return undefined;
  const { x } = modulated.beamlets.grid;
  const isBeamlet = (i: number, j: number): boolean => j >= 0 && j < columns && beamlets[i * columns + j]! >= 0;
  const leaves = aperture.leaves.map(([x1, x2], n): [number, number] => {
    const i = Math.min(Math.max(n - first, 0), rows - 1);
    const [l, r] = [left[i]!, right[i]!];
    if (i !== n - first || r === l) return [x[l]!, x[l]!];
    // The outermost pixels end where the conformal leaves stand.
    return [isBeamlet(i, l - 1) ? x[l]! : x1, isBeamlet(i, r) ? x[r]! : x2];
  });
  const bounds = apertureBounds(createAperture(aperture.bank, leaves));
  return bounds && createAperture(aperture.bank, leaves, bounds);
}
