/**
 * What the page draws its planes and curves of: CT, doses and masks as packed bytes, the rest as JSON.
 *
 *     CT      8 bits a voxel, by a table of 256 HU that is finest in soft tissue
 *     dose    16 bits a voxel, differences along x; all low bytes, then all high ones
 *     masks   8 bits a voxel, of the box that the structure takes
 *
 * Each is deflated (zlib), then base64. What has more voxels than a page should weigh is thinned, and says so.
 */
import { zlibSync } from 'fflate';
import { toDecimals } from '../../core/rounding.js';
import { cumulativeCurve } from '../../evaluate/dvh.js';
import { createGrid, type Grid, gridBox, type Vec3 } from '../../geometry/grid.js';
import type { Volume } from '../../geometry/volume.js';
import type { PlanningResult } from '../../plan/run-plan.js';
import { cssColor } from '../../render/colour.js';
import { doseUnits } from '../../render/dose-legend.js';
import { DEFAULT_LEVELS } from '../../render/dose-panel.js';
import { levelColor } from '../../render/dose-wash.js';
import type { FigureStructure } from '../../render/panel-view.js';
import { pensOf } from '../../render/pen.js';
import { base64 } from '../../render/png.js';
import { levelsOfTargets, structuresShown } from '../plan-figures.js';
import type { ViewData, ViewedCurve } from './view-types.js';

export interface ViewParts {
  readonly data: Omit<ViewData, 'frame'>;
  /** Base64 by id. */
  readonly packed: ReadonlyMap<string, string>;
  /** What was thinned, for the reader. */
  readonly notes: readonly string[];
}

/** Voxels of one volume, at most: two doses, the CT and the masks then stay below 15 MB. */
const MOST_VIEWED = 6e6;
/** Gy: finer than anybody reads at a pointer, and than what the dose is worth. */
const DOSE_STEP = 0.01;

/** CT, doses, masks and curves of a result, ready for its page. */
export function viewParts(result: PlanningResult): ViewParts {
  const { model, plans, case: planCase } = result;
  const packed = new Map<string, string>();
  const notes: string[] = [];
  const put = (id: string, bytes: Uint8Array): string => {
    packed.set(id, base64(zlibSync(bytes, { level: 9 })));
    return id;
  };
  const { hounsfield } = model.patient;
  const ct = partWithin(hounsfield.grid, model.grid);
  noteThinning(notes, 'CT', ct.step);
  const shown = structuresShown(result);
  const doses = plans.map(({ plan: { technique, dose } }) => {
    const part = thinned(wholeOf(dose.grid), dose.grid);
    noteThinning(notes, `Dose of ${technique.toUpperCase()}`, part.step);
    const values = pickedOf(dose, part);
    const step = Math.max(DOSE_STEP, values.reduce((a, b) => Math.max(a, b), 0) / 65_535);
    return {
      technique,
      step,
      grid: gridOfPart(dose.grid, part, () => 0),
      id: put(`dose-${technique}`, doseBytes(values, step, part.count[0])),
    };
  });
  const levels = model.several ? levelsOfTargets(model.several.all) : DEFAULT_LEVELS;
  const pens = pensOf(
    shown,
    levels.map((percent) => levelColor(percent)),
  );
  return {
    data: {
      prescription: planCase.prescription.dose,
      doseUnits: doseUnits(plans[0]!.plan.dose),
      point: model.isocenter,
      levels,
      ct: {
        hounsfield: HOUNSFIELD,
        grid: gridOfPart(hounsfield.grid, ct, middle),
        id: put('ct', ctBytes(meanOf(hounsfield, ct))),
      },
      doses,
      structures: shown.map(({ name, mask }, s) => {
        const part = thinned(partOfMask(mask), mask.grid);
        const bytes = Uint8Array.from(meanOf(mask, part), (fraction) => Math.ceil(255 * fraction - 0.5));
        const grid = gridOfPart(mask.grid, part, middle);
        const { color, dash } = pens[s]!;
        return { name, color, dash, grid, id: put(`mask-${s}`, bytes) };
      }),
      curves: curvesOf(result, shown),
    },
    packed,
    notes,
  };
}

/** As dvh.csv has them. */
function curvesOf({ plans, model }: PlanningResult, shown: readonly FigureStructure[]): ViewedCurve[] {
  return plans.flatMap(({ plan, dvhs }) =>
    shown.flatMap(({ name, color }) => {
      const dvh = dvhs.get(name);
      if (dvh === undefined || name === model.external) return [];
      const { dose, volume, percent } = cumulativeCurve(dvh);
      const rounded = (values: Float64Array, digits: number): number[] =>
        Array.from(values, (v) => toDecimals(v, digits));
      return {
        technique: plan.technique,
        structure: name,
        color: cssColor(color),
        dose: rounded(dose, 4),
        volume: rounded(volume, 5),
        percent: rounded(percent, 4),
      };
    }),
  );
}

/** Every `step`-th voxel from `from` on, `count` along x, y, z. */
interface Part {
  readonly from: Vec3;
  readonly count: Vec3;
  readonly step: Vec3;
}

/** Of a block, as its mean is of the middle. */
const middle = (steps: number): number => (steps - 1) / 2;

const wholeOf = ({ shape: [nz, ny, nx] }: Grid): Part => ({ from: [0, 0, 0], count: [nx, ny, nz], step: [1, 1, 1] });

/** The voxels of a CT around a dose grid. */
function partWithin(grid: Grid, dose: Grid): Part {
  const { min, max } = gridBox(dose);
  const { count } = wholeOf(grid);
  const at = (mm: number, a: number): number =>
    Math.min(count[a]! - 1, Math.max(0, Math.round((mm - grid.origin[a]!) / grid.spacing[a]!)));
  const from = vector((a) => at(min[a]!, a));
  return thinned({ from, count: vector((a) => at(max[a]!, a) - from[a]! + 1), step: [1, 1, 1] }, grid);
}

/** Thinned along the axis that is finest, until it is small enough; whole blocks are kept. */
function thinned({ from, count }: Part, { spacing }: Grid): Part {
  const step: [number, number, number] = [1, 1, 1];
  const left = (a: number): number => Math.floor(count[a]! / step[a]!);
  while (left(0) * left(1) * left(2) > MOST_VIEWED) {
    const finest = [0, 1, 2].filter((a) => left(a) > 1).sort((a, b) => spacing[a]! * step[a]! - spacing[b]! * step[b]!);
    step[finest[0]!]!++;
  }
  return { from, count: vector(left), step };
}

function noteThinning(notes: string[], what: string, step: Vec3): void {
  if (step.some((n) => n > 1)) notes.push(`${what}: thinned by ${step.join(' x ')} along x, y, z for this page.`);
}

/** The box of the voxels that hold any of it, with a rim of two that closes its outline. */
function partOfMask({ grid, data }: Volume<'mask'>): Part {
  const { count } = wholeOf(grid);
  const first = [...count];
  const last = [0, 0, 0];
  for (let k = 0, at = 0; k < count[2]; k++) {
    for (let j = 0; j < count[1]; j++) {
      for (let i = 0; i < count[0]; i++, at++) {
        if (data[at] === 0) continue;
        [i, j, k].forEach((index, a) => {
          first[a] = Math.min(first[a]!, index);
          last[a] = Math.max(last[a]!, index);
        });
      }
    }
  }
  const from = vector((a) => Math.max(0, first[a]! - 2));
  return { from, count: vector((a) => Math.min(count[a]!, last[a]! + 3) - from[a]!), step: [1, 1, 1] };
}

/** @param shift of a voxel's centre from that of the first of its block, voxels of the whole grid along the axis */
function gridOfPart({ spacing, origin }: Grid, { from, count, step }: Part, shift: (steps: number) => number): Grid {
  return createGrid(
    [count[2], count[1], count[0]],
    vector((a) => spacing[a]! * step[a]!),
    vector((a) => origin[a]! + spacing[a]! * (from[a]! + shift(step[a]!))),
  );
}

/** Mean of each block. */
function meanOf(volume: Volume, part: Part): Float32Array {
  const { step } = part;
  const [nz, ny, nx] = step.toReversed() as [number, number, number];
  if (nx * ny * nz === 1) return pickedOf(volume, part);
  const sum = new Float32Array(part.count[0] * part.count[1] * part.count[2]);
  for (let c = 0; c < nz; c++)
    for (let b = 0; b < ny; b++)
      for (let a = 0; a < nx; a++) {
        const from: Vec3 = [part.from[0] + a, part.from[1] + b, part.from[2] + c];
        pickedOf(volume, { ...part, from }).forEach((value, at) => {
          sum[at]! += value / (nx * ny * nz);
        });
      }
  return sum;
}

/** The first of each block. */
function pickedOf({ grid, data }: Volume, { from, count, step }: Part): Float32Array {
  const [, ny, nx] = grid.shape;
  const out = new Float32Array(count[0] * count[1] * count[2]);
  let at = 0;
  for (let k = 0; k < count[2]; k++) {
    for (let j = 0; j < count[1]; j++) {
      let voxel = from[0] + nx * (from[1] + j * step[1] + ny * (from[2] + k * step[2]));
      for (let i = 0; i < count[0]; i++, voxel += step[0]) out[at++] = data[voxel]!;
    }
  }
  return out;
}

/** HU of the 256 levels: steps of 13 in lung, 4 in soft tissue and spongy bone, 25 in dense bone. */
const HOUNSFIELD = Array.from({ length: 256 }, (_, level) =>
  level < 64 ? -1032 + 13 * level : level < 192 ? -200 + 4 * (level - 64) : 312 + 25 * (level - 192),
);

function ctBytes(hounsfield: Float32Array): Uint8Array {
  return Uint8Array.from(hounsfield, (hu) => {
    const level = hu < -200 ? (hu + 1032) / 13 : hu < 312 ? 64 + (hu + 200) / 4 : 192 + (hu - 312) / 25;
    return Math.min(255, Math.max(0, Math.round(level)));
  });
}

/** @param columns voxels along x */
function doseBytes(doses: Float32Array, step: number, columns: number): Uint8Array {
  const bytes = new Uint8Array(2 * doses.length);
  for (let at = 0, before = 0; at < doses.length; at++) {
    const level = Math.round(doses[at]! / step);
    const difference = (at % columns === 0 ? level : level - before) & 0xffff;
    bytes[at] = difference & 0xff;
    bytes[doses.length + at] = difference >> 8;
    before = level;
  }
  return bytes;
}

const vector = (of: (axis: number) => number): Vec3 => [of(0), of(1), of(2)];
