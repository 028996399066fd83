/** The pictures of a job: which there are, what they show and where it is. */
import { describe, expect, test } from 'vitest';
import { createAperture } from '../../src/beam/aperture.js';
import { createBeam } from '../../src/beam/beam.js';
import { movingFluence } from '../../src/beam/moving-aperture.js';
import { createDvh } from '../../src/evaluate/dvh.js';
import { projectToIsocentrePlane } from '../../src/geometry/frame.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import type { Drawing } from '../../src/render/drawing.js';
import { fieldPictures } from '../../src/report/field-figures.js';
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
const bank = createLeafBank([-20, -10, 0, 10, 20], { name: 'four pairs' });
const shape = (...leaves: [number, number][]) => createAperture(bank, leaves);
const aperture = shape([0, 0], [-15, 5], [-12, 20], [0, 0]);
const planned = (technique: string, fields: object[]) =>
  ({
    plan: { technique, dose, fields },
    dvhs,
    goals: [{ structure: 'SpinalCord', metric: 'Max[Gy]', limit: 20, unit: 'Gy', value: 15, result: 'pass' }],
  }) as any;
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
      ...['compare_axial', 'compare_sagittal', 'dvh', 'profile', 'field_fcrt_01', 'field_imrt_01', 'field_imrt_02'],
    ].sort(),
  );
  const alone = planPictures(resultOf([planned('imrt', [modulated(0)])]));
  expect([...alone.keys()].some((name) => name.startsWith('compare'))).toBe(false);
});

describe('after a prior course', () => {
  const uniform = (gray: number, meaning: object) =>
    createDose(grid, { quantity: 'physical', fractions: 10, ...meaning } as never, new Float32Array(size).fill(gray));
  const after = (before: ReturnType<typeof uniform>, more: object = {}) => {
    const own = resultOf([{ ...planned('imrt', [modulated(0)]), ...more }]);
    const body = { index: Int32Array.from({ length: size }, (_, v) => v) };
    const prior = { courses: [{ dose: before }], dose: before, fractions: 10, description: 'Prior course: some.' };
    return planPictures({
      ...own,
      model: { ...own.model, body },
      case: { ...own.case, alphaBeta: { cord: 2 } },
      prior,
    } as any);
  };

  test('both together are drawn as EQD2, in Gy, with the cord enlarged', () => {
    const drawn = after(uniform(20, {}));
    const told = said(drawn.get('cumulative_axial_imrt')!);
    // 30 Gy in 5 fractions are 30 (6 + 2) / 4 = 60 Gy, on top of 20 Gy.
    expect(told).toEqual(expect.arrayContaining(['70.0 Gy', '40.0 Gy']));
    expect(told.join(' ')).toMatch(/EQD2 of all courses, alpha\/beta 2 Gy, no recovery. Prior course: some./);
    expect(told.join(' ')).toMatch(/SpinalCord, [\d.]+ times as large/);
    expect(told.join(' ')).not.toMatch(/\d %/);
    for (const [plane, axis] of [
      ['sagittal', 'x'],
      ['coronal', 'y'],
    ]) {
      const other = said(drawn.get(`cumulative_${plane}_imrt`)!).join(' ');
      expect(other).toMatch(/EQD2 of all courses/);
      expect(other).toContain(`${axis} = `);
      expect(other).not.toMatch(/times as large/);
    }
  });

  test('a plane without prior dose somewhere is left out, the others are drawn', () => {
    const cut = uniform(20, {});
    // A corner of the sagittal plane at x = 10 mm, where the isocentre is.
    cut.data[(10 - grid.origin[0]) / grid.spacing[0]] = Number.NaN;
    const names = [...after(cut).keys()].filter((name) => name.startsWith('cumulative'));
    expect(names).toEqual(['cumulative_axial_imrt', 'cumulative_coronal_imrt']);
  });

  test('nothing is drawn of a prior dose that is unknown in the plane, or of another alpha/beta', () => {
    const names = (before: ReturnType<typeof uniform>): string[] => [...after(before).keys()];
    expect(names(uniform(Number.NaN, {})).some((name) => name.startsWith('cumulative'))).toBe(false);
    expect(names(uniform(20, { quantity: 'eqd2', alphaBeta: 3 })).some((name) => name.startsWith('cumulative'))).toBe(
      false,
    );
  });

  test('the DVH says what shifts make of the cord', () => {
    const band = { dose: Float64Array.of(0, 30), low: Float64Array.of(0, -1), high: Float64Array.of(0, 2), count: 14 };
    const told = said(
      after(uniform(20, {}), { position: { structure: 'SpinalCord', search: [2, 2, 2], band } }).get('dvh')!,
    );
    expect(told).toContain('14 shifts of 2 mm');
    expect(said(after(uniform(20, {})).get('dvh')!).join(' ')).not.toContain('shifts');
  });
});

test('the profile runs from the cord through the target, and says how steeply the dose falls', () => {
  // The dose is the same all along y, from the cord to the target 20 mm ahead of it.
  expect(said(pictures.get('profile')!)).toEqual(expect.arrayContaining(['PTV', 'SpinalCord', 'falls 0 Gy/mm']));
  const falling = createDose(
    grid,
    { quantity: 'physical', fractions: 5 },
    Float32Array.from({ length: size }, (_, v) => 20 - 0.2 * centre(v)[1]!),
  );
  const plan = planned('imrt', [modulated(0)]);
  const steep = planPictures(resultOf([{ ...plan, plan: { ...plan.plan, dose: falling } }]));
  expect(said(steep.get('profile')!)).toContain('falls 0.2 Gy/mm');
});

test('axes of the beams are in the planes of a plan, with their gantry angles', () => {
  expect(said(pictures.get('axial_imrt')!)).toEqual(expect.arrayContaining(['0°', '90°']));
  expect(said(pictures.get('axial_fcrt')!)).not.toContain('90°');
  expect(said(pictures.get('compare_axial')!)).not.toContain('90°');
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

const steps = [
  { aperture: shape([0, 0], [-15, 5], [0, 20], [0, 0]), monitorUnits: 30 },
  { aperture: shape([0, 0], [-5, 5], [0, 0], [0, 0]), monitorUnits: 12.5 },
];
const inSegments = {
  beam: beamAt(90),
  segments: steps,
  monitorUnits: 42.5,
  fluence: movingFluence(
    bank,
    steps.map((own) => ({ from: own.aperture, to: own.aperture, monitorUnits: own.monitorUnits })),
    { leafTransmission: 0 },
  ),
};

/** Of the end of the colour bar. */
const BRIGHTEST = '#fffae4';

describe('a field in segments', () => {
  const [[, svg]] = fieldPictures(resultOf([planned('imrt', [inSegments])])) as [[string, string]];

  test('shows every segment with its monitor units, and says what those of the field are', () => {
    const text = said(svg);
    for (const word of ['42.5', 'sum of 2 segments', 'all 5 fractions together', '30.0 MU', '12.5 MU']) {
      expect(text).toContain(word);
    }
    expect(said(pictures.get('field_imrt_01')!)).toContain('mean over open beamlets');
    expect(said(pictures.get('field_fcrt_01')!)).toContain('of the field');
  });

  test('leaf ends of all segments lie where they stand, over the brightest pixels of their sum', () => {
    const x = scaleOf(svg);
    const ends = elements(svg, 'line').filter(({ stroke, x1, x2 }) => stroke === '#ffb000' && x1 === x2);
    const places = ends.map(({ x1 }) => Math.round(x(Number(x1))));
    expect([...new Set(places)].sort((a, b) => a - b)).toEqual([-15, -5, 0, 5, 20]);
    const bright = elements(svg, 'rect').filter(({ fill }) => fill === BRIGHTEST);
    expect(bright.length).toBeGreaterThan(0);
    for (const { x: left, width } of bright) {
      expect(x(Number(left))).toBeGreaterThan(-5.1);
      expect(x(Number(left) + Number(width))).toBeLessThan(5.2);
    }
  });
});

test('a conformal field shows its leaves: each from the edge of the view to its end', () => {
  const svg = pictures.get('field_fcrt_01') as string;
  const x = scaleOf(svg);
  const leaves = elements(svg, 'rect').filter(({ fill }) => fill === '#878d96');
  expect(leaves).toHaveLength(8);
  const ends = leaves.map(({ x: left, width }) => [x(Number(left)), x(Number(left) + Number(width))].map(Math.round));
  expect(ends).toEqual([
    [-22, 0],
    [0, 22],
    [-22, -15],
    [5, 22],
    [-22, -12],
    [20, 22],
    [-22, 0],
    [0, 22],
  ]);
});

// A marker 12 mm from the isocentre towards one side of the patient is lit; the edge next to it bears the letter of that side.
describe.each([0, 35, 90, 180, 250, 325])('gantry %i', (gantry) => {
  test.each([
    [0, 0, 'HFS'],
    [0, 0, 'HFP'],
    [0, 0, 'FFS'],
    [90, 0, 'HFS'],
    [200, 30, 'HFS'],
    [20, 330, 'FFP'],
    [0, 0, 'HFDL'],
  ])('collimator %i, couch %i, %s: letters are the sides of the patient', (collimator, couch, position) => {
    const isocenter: [number, number, number] = [10, -6, 2];
    const beam = createBeam(artiste6mv, { isocenter, gantry, collimator, couch, position });
    const sides: Record<string, [number, number, number]> = {
      L: [12, 0, 0],
      R: [-12, 0, 0],
      P: [0, 12, 0],
      A: [0, -12, 0],
      S: [0, 0, 12],
      I: [0, 0, -12],
    };
    for (const [letter, [dx, dy, dz]] of Object.entries(sides)) {
      const [u, v] = projectToIsocentrePlane(beam.frame, [10 + dx, -6 + dy, 2 + dz]);
      // Seen from the source, what lies along the beam is in the middle.
      if (Math.hypot(u, v) < 8) continue;
      const at = [Math.floor((u + 40) / 2), Math.floor((v + 40) / 2)];
      const edges = Float64Array.from({ length: 41 }, (_, i) => 2 * i - 40);
      const weights = new Float64Array(1600);
      weights[at[0]! + 40 * at[1]!] = 5;
      const field = { beam, fluence: { grid: { x: edges, y: edges }, weights }, monitorUnits: 5 };
      const [[, svg]] = fieldPictures(resultOf([planned('imrt', [field])])) as [[string, string]];
      const [lit] = elements(svg, 'rect').filter(({ fill }) => fill === BRIGHTEST);
      const frame = elements(svg, 'rect').find(({ width, height }) => width === height && Number(width) > 300)!;
      const middle = Number(frame.x) + Number(frame.width) / 2;
      const off = [
        Number(lit!.x) + Number(lit!.width) / 2 - middle,
        Number(lit!.y) + Number(lit!.height) / 2 - (Number(frame.y) + Number(frame.width) / 2),
      ];
      const letters = words(svg).filter(({ size, fill }) => size === 15 && fill === '#ffffff');
      expect(letters).toHaveLength(4);
      const [left, right, top, bottom] = letters.map(({ text }) => text);
      const [toX, toY] = [off[0]! < 0 ? left : right, off[1]! < 0 ? top : bottom];
      const nearest = Math.abs(off[0]!) > Math.abs(off[1]!) ? toX : toY;
      if (Math.abs(Math.abs(off[0]!) - Math.abs(off[1]!)) > 8) expect(nearest, `${letter} at ${off}`).toContain(letter);
      const opposite =
        Math.abs(off[0]!) > Math.abs(off[1]!) ? (off[0]! < 0 ? right : left) : off[1]! < 0 ? bottom : top;
      expect(opposite).not.toContain(letter);
    }
  });
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
