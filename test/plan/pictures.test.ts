/** The pictures of a job: which there are, what they show and where it is. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { createDvh } from '../../src/evaluate/dvh.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import type { Drawing } from '../../src/render/drawing.js';
import { planPictures } from '../../src/report/plan-figures.js';
import { elements, words } from './read-figure.js';

// 60 x 50 x 40 voxels of 4 mm about the isocentre; the target a block of 5 x 3 x 3 around (10, -6, 2), the cord beside it.
const grid = createGrid([40, 50, 60], [4, 4, 4], [-118, -98, -78]);
const [nz, ny, nx] = grid.shape;
const size = nx * ny * nz;
const centre = (v: number) =>
  [v % nx, Math.floor(v / nx) % ny, Math.floor(v / (nx * ny))].map((c, a) => grid.origin[a]! + c * grid.spacing[a]!);
const within = (middle: number[], half: number[]) => (v: number) =>
  centre(v).every((c, a) => Math.abs(c - middle[a]!) < half[a]!) ? 1 : 0;
const maskOf = (of: (v: number) => number) =>
  createVolume(
    'mask',
    grid,
    Float32Array.from({ length: size }, (_, v) => of(v)),
  );
const masks = new Map([
  ['PTV', maskOf(within([10, -6, 2], [10.5, 6.5, 6.5]))],
  ['SpinalCord', maskOf(within([10, 14, 2], [6.5, 6.5, 70]))],
  ['Lung', maskOf(within([-60, -6, 2], [20, 20, 20]))],
  ['Liver', maskOf(within([60, -6, 2], [20, 20, 20]))],
  ['zRing', maskOf(within([10, -6, 2], [30, 30, 30]))],
  ['Skin', maskOf(within([0, 0, 0], [105, 85, 70]))],
  ['GTV', maskOf(() => 0)],
]);
const role = (name: string) => (name === 'PTV' || name === 'GTV' ? 'target' : name === 'Skin' ? 'external' : 'organ');
const structures = new Map([...masks.keys()].map((name) => [name, { name, role: role(name) }]));
const dose = createDose(
  grid,
  { quantity: 'physical', fractions: 5 },
  Float32Array.from({ length: size }, (_, v) => 30 * Math.exp(-Math.abs(centre(v)[0]! - 10) / 30)),
);
const dvhs = new Map(
  [...masks].filter(([name]) => name !== 'GTV').map(([name, mask]) => [name, createDvh(dose, mask, { name })]),
);
const beamAt = (gantry: number) => createBeam(artiste6mv, { isocenter: [10, -6, 2], gantry, collimator: 0, couch: 0 });
const edges = Float64Array.from({ length: 9 }, (_, i) => -20 + 5 * i);
const fluence = { grid: { x: edges, y: edges.slice(0, 7) }, weights: Float64Array.from({ length: 48 }, (_, c) => c) };
const aperture = {
  openings: [
    { x0: -15, x1: 5, y0: -10, y1: 0 },
    { x0: -12, x1: 20, y0: 0, y1: 10 },
  ],
};
const planned = (technique: string, fields: object[]) =>
  ({ plan: { technique, dose, fields }, dvhs, goals: [{ structure: 'SpinalCord' }] }) as any;
const shaped = { beam: beamAt(0), fluence, aperture, monitorUnits: 120 };
const modulated = (gantry: number, scale = 1) => ({
  beam: beamAt(gantry),
  fluence: { ...fluence, weights: fluence.weights.map((w) => scale * w) },
  monitorUnits: 33,
});
const resultOf = (plans: any[], to = 'D95') =>
  ({
    model: {
      grid,
      masks,
      structures,
      target: 'PTV',
      cord: 'SpinalCord',
      external: 'Skin',
      isocenter: [10, -6, 2],
      patient: { name: 'Block', hounsfield: createVolume('hounsfield', grid) },
    },
    plans,
    case: { prescription: { dose: 30, fractions: 5, to }, cordCap: 12 },
  }) as any;
const both = resultOf([planned('fcrt', [shaped]), planned('imrt', [modulated(0), modulated(90, 2)])]);
const pictures = planPictures(both);
const said = (picture: string | Drawing): string[] =>
  words(typeof picture === 'string' ? picture : picture.vectors).map(({ text }) => text);

test('are three planes per technique, two side by side, the DVHs and every field', () => {
  expect([...pictures.keys()].sort()).toEqual(
    [
      ...['axial', 'sagittal', 'coronal'].flatMap((plane) => [`${plane}_fcrt`, `${plane}_imrt`]),
      ...['compare_axial', 'compare_sagittal', 'dvh', 'field_fcrt_01', 'field_imrt_01', 'field_imrt_02'],
    ].sort(),
  );
  const alone = planPictures(resultOf([planned('imrt', [modulated(0)])]));
  expect([...alone.keys()].some((name) => name.startsWith('compare'))).toBe(false);
});

test('say whose dose they are, and to what it is prescribed', () => {
  expect(said(pictures.get('axial_imrt')!)).toEqual(
    expect.arrayContaining(['Block: IMRT, 2 fields', '30 Gy in 5 fractions, D95 of PTV']),
  );
  expect(said(pictures.get('compare_axial')!)).toContain('Block: FCRT and IMRT');
  expect(said(planPictures(resultOf([planned('imrt', [modulated(0)])], 'isocenter')).get('dvh')!)).toContain(
    '30 Gy in 5 fractions, isocentre',
  );
});

test('show target, cord, and organs that get more than a tenth of the dose; no helper structures, nothing empty', () => {
  const names = said(pictures.get('dvh')!);
  // 30 exp(-42 / 30) = 7.4 Gy in lung and liver at their nearest.
  for (const name of ['PTV', 'SpinalCord', 'Lung', 'Liver']) expect(names).toContain(name);
  for (const name of ['zRing', 'GTV', 'Skin']) expect(names).not.toContain(name);
  expect(names).toContain('SpinalCord Max ≤ 12 Gy');
  const cold = new Map([...dvhs].map(([name, dvh]) => [name, name === 'Lung' ? { ...dvh, max: 3 } : dvh]));
  const less = planPictures(resultOf([{ ...planned('imrt', [modulated(0)]), dvhs: cold }]));
  expect(said(less.get('dvh')!)).not.toContain('Lung');
});

test('the last technique is drawn solid, the one before dashed', () => {
  const dashes = elements(pictures.get('dvh') as string, 'path').map(({ 'stroke-dasharray': dash }) => dash);
  expect(dashes.filter((dash) => dash === '7 4').length).toBeGreaterThanOrEqual(4);
  expect(dashes.filter((dash) => dash === undefined).length).toBeGreaterThanOrEqual(4);
  const alone = elements(planPictures(resultOf([planned('imrt', [modulated(0)])])).get('dvh') as string, 'path');
  expect(alone.every(({ 'stroke-dasharray': dash }) => dash !== '7 4')).toBe(true);
});

/** mm per px of a beam's-eye view, and its middle, from the numbers of its axes. */
function scaleOf(svg: string) {
  const numbers = words(svg).filter(({ text, anchor }) => anchor === 'middle' && /^[-\u2212]?\d+$/.test(text));
  const value = (text: string): number => Number(text.replace('\u2212', '-'));
  const row = numbers.filter(({ y }) => y === numbers[0]!.y);
  const [a, b] = [row[0]!, row.at(-1)!];
  const perPx = (value(b.text) - value(a.text)) / (b.x - a.x);
  return (px: number): number => value(a.text) + (px - a.x) * perPx;
}

test('a field shows a tenth more than what it opens, its number and its place', () => {
  const svg = pictures.get('field_fcrt_01') as string;
  const x = scaleOf(svg);
  const frame = elements(svg, 'rect').find(({ width, height }) => width === height && Number(width) > 300)!;
  // The farthest edge of the leaves is 20 mm off.
  expect(x(Number(frame.x))).toBeCloseTo(-22, 1);
  expect(x(Number(frame.x) + Number(frame.width))).toBeCloseTo(22, 1);
  expect(said(svg)).toContain('Block: FCRT field 1 of 1');
  expect(said(pictures.get('field_imrt_02')!)).toContain('Block: IMRT field 2 of 2');
  const map = pictures.get('field_imrt_01') as string;
  const own = elements(map, 'rect').find(({ width, height }) => width === height && Number(width) > 300)!;
  expect(scaleOf(map)(Number(own.x))).toBeCloseTo(-22, 1);
});

test('the maps of a plan share one scale: the largest weight of all its fields', () => {
  const numbers = (name: string): number[] => said(pictures.get(name)!).map(Number).filter(Number.isFinite);
  // 2 x 47 MU: on both.
  expect(Math.max(...numbers('field_imrt_01'))).toBeGreaterThanOrEqual(80);
  expect(Math.max(...numbers('field_imrt_02'))).toBeGreaterThanOrEqual(80);
});

test('side by side they show 45 mm around the target, within the image', () => {
  const around = (name: string): Drawing => pictures.get(name) as Drawing;
  const { images } = around('compare_axial');
  expect(images.length).toBeGreaterThanOrEqual(2);
  // 16 + 90 mm by 8 + 90 mm between the outermost voxel centres.
  const [{ width, height }] = images as unknown as [{ width: number; height: number }];
  expect(width / height).toBeCloseTo(106 / 98, 1);
  const [side] = around('compare_sagittal').images as unknown as [{ width: number; height: number }];
  expect(side.width / side.height).toBeCloseTo(1, 1);
});
