/**
 * What is odd about drawn contours, and by how much it matters.
 *
 * Every figure of ours follows the even-odd rule, under which any set of closed lines has one inside. A line that crosses
 * itself may have meant another: where it winds twice around a place, even-odd leaves that place out and the nonzero rule
 * takes it in. The difference is the volume about which the drawing is ambiguous.
 */
import { toDigits } from '../core/rounding.js';
import { contourArea, contourAreas } from './contour.js';
import { contourGaps, contourSlabs, nextSlice } from './contour-slabs.js';
import type { Contours } from './structure.js';

/** Something odd about drawn contours, and the volume that it puts in doubt. */
export interface ContourRemark {
  readonly kind: 'self-crossing' | 'sliver' | 'gap' | 'far-apart' | 'single-slice';
  /** mm */
  readonly z: number;
  /** One sentence. */
  readonly text: string;
  /** Volume at stake, cc; 0 where none is. */
  readonly volumeCc: number;
}

/** Areas that differ by less than this share are the same: coordinates are rounded. */
const sameArea = 1e-6;

/** A polygon narrower than this, mm, as area over half its perimeter, is a sliver: less than two roundings of 0.01 mm. */
const sliverWidth = 0.02;

/** What is odd about drawn contours: self-crossings, slivers, gaps, slices left out, single slices, in the order of the planes. */
export function inspectContours(contours: Contours): ContourRemark[] {
  const { planes, spacing } = contours;
  const slabs = contourSlabs(contours);
  const isGap = contourGaps(contours);
  const areas = contourAreas(contours);
  const finest = planes.slice(1).reduce((least, { z }, p) => Math.min(least, z - planes[p]!.z), Infinity);
  const remarks: ContourRemark[] = [];
  const say = (kind: ContourRemark['kind'], z: number, volumeCc: number, text: string): void => {
    remarks.push({ kind, z, volumeCc, text });
  };
  if (planes.length === 1) {
    const { z } = planes[0]!;
    const volume = (areas[0]! * spacing) / 1000;
    say(
      'single-slice',
      z,
      volume,
      `one slice only, at z = ${toDigits(z, 6)} mm: its thickness is taken to be ${spacing} mm`,
    );
  }
  planes.forEach(({ z, polygons }, p) => {
    const thickness = slabs[2 * p + 1]! - slabs[2 * p]!;
    for (const polygon of polygons) {
      const area = polygons.length === 1 ? areas[p]! : contourArea({ z, polygons: [polygon] });
      if (2 * area < sliverWidth * perimeter(polygon)) {
        say('sliver', z, (area * thickness) / 1000, `a sliver of ${toDigits(area, 6)} mm2 at z = ${toDigits(z, 6)} mm`);
        continue;
      }
      if (Math.abs(Math.abs(shoelace(polygon)) - area) <= sameArea * area) continue;
      const twice = contourArea({ z, polygons: [polygon] }, 'nonzero') - area;
      const cc = (Math.max(0, twice) * thickness) / 1000;
      say(
        'self-crossing',
        z,
        cc,
        `a contour crosses itself at z = ${toDigits(z, 6)} mm: even-odd area ${toDigits(area, 6)} mm2, ${toDigits(Math.max(0, twice), 6)} mm2 more where it winds twice`,
      );
    }
    const next = planes[p + 1];
    if (next === undefined) return;
    const way = next.z - z;
    const between = `between z = ${toDigits(z, 6)} and ${toDigits(next.z, 6)} mm`;
    if (isGap[p]) say('gap', z, 0, `nothing is drawn ${between}, and nothing is filled in`);
    else if (way > nextSlice * finest) {
      const more = ((areas[p]! + areas[p + 1]!) / 2) * (way - finest);
      say('far-apart', z, more / 1000, `nothing is drawn ${between}: each contour stands for half the way`);
    }
  });
  return remarks;
}

/** How many places of one kind are named one by one. */
const NAMED = 3;

/** Of each kind of remark on contours one sentence, for notes: where it is, and what is in doubt by all of the kind. */
export function describeRemarks(contours: Contours): string[] {
  const remarks = inspectContours(contours);
  const kinds = [...new Set(remarks.map(({ kind }) => kind))];
  return kinds.map((kind) => {
    const own = remarks.filter((remark) => remark.kind === kind);
    const volume = toDigits(
      own.reduce((sum, { volumeCc }) => sum + volumeCc, 0),
      3,
    );
    if (kind === 'far-apart') return `${slicesLeftOut(contours, own)} (${volume} cc of it).`;
    const named = own.slice(0, NAMED).map(({ text }) => text);
    const more = own.length > NAMED ? [`and ${own.length - NAMED} more of these`] : [];
    const doubt = kind === 'gap' || kind === 'single-slice' ? '' : ` (${volume} cc in all)`;
    return `${[...named, ...more].join('; ')}${doubt}.`;
  });
}

function slicesLeftOut({ planes }: Contours, remarks: readonly ContourRemark[]): string {
  const ways = planes.slice(1).map(({ z }, p) => z - planes[p]!.z);
  const wide = ways.filter((_, p) => remarks.some(({ z }) => z === planes[p]!.z));
  const [first, last] = [remarks[0]!.z, remarks[remarks.length - 1]!.z];
  const end = planes.find(({ z }) => z > last)!.z;
  const mm = (value: number): number => toDigits(value, 6);
  const places = remarks.length === 1 ? '' : ` in ${remarks.length} places`;
  return `slices are left out between z = ${mm(first)} and ${mm(end)} mm${places}, where contours lie up to ${mm(Math.max(...wide))} mm apart and elsewhere ${mm(Math.min(...ways))} mm; each contour stands for half the way to its neighbours`;
}

/** Volume about which self-crossing contours leave doubt, cc. */
export function ambiguousVolume(contours: Contours): number {
  return inspectContours(contours)
    .filter(({ kind }) => kind === 'self-crossing')
    .reduce((sum, { volumeCc }) => sum + volumeCc, 0);
}

function shoelace(polygon: Float64Array): number {
  let sum = 0;
  for (let i = 0, k = polygon.length - 2; i < polygon.length; k = i, i += 2) {
    sum += polygon[k]! * polygon[i + 1]! - polygon[i]! * polygon[k + 1]!;
  }
  return sum / 2;
}

function perimeter(polygon: Float64Array): number {
  let sum = 0;
  for (let i = 0, k = polygon.length - 2; i < polygon.length; k = i, i += 2) {
    sum += Math.hypot(polygon[i]! - polygon[k]!, polygon[i + 1]! - polygon[k + 1]!);
  }
  return sum;
}
