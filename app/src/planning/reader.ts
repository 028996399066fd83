/** The worker that holds the patient: reads it, draws its slices, hands it to the planner, takes the doses of plans. */
import { InvalidInputError } from '../../../dist/core/errors.js';
import type { DicomCodecs } from '../../../dist/dicom.js';
import { type Box, createGrid, gridBox, gridCovering, placeOf, type Vec3 } from '../../../dist/geometry/grid.js';
import type { Patient } from '../../../dist/geometry/patient.js';
import type { Structure } from '../../../dist/geometry/structure.js';
import { createDose, type DoseVolume, type Volume } from '../../../dist/geometry/volume.js';
import { voxelizeStructure } from '../../../dist/geometry/voxelize.js';
import { buildPhantom, type ImportedDose, type Technique } from '../../../dist/index.js';
import { structureColor } from '../../../dist/render/colour.js';
import { dosePanels } from '../../../dist/render/dose-panel.js';
import { rgbaOf } from '../../../dist/render/dose-wash.js';
import { planeAxes, planeExtent } from '../../../dist/render/slice.js';
import { readPatient } from './files.js';
import { listFiles } from './folder.js';
import type { Given, PatientView, PhantomChoice, SlicePicture, SliceRequest } from './messages.js';
import { phantomNamed } from './phantoms.js';

/** What a planner gets of a patient that was read from files; a phantom it builds itself. */
export interface HandedPatient {
  readonly patient: Patient;
  readonly prior?: ImportedDose | undefined;
  /** SHA-256 of the files, by their role. */
  readonly inputs?: Readonly<Record<string, string>> | undefined;
}

/** What comes back when it has planned. */
export type PlannedDoses = readonly { readonly technique: Technique; readonly dose: DoseVolume }[];

/** Voxels of the mask of one structure, at most: it is only drawn. */
const MOST_VOXELS = 4e6;

export class Reader {
  private patient: Patient | undefined;
  private prior: ImportedDose | undefined;
  private inputs: HandedPatient['inputs'] = {};
  private readonly given: Given[] = [];
  private readonly masks = new Map<string, Volume<'mask'>>();
  private readonly doses = new Map<Technique, DoseVolume>();

  constructor(private readonly codecs: DicomCodecs) {}

  phantom({ phantom, ...options }: PhantomChoice): PatientView {
    return this.take(buildPhantom(phantomNamed(phantom), options));
  }

  takeFiles(some: readonly Given[]): void {
    this.given.push(...some);
  }

  async files(): Promise<PatientView> {
    const { patient, prior, source, priorFile, inputs } = await readPatient(await listFiles(this.given), this.codecs);
    const view = this.take(patient);
    this.prior = prior;
    this.inputs = inputs;
    if (prior === undefined || priorFile === undefined) return { ...view, source };
    const max = prior.dose.data.reduce((largest, value) => (value > largest ? value : largest), 0);
    return { ...view, source, prior: { file: priorFile, max, fractions: prior.dose.fractions } };
  }

  /** Gives the patient of files to whoever plans, and takes the doses that come back. */
  meet(port: MessagePort): void {
    port.onmessage = ({ data }: MessageEvent<PlannedDoses>) => {
      this.doses.clear();
      for (const { technique, dose } of data) this.doses.set(technique, dose);
      port.postMessage('taken');
    };
    const { patient, prior, inputs } = this;
    if (patient !== undefined && patient.origin === undefined) {
      port.postMessage({ patient: shared(patient), prior, inputs } satisfies HandedPatient);
    }
  }

  slice({ plane, point, structures, technique, prescription, around, room }: SliceRequest): SlicePicture {
    const { hounsfield } = this.known();
    const dose = technique === undefined ? undefined : this.doses.get(technique);
    const box = gridBox(hounsfield.grid);
    const through = planeAxes(plane).through;
    const isIn = ({ min, max }: Box): boolean => point[through] >= min[through]! && point[through] <= max[through]!;
    const crop = around && boxAround(around.middle, around.reach, box);
    const options = {
      hounsfield,
      structures: structures.map((name) => ({ name, color: this.colorOf(name), mask: this.maskOf(name) })),
      plane,
      point,
      prescription,
      ...(crop && { crop }),
    };
    const shown = dose !== undefined && isIn(gridBox(dose.grid)) ? dose : noDose(box);
    const [panel] = dosePanels(options, [shown], room);
    const { width, height, scale, vectors, pixels } = panel!;
    const extent = planeExtent(hounsfield.grid, plane, crop);
    const { isDownReversed } = planeAxes(plane);
    return {
      plane,
      image: new ImageData(rgbaOf(pixels), pixels.width, pixels.height),
      vectors,
      width,
      height,
      scale,
      left: extent.uMin,
      top: isDownReversed ? extent.vMax : extent.vMin,
    };
  }

  private take(patient: Patient): PatientView {
    this.patient = patient;
    this.prior = undefined;
    this.masks.clear();
    this.doses.clear();
    const { hounsfield, structures, name, notes } = patient;
    const { grid } = hounsfield;
    const [nz, ny, nx] = grid.shape;
    const named = (pattern: RegExp): string | undefined => structures.find((s) => pattern.test(s.name))?.name;
    const target = named(/^PTV/i) ?? structures.find(({ role }) => role === 'target')?.name;
    return {
      name,
      structures: structures.map((s) => ({ name: s.name, role: s.role, color: this.colorOf(s.name) })),
      box: gridBox(grid),
      spacing: grid.spacing,
      count: [nx, ny, nz],
      point: this.middleOf(target) ?? ([0, 1, 2].map((a) => middle(gridBox(grid), a)) as unknown as Vec3),
      target,
      cord: named(/^SpinalCord$/i) ?? named(/^CaudaEquina$/i) ?? named(/cord/i),
      notes,
    };
  }

  private known(): Patient {
    if (this.patient !== undefined) return this.patient;
    throw new InvalidInputError('There is no patient yet. Choose a phantom, or drop a CT folder.');
  }

  private structure(name: string): Structure {
    const found = this.known().structures.find((s) => s.name === name);
    if (found !== undefined) return found;
    throw new InvalidInputError(`"${name}" is no structure of this patient. Choose one of the list.`);
  }

  private colorOf(name: string): string {
    const { color } = this.structure(name);
    return color === undefined
      ? structureColor(name)
      : `#${color.map((c) => c.toString(16).padStart(2, '0')).join('')}`;
  }

  /** On voxels of the CT around the structure, or larger ones. */
  private maskOf(name: string): Volume<'mask'> {
    const known = this.masks.get(name);
    if (known !== undefined) return known;
    const structure = this.structure(name);
    const { grid } = this.known().hounsfield;
    const box = boxOf(structure, grid.spacing[2]);
    const voxels = [0, 1, 2].reduce((n, a) => n * ((box.max[a]! - box.min[a]!) / grid.spacing[a]! + 2), 1);
    const coarser = Math.max(1, Math.cbrt(voxels / MOST_VOXELS));
    const spacing = grid.spacing.map((mm) => coarser * mm) as unknown as Vec3;
    const wider = {
      min: box.min.map((mm, a) => mm - spacing[a]!) as unknown as Vec3,
      max: box.max.map((mm, a) => mm + spacing[a]!) as unknown as Vec3,
    };
    const mask = voxelizeStructure(structure, gridCovering(wider, spacing));
    this.masks.set(name, mask);
    return mask;
  }

  /** The middle of what is filled, LPS, mm. */
  private middleOf(name: string | undefined): Vec3 | undefined {
    if (name === undefined) return undefined;
    const { grid, data } = this.maskOf(name);
    const sum = [0, 0, 0];
    let filled = 0;
    for (let v = 0; v < data.length; v++) {
      if (data[v]! < 0.5) continue;
      filled++;
      const place = placeOf(grid, v);
      for (let a = 0; a < 3; a++) sum[a]! += place[a]!;
    }
    return filled === 0 ? undefined : (sum.map((s) => Math.round((10 * s) / filled) / 10) as unknown as Vec3);
  }
}

const middle = ({ min, max }: Box, axis: number): number => (min[axis]! + max[axis]!) / 2;

function boxAround(at: Vec3, reach: number, { min, max }: Box): Box {
  return {
    min: at.map((mm, a) => Math.max(min[a]!, mm - reach)) as unknown as Vec3,
    max: at.map((mm, a) => Math.min(max[a]!, mm + reach)) as unknown as Vec3,
  };
}

/** @param slice mm: how far the slab of the last contour may reach */
function boxOf({ shape, name }: Structure, slice: number): Box {
  if (shape.kind === 'solid') return shape.solid.box;
  const min = [Infinity, Infinity, Infinity];
  const max = [-Infinity, -Infinity, -Infinity];
  const widen = (axis: number, from: number, to: number): void => {
    min[axis] = Math.min(min[axis]!, from);
    max[axis] = Math.max(max[axis]!, to);
  };
  for (const { z, polygons } of shape.contours.planes) {
    widen(2, z - slice, z + slice);
    for (const polygon of polygons) {
      for (let i = 0; i < polygon.length; i += 2) {
        widen(0, polygon[i]!, polygon[i]!);
        widen(1, polygon[i + 1]!, polygon[i + 1]!);
      }
    }
  }
  if (min[0] === Infinity) throw new InvalidInputError(`"${name}" has no contour. Choose another structure.`);
  return { min: min as unknown as Vec3, max: max as unknown as Vec3 };
}

/** Nothing, wherever the plane is. */
function noDose({ min, max }: Box): DoseVolume {
  const spacing = [0, 1, 2].map((a) => max[a]! - min[a]!) as unknown as Vec3;
  return createDose(createGrid([2, 2, 2], spacing, min as Vec3), { quantity: 'physical' });
}

/** CT and density in memory that the planner sees too, where the page may have such; else they are copied on their way. */
function shared(patient: Patient): Patient {
  if (!globalThis.crossOriginIsolated) return patient;
  const own = <V extends Volume>(volume: V): V => {
    if (volume.data.buffer instanceof SharedArrayBuffer) return volume;
    const data = new Float32Array(new SharedArrayBuffer(volume.data.byteLength));
    data.set(volume.data);
    return { ...volume, data };
  };
  return { ...patient, hounsfield: own(patient.hounsfield), density: own(patient.density) };
}
