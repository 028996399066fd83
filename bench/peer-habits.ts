/**
 * The influence as the peer computes it: ours, with its three habits. Every beamlet sits 0.25 mm low on both axes of the beam, the inverse square
 * takes the distance along the beam's axis, and a beamlet's dose ends 50 mm + 5 / sqrt 2 mm from its middle. As numbers, 0.4 GB for the C-shape.
 */
import type { Beam, BeamletSet } from 'respine/dose';

interface ModulatedBeam {
  readonly beam: Beam;
  readonly beamlets: BeamletSet;
}

const SHIFT = 0.25;
const CUT_OFF = 50 + 5 / Math.SQRT2;

/** The beams with their beamlets where the peer has them. */
export const shiftedBeams = (beams: readonly ModulatedBeam[]): ModulatedBeam[] =>
  beams.map(({ beam, beamlets: { grid, pixels } }) => {
    const moved = { ...grid, x: grid.x.map((x) => x - SHIFT), y: grid.y.map((y) => y - SHIFT) };
    return { beam, beamlets: { grid: moved, pixels } };
  });

/**
 * Gives the other two habits to a matrix of the shifted beams, in place.
 *
 * @param matrix row after row
 * @param points x, y, z triples in LPS, mm: the rows
 */
export function addHabits(matrix: Float32Array, beams: readonly ModulatedBeam[], points: Float64Array): void {
  const columns = beams.reduce((sum, { beamlets }) => sum + beamlets.pixels.length, 0);
  let offset = 0;
  for (const { beam, beamlets } of beams) {
    const { beamFromPatient: m, sad } = beam.frame;
    const { x, y } = beamlets.grid;
    const across = x.length - 1;
    const middles = Array.from(beamlets.pixels, (pixel): [number, number] => {
      const [i, j] = [pixel % across, Math.floor(pixel / across)];
      return [(x[i]! + x[i + 1]!) / 2, (y[j]! + y[j + 1]!) / 2];
    });
    for (let r = 0; 3 * r < points.length; r++) {
      const [px, py, pz] = [points[3 * r]!, points[3 * r + 1]!, points[3 * r + 2]!];
      const scale = sad / (sad - (m[2]! * px + m[6]! * py + m[10]! * pz + m[14]!));
      const u = (m[0]! * px + m[4]! * py + m[8]! * pz + m[12]!) * scale;
      const v = (m[1]! * px + m[5]! * py + m[9]! * pz + m[13]!) * scale;
      const axial = 1 + (u * u + v * v) / sad ** 2;
      const at = r * columns + offset;
      for (let c = 0; c < middles.length; c++) {
        const [mu, mv] = middles[c]!;
        const isCut = (u - mu) ** 2 + (v - mv) ** 2 > CUT_OFF ** 2;
        matrix[at + c] = isCut ? 0 : matrix[at + c]! * axial;
      }
    }
    offset += middles.length;
  }
}

/** A matrix as the optimiser takes it. */
export class MatrixOperator {
  constructor(
    readonly matrix: Float32Array,
    readonly rows: number,
    readonly columns: number,
  ) {}

  apply(weights: Float64Array, out: Float64Array): Float64Array {
    const { matrix, rows, columns } = this;
    for (let r = 0; r < rows; r++) {
      let sum = 0;
      for (let c = 0, at = r * columns; c < columns; c++, at++) sum += matrix[at]! * weights[c]!;
      out[r] = sum;
    }
    return out;
  }

  applyTranspose(values: Float64Array, out: Float64Array): Float64Array {
    const { matrix, rows, columns } = this;
    out.fill(0);
    for (let r = 0; r < rows; r++) {
      const value = values[r]!;
      if (value === 0) continue;
      for (let c = 0, at = r * columns; c < columns; c++, at++) out[c]! += value * matrix[at]!;
    }
    return out;
  }

  /** Some rows of it. */
  readRows(which: Int32Array): Float32Array {
    const rows = new Float32Array(which.length * this.columns);
    which.forEach((r, q) => {
      rows.set(this.matrix.subarray(r * this.columns, (r + 1) * this.columns), q * this.columns);
    });
    return rows;
  }

  close(): void {}
}
