/**
 * The analytic DVH cases: simple shapes in linear and Gaussian doses, whose DVHs have closed forms.
 */
import { FormatError } from '../core/errors.js';
import { cone, cylinder } from '../geometry/cone.js';
import { createContours } from '../geometry/contour.js';
import { type Box, createGrid, type Vec3, voxelCount } from '../geometry/grid.js';
import { box, sphere } from '../geometry/shape.js';
import type { Solid } from '../geometry/solid.js';
import type { Contours } from '../geometry/structure.js';
import { createDose, type DoseVolume } from '../geometry/volume.js';
import type { ReferenceReader } from './comparison.js';
import { type CsvRow, parseCsv } from './csv.js';

const path = 'dvh/analytic_dvh.csv';

export type DoseField = (x: number, y: number, z: number) => number;

export interface AnalyticCase {
  readonly name: string;
  readonly shape: string;
  /** Parameters of the shape, mm. */
  readonly size: readonly [number, number, number];
  readonly solid: Solid;
  readonly field: DoseField;
  /** Direction, dose at the origin and slope of a linear field. */
  readonly linear?: { readonly direction: Vec3; readonly dose: number; readonly slope: number };
  /** Width of a Gaussian field, mm. */
  readonly sigma?: number;
  readonly volumeCc: number;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** Gy by name as the metric language writes it, e.g. `D95%`; those that exceed the structure are left out. */
  readonly doses: ReadonlyMap<string, number>;
}

/** All cases of the table; none where it is not there. */
export function analyticCases(read: ReferenceReader): AnalyticCase[] {
  const bytes = read(path);
  return bytes === undefined ? [] : parseCsv(bytes, path).map(caseOf);
}

function caseOf(row: CsvRow): AnalyticCase {
  const size = [row.p1, row.p2, row.p3].map(Number) as [number, number, number];
  const parameters = row.field_params!.split(' ').map(Number);
  const doses = new Map(
    Object.entries(row)
      .filter(([name, text]) => /^D[\d.]+(%|cc)$/.test(name) && text !== '')
      .map(([name, text]) => [name, Number(text)]),
  );
  return {
    name: row.case!,
    shape: row.shape!,
    size,
    solid: solidOf(row.shape!, size),
    ...fieldOf(row.field!, parameters),
    volumeCc: Number(row.volume_cc),
    min: Number(row.Dmin),
    max: Number(row.Dmax),
    mean: Number(row.Dmean),
    doses,
  };
}

const origin: Vec3 = [0, 0, 0];

function solidOf(shape: string, [a, b, c]: readonly [number, number, number]): Solid {
  switch (shape) {
    case 'sphere':
      return sphere(origin, a);
    case 'cylz':
      return cylinder(origin, a, b, 'z');
    case 'cylx':
      return cylinder(origin, a, b, 'x');
    case 'conez':
      return cone(origin, a, b, 'z');
    case 'coney':
      return cone(origin, a, b, 'y');
    case 'box':
      return box([-a / 2, -b / 2, -c / 2], [a / 2, b / 2, c / 2]);
    default:
      throw new FormatError(`the shape ${shape} is not known.`, path);
  }
}

function fieldOf(kind: string, p: readonly number[]): Pick<AnalyticCase, 'field' | 'linear' | 'sigma'> {
  const [p0, p1, p2, dose, slope] = p as [number, number, number, number, number];
  const gauss = (r2: number): number => p0 * Math.exp(-r2 / (2 * p1 * p1));
  switch (kind) {
    case 'lin':
      return {
        field: (x, y, z) => dose + slope * (x * p0 + y * p1 + z * p2),
        linear: { direction: [p0, p1, p2], dose, slope },
      };
    case 'gauR':
      return { field: (x, y, z) => gauss(x * x + y * y + z * z), sigma: p1 };
    case 'gauC':
      return { field: (x, y) => gauss(x * x + y * y), sigma: p1 };
    case 'gau1':
      return { field: (x) => gauss((x - p2) ** 2), sigma: p1 };
    default:
      throw new FormatError(`the field ${kind} is not known.`, path);
  }
}

/** Off the shapes' planes and axes, so that no case is met by symmetry; voxels. */
const shift: Vec3 = [0.31, -0.47, 0.23];

/** The field on a grid that covers the shape by two voxels, not aligned with it. */
export function doseOfCase({ field, solid }: AnalyticCase, spacing: number): DoseVolume {
  return sampleField(field, solid.box, spacing);
}

export function sampleField(field: DoseField, { min, max }: Box, spacing: number): DoseVolume {
  const n = [0, 1, 2].map((a) => Math.ceil((max[a]! - min[a]!) / spacing) + 5) as [number, number, number];
  const first = [0, 1, 2].map((a) => min[a]! - (2 - shift[a]!) * spacing) as [number, number, number];
  const grid = createGrid([n[2], n[1], n[0]], [spacing, spacing, spacing], first);
  const data = new Float32Array(voxelCount(grid));
  for (let k = 0, at = 0; k < n[2]; k++) {
    for (let j = 0; j < n[1]; j++) {
      for (let i = 0; i < n[0]; i++) {
        data[at++] = field(first[0] + i * spacing, first[1] + j * spacing, first[2] + k * spacing);
      }
    }
  }
  return createDose(grid, { quantity: 'physical', fractions: 1 }, data);
}

/** Corners of a circle's polygon. */
const corners = 360;

/**
 * The shape as contours at (k + 1/2) spacing, each of the exact area of its section: circles as 360-gons scaled to the
 * circle's area, sections of a cone across its axis with their curved side in as many steps.
 */
export function contoursOfCase(shape: AnalyticCase, spacing: number): Contours {
  const { min, max } = shape.solid.box;
  const planes = [];
  for (let k = Math.floor(min[2] / spacing); (k + 0.5) * spacing < max[2]; k++) {
    const z = (k + 0.5) * spacing;
    if (z > min[2]) planes.push({ z, polygons: [sectionOf(shape, z)] });
  }
  return createContours(planes, spacing);
}

/** Half the width in x of the section at z, as a function of y, and its range of y. */
export function sectionWidth(
  { shape, size }: AnalyticCase,
  z: number,
): { width: DoseField; low: number; high: number } {
  const [a, b, c] = size;
  const disc = (r: number): ReturnType<typeof sectionWidth> => ({
    width: (y) => Math.sqrt(Math.max(0, r * r - y * y)),
    low: -r,
    high: r,
  });
  switch (shape) {
    case 'sphere':
      return disc(Math.sqrt(a * a - z * z));
    case 'cylz':
      return disc(a);
    case 'cylx': {
      const half = Math.sqrt(a * a - z * z);
      return { width: () => b / 2, low: -half, high: half };
    }
    case 'conez':
      return disc(a * (0.5 - z / b));
    case 'coney':
      return {
        width: (y) => Math.sqrt(Math.max(0, (a * (0.5 - y / b)) ** 2 - z * z)),
        low: -b / 2,
        high: b * (0.5 - Math.abs(z) / a),
      };
    default:
      return { width: () => a / 2, low: -b / 2, high: Math.abs(z) < c / 2 ? b / 2 : -b / 2 };
  }
}

function sectionOf(shape: AnalyticCase, z: number): Float64Array {
  const { width, low, high } = sectionWidth(shape, z);
  const middle = (low + high) / 2;
  const half = (high - low) / 2;
  if (shape.shape === 'cylx' || shape.shape === 'box') {
    const w = width(0, 0, 0);
    return Float64Array.of(-w, low, w, low, w, high, -w, high);
  }
  const isRound = shape.shape !== 'coney';
  const scale = isRound ? Math.sqrt((2 * Math.PI) / (corners * Math.sin((2 * Math.PI) / corners))) : 1;
  const points: number[] = [];
  for (let n = 0; n < corners; n++) {
    const angle = (2 * Math.PI * (n + 0.5)) / corners;
    const y = middle + half * Math.cos(angle);
    const x = isRound ? half * Math.sin(angle) : Math.sign(Math.sin(angle)) * width(y, 0, 0);
    points.push(scale * x, scale * y);
  }
  return Float64Array.from(points);
}
