/**
 * A folder from what its files are: patients and frames of reference by number, images in series, what refers to what and what is
 * missing. Files come one by one and leave little behind, so that tens of thousands fit.
 */
import { grouped } from '../core/grouped.js';
import { type Grid, placeOf, voxelCount } from '../geometry/grid.js';
import type { ImageHead, InspectedFile, ObjectIdentity } from './dicom/inspect-file.js';
import type { RtObject } from './dicom/inspect-rt.js';
import { latticeOf } from './dicom/inspect-series.js';
import { usesOf } from './inspect-uses.js';
import type { InspectedNrrd, InspectedSeries, Inspection } from './inspection.js';

/** Least and largest CT number of a slice, or why there are none. */
export type SliceSample =
  | {
      readonly range: readonly [number, number];
      /** Of the slice, or of all frames of its file. */
      readonly grid: Grid;
    }
  | { readonly problem: string };

/** How a folder is told. */
export interface InspectOptions {
  /** Whether names and numbers of patients are told. @default false */
  readonly withNames?: boolean;
}

type Treatment = RtObject & ObjectIdentity;

/** Files of a folder, added one by one. */
export class FolderInspector {
  private readonly images = new Map<string, ImageHead[]>();
  private readonly treatments: Treatment[] = [];
  private readonly nrrd: InspectedNrrd[] = [];
  private readonly others = new Map<string, { files: number; readonly example: string }>();
  private readonly broken: { file: string; text: string }[] = [];
  private files = 0;

  add(found: InspectedFile): void {
    this.files++;
    if (found.is === 'broken') this.broken.push({ file: found.file, text: found.problem });
    else if (found.is === 'image') {
      const key = `${found.seriesUid} ${found.patientId}`;
      const own = this.images.get(key);
      if (own === undefined) this.images.set(key, [found]);
      else own.push(found);
    } else if (found.is !== 'other') this.treatments.push(found);
    else {
      const own = this.others.get(found.what) ?? { files: 0, example: found.file };
      own.files++;
      this.others.set(found.what, own);
    }
  }

  addNrrd(found: InspectedNrrd): void {
    this.files++;
    this.nrrd.push(found);
  }

  /** Of each CT series a slice from the middle: what there is to know of all its pixels. */
  slicesToSample(): string[] {
    return this.series().flatMap((heads) => {
      const { middle } = latticeOf(heads);
      return heads[0]!.modality === 'CT' && middle !== undefined ? [middle] : [];
    });
  }

  /** Images of one series; of copies in several folders those of each. */
  private series(): readonly ImageHead[][] {
    return [...this.images.values()].flatMap((heads) => {
      const byFolder = grouped(heads, (head) => folderOf(head.file));
      return byFolder.size > 1 && latticeOf(heads).doubled > 0 ? [...byFolder.values()] : [heads];
    });
  }

  /**
   * @param path  of the folder
   * @param samples by file, of {@link slicesToSample}
   */
  finish(
    path: string,
    samples: ReadonlyMap<string, SliceSample>,
    { withNames = false }: InspectOptions = {},
  ): Inspection {
    const series = this.series();
    const all: ObjectIdentity[] = [...series.flat(), ...this.treatments];
    const patients = new Numbers(all.map(({ patientId, patientName }) => patientId || patientName));
    const patientOf = ({ patientId, patientName }: ObjectIdentity): number => patients.of(patientId || patientName);
    const studies = new Numbers(all.map(({ studyUid }) => studyUid));
    const frames = new Numbers([
      ...series.flatMap(([head]) => head!.frame ?? []),
      ...this.treatments.flatMap(framesOf),
    ]);
    const frameOf = (uid: string | undefined): { frame?: number } =>
      uid === undefined ? {} : { frame: frames.of(uid) };
    const known = this.knownObjects(series);
    const told = <T extends Treatment['is']>(is: T) =>
      this.treatments.filter((one): one is Extract<Treatment, { is: T }> => one.is === is);
    const content = {
      path,
      files: this.files,
      patients: patients.map((key, number) => {
        const own = all.filter((one) => patientOf(one) === number);
        const name = own.find(({ patientName }) => patientName !== '')?.patientName ?? '';
        return { number, objects: own.length, ...(withNames && { name, id: key }) };
      }),
      studies: studies.map((uid, number) => {
        const own = all.find(({ studyUid }) => studyUid === uid)!;
        return { number, patient: patientOf(own), uid, description: own.studyDescription };
      }),
      series: series.map((heads): InspectedSeries => {
        const [first] = heads as [ImageHead, ...ImageHead[]];
        const { middle, problems, doubled: _, ...lattice } = latticeOf(heads);
        const sample = middle === undefined ? undefined : samples.get(middle);
        return {
          patient: patientOf(first),
          study: studies.of(first.studyUid),
          uid: first.seriesUid,
          modality: first.modality,
          description: first.seriesDescription,
          folders: [...new Set(heads.map(({ file }) => folderOf(file)))],
          files: heads.length,
          ...frameOf(first.frame),
          ...lattice,
          ...(heads.length === 1 &&
            first.frames > 1 &&
            sample !== undefined &&
            'grid' in sample &&
            framesOfOne(sample.grid)),
          hounsfield: sample !== undefined && 'range' in sample ? [...sample.range] : null,
          problems: [...problems, ...sampleProblems(sample)],
        };
      }),
      structureSets: told('structures').map((one) => {
        const { file, label, structures, notes, problems, frame } = one;
        const here = known.instances;
        const lost = one.images.filter((uid) => !here.has(uid)).length;
        const missing =
          lost > 0 && lost < one.images.length
            ? [`${lost} of the ${one.images.length} images that it is drawn on are not here`]
            : [];
        return {
          patient: patientOf(one),
          file,
          label,
          ...frameOf(frame),
          structures,
          notes,
          problems: [...problems, ...missing],
        };
      }),
      plans: told('plan').map((one) => {
        const { is: _, references: __, file, label, fields, radiation, fractions, dose, problems } = one;
        return { patient: patientOf(one), file, label, fields, radiation, fractions, dose, problems };
      }),
      doses: told('dose').map((one) => {
        const { file, frame, grid, units, type, summation, maximum, problems } = one;
        return { patient: patientOf(one), file, ...frameOf(frame), grid, units, type, summation, maximum, problems };
      }),
      registrations: told('registration').map((one) => {
        const { to, from } = one.frames;
        const into = to === undefined ? {} : { to: frames.of(to) };
        return {
          patient: patientOf(one),
          file: one.file,
          ...into,
          from: from.map((uid) => frames.of(uid)),
          problems: one.problems,
        };
      }),
      nrrd: this.nrrd,
      links: this.treatments.flatMap(({ file, references }) =>
        references.map(({ means, uid, isSeries }) => {
          const to = isSeries ? known.series.get(uid) : known.objects.get(uid);
          return { from: file, means, to: to ?? uid, isThere: to !== undefined };
        }),
      ),
      others: Array.from(this.others, ([what, own]) => ({ what, ...own })).sort((a, b) => b.files - a.files),
    };
    const problems = [...this.broken, ...this.ofAll(patients.count, known.doubled)];
    return { ...content, problems, uses: usesOf(content) };
  }

  private knownObjects(series: readonly ImageHead[][]): Known {
    const instances = new Set<string>();
    const doubled = new Map<string, string>();
    const objects = new Map<string, string>();
    for (const { instanceUid, file } of [...series.flat(), ...this.treatments]) {
      if (instanceUid === '') continue;
      if (instances.has(instanceUid)) doubled.set(instanceUid, file);
      instances.add(instanceUid);
    }
    for (const { instanceUid, file } of this.treatments) if (!objects.has(instanceUid)) objects.set(instanceUid, file);
    const names = new Map<string, string>();
    series.forEach(([head], n) => {
      if (!names.has(head!.seriesUid)) names.set(head!.seriesUid, `series ${n + 1}`);
    });
    return { instances, objects, series: names, doubled: [...doubled.values()] };
  }

  /** What only all files together tell. */
  private ofAll(patients: number, doubled: readonly string[]): { file?: string; text: string }[] {
    return [
      ...(patients > 1
        ? [{ text: `holds ${patients} patients: each needs a folder of its own, or a choice by file` }]
        : []),
      ...(doubled.length > 0
        ? [
            {
              file: doubled[0]!,
              text: `is there twice, as another file holds the same object${doubled.length > 1 ? ` (so do ${doubled.length - 1} more)` : ''}`,
            },
          ]
        : []),
    ];
  }
}

interface Known {
  readonly instances: ReadonlySet<string>;
  /** File by SOP instance UID, of what is no image. */
  readonly objects: ReadonlyMap<string, string>;
  readonly series: ReadonlyMap<string, string>;
  /** Files whose object is there twice. */
  readonly doubled: readonly string[];
}

/** Numbers from 1 for values in the order in which they first come. */
class Numbers {
  private readonly numbers: ReadonlyMap<string, number>;

  constructor(values: readonly string[]) {
    this.numbers = new Map([...new Set(values)].map((value, n) => [value, n + 1]));
  }

  get count(): number {
    return this.numbers.size;
  }

  of(value: string): number {
    return this.numbers.get(value)!;
  }

  map<T>(make: (value: string, number: number) => T): T[] {
    return Array.from(this.numbers, ([value, number]) => make(value, number));
  }
}

/** What the frames of one file come to, which its header does not say in one place. */
function framesOfOne(grid: Grid): Pick<InspectedSeries, 'orientation' | 'shape' | 'spacing' | 'extent'> {
  return {
    orientation: 'axial',
    shape: [...grid.shape],
    spacing: [...grid.spacing],
    extent: { min: [...placeOf(grid, 0)], max: [...placeOf(grid, voxelCount(grid) - 1)] },
  };
}

function framesOf(one: Treatment): string[] {
  if (one.is === 'registration') return [one.frames.to, ...one.frames.from].flatMap((uid) => uid ?? []);
  return one.is === 'plan' || one.frame === undefined ? [] : [one.frame];
}

/** Of an image that may hold air, the least value is below this, HU. */
const AIR = -500;
const DENSEST = 4000;

function sampleProblems(sample: SliceSample | undefined): string[] {
  if (sample === undefined) return [];
  if ('problem' in sample) return [`its middle slice cannot be read: ${sample.problem}`];
  const [least, largest] = sample.range;
  if (least > AIR)
    return [
      `its middle slice has no CT number below ${least}: without air, RescaleIntercept is lost, or the body fills the picture`,
    ];
  return largest > DENSEST ? [`its middle slice has CT numbers up to ${largest}`] : [];
}

const folderOf = (file: string): string => file.slice(0, Math.max(0, file.lastIndexOf('/'))) || '.';
