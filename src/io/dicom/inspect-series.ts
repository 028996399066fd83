/** Series from the headers of their images: lattice, extent, what is missing, doubled or odd; nothing but headers is read. */

import { toDecimals } from '../../core/rounding.js';
import { usualGap } from '../../geometry/contour.js';
import type { InspectedSeries } from '../inspection.js';
import { patientAxis } from './axes.js';
import { cornersOf } from './corners.js';
import type { ImageHead } from './inspect-file.js';

/** What headers alone tell of a series. */
export type SeriesLattice = Pick<
  InspectedSeries,
  'orientation' | 'shape' | 'spacing' | 'extent' | 'position' | 'transferSyntax' | 'problems'
> & {
  /** A slice from the middle, whose pixels stand for all. */
  readonly middle: string | undefined;
  /** Slices that lie where another one does. */
  readonly doubled: number;
};

/** mm: slices nearer to each other lie in one place. */
const SAME = 0.01;

/** @param heads of one series, one at least */
export function latticeOf(heads: readonly ImageHead[]): SeriesLattice {
  const slices = heads.filter(({ isLocalizer }) => !isLocalizer);
  const images = slices.length > 0 ? slices : heads;
  const planes = images.flatMap((head) => planeOf(head) ?? []);
  const orientations = new Set(planes.map(({ orientation }) => orientation));
  const [only] = orientations;
  const normal = planes[0]?.normal;
  const isEven = orientations.size === 1 && normal !== undefined;
  const places = isEven ? planes.map(({ head }) => along(normal, head.place!)).sort((a, b) => a - b) : [];
  const distinct = places.filter((place, n) => n === 0 || place - places[n - 1]! > SAME);
  const doubled = places.length - distinct.length;
  const gap = usualGap(distinct);
  const uneven = gap === undefined ? [] : gapsIn(distinct, gap);
  const first = images[0]!;
  const thickness = first.thickness !== undefined && first.thickness > 0 ? first.thickness : null;
  const step = distinct.length === 1 ? thickness : uneven.length === 0 ? (gap ?? null) : null;
  const sorted = isEven
    ? [...planes].sort((a, b) => along(normal, a.head.place!) - along(normal, b.head.place!))
    : planes;
  const rounded = (mm: number | null | undefined): number | null =>
    mm === null || mm === undefined ? null : toDecimals(mm, 4);
  return {
    orientation: orientations.size > 1 ? 'mixed' : (only ?? 'unknown'),
    shape: [images.reduce((sum, { frames }) => sum + frames, 0), first.rows ?? 0, first.columns ?? 0],
    spacing: [rounded(first.pixel?.[1]), rounded(first.pixel?.[0]), rounded(step)],
    extent: extentOf(planes),
    position: first.patientPosition ?? null,
    transferSyntax: [...new Set(images.map(({ transferSyntax }) => transferSyntax))],
    doubled,
    middle: slices.length === 0 ? undefined : (sorted[sorted.length >> 1]?.head ?? images[images.length >> 1])?.file,
    problems: [
      ...ownProblems(heads),
      ...(doubled > 0 ? [`${doubled} slices lie where another one does`] : []),
      ...uneven.slice(0, 3),
      ...(uneven.length > 3 ? [`and ${uneven.length - 3} more places of uneven distance`] : []),
      ...differences(images),
      ...hounsfieldProblems(images),
    ],
  };
}

interface Plane {
  readonly head: ImageHead;
  readonly orientation: 'axial' | 'sagittal' | 'coronal' | 'oblique';
  readonly normal: readonly number[];
}

function planeOf(head: ImageHead): Plane | undefined {
  const { cosines, place } = head;
  if (cosines === undefined || place === undefined) return undefined;
  const [a, b] = [cosines.slice(0, 3), cosines.slice(3)] as [number[], number[]];
  const normal = [0, 1, 2].map((i) => a[(i + 1) % 3]! * b[(i + 2) % 3]! - a[(i + 2) % 3]! * b[(i + 1) % 3]!);
  const axis = patientAxis(a) && patientAxis(b) && patientAxis(normal);
  const orientation = axis === undefined ? 'oblique' : (['sagittal', 'coronal', 'axial'] as const)[axis.axis];
  return { head, orientation, normal };
}

const along = (normal: readonly number[], place: readonly number[]): number =>
  normal[0]! * place[0]! + normal[1]! * place[1]! + normal[2]! * place[2]!;

/** Where slices are missing, or not as far apart as the others. */
function gapsIn(places: readonly number[], usual: number): string[] {
  const tolerance = Math.max(0.025, 0.01 * usual);
  return places.slice(1).flatMap((place, n): string[] => {
    const gap = place - places[n]!;
    if (Math.abs(gap - usual) <= tolerance) return [];
    const missing = Math.round(gap / usual) - 1;
    const where = `between ${toDecimals(places[n]!, 2)} and ${toDecimals(place, 2)} mm`;
    if (missing >= 1 && Math.abs(gap - (missing + 1) * usual) <= (missing + 1) * tolerance)
      return [`${missing} slice(s) missing ${where}`];
    return [`slices ${toDecimals(gap, 3)} mm apart ${where}, the others ${toDecimals(usual, 3)} mm`];
  });
}

function extentOf(planes: readonly Plane[]): InspectedSeries['extent'] {
  const [min, max] = [
    [Infinity, Infinity, Infinity],
    [-Infinity, -Infinity, -Infinity],
  ] as [[number, number, number], [number, number, number]];
  for (const { head } of planes) {
    const { cosines, place, pixel = [0, 0], rows = 1, columns = 1 } = head;
    const [row, column] = [cosines!.slice(0, 3), cosines!.slice(3)];
    const [alongColumn, alongRow] = pixel;
    for (const corner of cornersOf({ origin: place!, row, column, alongRow, alongColumn, rows, columns })) {
      corner.forEach((at, a) => {
        min[a] = Math.min(min[a]!, toDecimals(at, 2));
        max[a] = Math.max(max[a]!, toDecimals(at, 2));
      });
    }
  }
  return planes.length === 0 ? null : { min, max };
}

/** Of single files, those of a kind together. */
function ownProblems(heads: readonly ImageHead[]): string[] {
  const broken = heads.filter(({ problem }) => problem !== undefined);
  const localizers = heads.filter(({ isLocalizer }) => isLocalizer).length;
  // Of several frames in one file each has its own place.
  const placeless = heads.filter((head) => head.frames === 1 && planeOf(head) === undefined).length;
  return [
    ...(broken.length === 0
      ? []
      : [`${broken[0]!.file} ${broken[0]!.problem}${broken.length > 1 ? `, and ${broken.length - 1} more` : ''}`]),
    ...(localizers > 0 ? [`${localizers === heads.length ? 'all' : localizers} of its images are localizers`] : []),
    ...(placeless > 0 ? [`${placeless} images do not say where they lie`] : []),
  ];
}

/** What must be the same in all slices of one volume. */
function differences(images: readonly ImageHead[]): string[] {
  const parts: [what: string, of: (head: ImageHead) => unknown][] = [
    ['rows or columns', ({ rows, columns }) => [rows, columns]],
    ['pixel spacing', ({ pixel }) => pixel?.map((mm) => toDecimals(mm, 4))],
    ['orientation', ({ cosines }) => cosines?.map((c) => toDecimals(c, 3) + 0)],
    ['frame of reference', ({ frame }) => frame],
    ['patient position', ({ patientPosition }) => patientPosition],
  ];
  return parts.flatMap(([what, of]) => {
    const kinds = new Set(images.map((head) => JSON.stringify(of(head)) ?? 'none'));
    return kinds.size > 1 ? [`slices differ in ${what} (${kinds.size} kinds)`] : [];
  });
}

/** What a CT must say for its pixels to be CT numbers. */
function hounsfieldProblems(images: readonly ImageHead[]): string[] {
  const slices = images.filter(({ modality }) => modality === 'CT');
  const silent = slices.filter(
    ({ frames, slope, intercept }) => frames === 1 && (slope === undefined || intercept === undefined),
  ).length;
  const flat = slices.filter(({ slope }) => slope === 0).length;
  return [
    ...(silent > 0 ? [`${silent} slices have no RescaleSlope or RescaleIntercept`] : []),
    ...(flat > 0 ? [`${flat} slices have RescaleSlope 0, which makes every pixel one CT number`] : []),
    ...(slices.length > 0 && slices[0]!.patientPosition === undefined
      ? ['it says no PatientPosition; HFS would be assumed']
      : []),
  ];
}
