/** The pictures that the golden tests compare, by name. */
import { createAperture } from '../../src/beam/aperture.js';
import { eqd2 } from '../../src/biology/linear-quadratic.js';
import { doseDifference } from '../../src/evaluate/dose-difference.js';
import { valueAt } from '../../src/geometry/resample.js';
import { createDose } from '../../src/geometry/volume.js';
import { commission } from '../../src/machine/commission.js';
import { depthDoseCurves } from '../../src/machine/depth-dose-curves.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import { beamsEyeFigure } from '../../src/render/beams-eye.js';
import { structureColor } from '../../src/render/colour.js';
import { compareDrawing } from '../../src/render/compare-figure.js';
import { depthDoseFigure } from '../../src/render/depth-dose-figure.js';
import { differenceDrawing } from '../../src/render/difference-figure.js';
import { doseDrawing } from '../../src/render/dose-figure.js';
import { doseUnits } from '../../src/render/dose-legend.js';
import type { Drawing } from '../../src/render/drawing.js';
import { dvhFigure } from '../../src/render/dvh-plot.js';
import { profileFigure } from '../../src/render/profile-figure.js';
import { sheetDrawing } from '../../src/render/sheet-figure.js';
import { measureNoisy } from '../machine/synthetic.js';
import { doseLike, dvhCurves, hounsfield, isocenter, PRESCRIPTION, structures } from './scene.js';

const imrt = doseLike(0.45);
const fcrt = doseLike(0.1);
/** A prior course of 38 Gy in 19 fractions under the same shape, and the new one, as EQD2 with alpha/beta 2 Gy. */
const together = createDose(
  imrt.grid,
  { quantity: 'eqd2', alphaBeta: 2 },
  imrt.data.map((gray, i) => eqd2(gray, 22, 2) + eqd2(Math.min(38, 1.2 * fcrt.data[i]!), 19, 2)),
);
const common = { hounsfield, structures, point: isocenter, prescription: PRESCRIPTION };
const crop = { min: [-90, -115, -40], max: [90, 55, 40] } as const;

const circle = (x: number, y: number, r: number): number[] =>
  Array.from({ length: 48 }, (_, i) => [
    x + r * Math.cos((i * Math.PI) / 24),
    y + r * Math.sin((i * Math.PI) / 24),
  ]).flat();

const fluence = { x0: -32.5, y0: -22.5, spacing: 5, nx: 14, ny: 10, values: new Float64Array(140) };
for (let j = 0; j < 10; j++)
  for (let i = 0; i < 14; i++) {
    const x = -32.5 + 5 * i;
    const inTarget = Math.hypot(x / 33, (-22.5 + 5 * j) / 21) < 1;
    fluence.values[i + 14 * j] = inTarget ? 18 + ((7 * i + 5 * j) % 11) - (Math.abs(x - 2) < 6 ? 14 : 0) : 0;
  }

const outlines = [
  {
    name: 'PTV_3960',
    color: structureColor('PTV'),
    polygons: [circle(0, 0, 22).map((v, i) => (i % 2 === 0 ? 1.4 * v : 0.8 * v))],
  },
  { name: 'SpinalCord', color: structureColor('SpinalCord'), polygons: [[-5, -200, 5, -200, 5, 200, -5, 200]] },
];
/** Leaf steps of 5 mm. */
const aperture = [
  -35, -15, -35, -10, -40, -10, -40, 10, -30, 10, -30, 20, 32, 20, 32, 8, 40, 8, 40, -12, 28, -12, 28, -20, -35, -20,
];
const leaves = (...open: [number, number][]): [number, number][] =>
  Array.from({ length: 20 }, (_, n) => open[n - 7] ?? [0, 0]);
const bank = createLeafBank(Array.from({ length: 21 }, (_, n) => 5 * n - 50));
const jaws = { x1: -35, x2: 30, y1: -15, y2: 15 };
const segments = [
  {
    aperture: createAperture(bank, leaves([-20, 10], [-30, 5], [-35, 0], [-35, 30], [-12, 25], [0, 10]), jaws),
    monitorUnits: 52.2,
  },
  { aperture: createAperture(bank, leaves([0, 0], [5, 20], [-5, 20], [-8, 20])), monitorUnits: 32 },
];
const beam = { gantry: 150, collimator: 0, couch: 10, monitorUnits: 84.2, outlines };

const exclude = [{ depth: 2, side: 40 }];

function depthDose(): string {
  const data = measureNoisy();
  return depthDoseFigure({
    title: 'Depth doses, measured and modelled',
    subtitle: 'Synthetic machine with 0.3 % noise, SSD 1000 mm, one reading left out',
    kind: 'pdd',
    fields: depthDoseCurves(data, commission(data, { exclude })),
  });
}

/** A curve with what lies 2 Gy to both sides of it. */
function withBand(curve: ReturnType<typeof dvhCurves>[number]) {
  const { dose, percent } = curve.points;
  const at = (gray: number): number => {
    const next = dose.findIndex((d) => d >= gray);
    return next < 0 ? 0 : percent[next]!;
  };
  const shifted = (by: number): Float64Array => dose.map((gray) => at(gray + by));
  return { ...curve, band: { dose, low: shifted(2), high: shifted(-2) } };
}

/** Axis of a beam from a gantry angle, degrees; 180 comes from behind. */
const axisAt = (gantry: number) => {
  const angle = (gantry * Math.PI) / 180;
  const source = [isocenter[0] + 1000 * Math.sin(angle), isocenter[1] - 1000 * Math.cos(angle), isocenter[2]] as const;
  return { label: `${gantry}°`, source };
};

/** Dose across the scene's cord and target, mm from the cord to the front. */
const across = (dose: typeof imrt) =>
  Array.from({ length: 101 }, (_, i) => [i - 30, valueAt(dose, 0, 30 - i, 0)!] as const);

/** What each shows, for docs/gallery.md. */
export const CAPTIONS: Readonly<Record<string, string>> = {
  'dose-axial':
    'One plane of a plan. Structures are told apart by colour and dash, isodoses by their numbers; the key lists what is in the plane.',
  'dose-even': 'The same with even colours: equal steps of dose look equally far apart, and lightness only rises.',
  'dose-inset': 'With the cord drawn again, larger, and its place in the panel.',
  cumulative:
    'Both courses together as EQD2; lines and key in Gy, because a percentage of one course says little of the sum.',
  'dose-sagittal': 'Sagittal, around the target.',
  'dose-coronal': 'Coronal; names of any letters.',
  compare: 'Two plans side by side, one key and one scale.',
  lines: 'Isodoses of two plans in one panel, solid and dashed, over the wash of the first.',
  difference:
    'The difference of two doses: red where the second is higher, blue where it is lower, clear where they agree.',
  sheet: 'Contact sheet of parallel planes.',
  dvh: 'Dose-volume histograms of two plans. Numbers name the curves; a band says how far off a curve may be, diamonds are goals, full where they are met.',
  'dvh-shifts':
    'A light band between dotted lines says what so many rigid shifts of the patient make of the cord, the nominal place among them.',
  profile: 'Dose along a line from the cord through the target, with the steepest fall between them.',
  'depth-dose': 'Measured depth doses with a model, and what it leaves over.',
  'beam-aperture': "Beam's-eye view of a conformal field.",
  'beam-segments': 'A field in segments: their sum with the ends of all leaves, and each by itself.',
  'beam-leaves': 'Leaves and jaws, drawn whole.',
  'beam-fluence': 'Fluence of a modulated field.',
};

export const PICTURES: Readonly<Record<string, () => string | Drawing>> = {
  'dose-axial': () =>
    doseDrawing({
      ...common,
      dose: imrt,
      plane: 'axial',
      title: 'IMRT, 9 posterior fields',
      subtitle: 'Synthetic patient, 39.6 Gy in 22 fractions to the PTV',
      beams: [100, 140, 180, 220, 260].map(axisAt),
    }),
  'dose-inset': () =>
    doseDrawing({
      ...{ ...common, dose: imrt, plane: 'axial', title: 'IMRT, with the cord drawn larger' },
      ...{ subtitle: '39.6 Gy in 22 fractions', inset: { structure: 'SpinalCord' } },
    }),
  cumulative: () =>
    doseDrawing({
      ...{ ...common, dose: together, plane: 'axial', title: 'IMRT and the prior course together', crop },
      ...{ prescription: 75, levels: [70, 60, 50, 40, 30, 20].map((gray) => (100 * gray) / 75), numbers: 'gray' },
      subtitle: 'EQD2 of both courses, alpha/beta 2 Gy, no recovery',
    }),
  'dose-sagittal': () => doseDrawing({ ...common, dose: imrt, plane: 'sagittal', title: 'IMRT, sagittal', crop }),
  'dose-coronal': () => doseDrawing({ ...common, dose: fcrt, plane: 'coronal', title: 'FCRT <coronal> & more', crop }),
  compare: () =>
    compareDrawing({
      ...common,
      plane: 'axial',
      crop,
      plans: [
        { label: 'FCRT', dose: fcrt },
        { label: 'IMRT', dose: imrt },
      ],
      title: 'FCRT and IMRT under one prescription',
      subtitle: '39.6 Gy in 22 fractions, D50% of the PTV',
    }),
  'dose-even': () =>
    doseDrawing({ ...common, dose: imrt, plane: 'axial', title: 'IMRT, even colours', crop, colors: 'even' }),
  lines: () =>
    doseDrawing({
      ...{ ...common, plane: 'axial', crop, title: 'IMRT and FCRT in one panel', levels: [95, 50] },
      ...{ dose: imrt, label: 'IMRT', dashed: { label: 'FCRT', dose: fcrt } },
    }),
  difference: () =>
    differenceDrawing({
      ...{ ...common, plane: 'axial', crop, title: 'IMRT less FCRT', evaluated: 'IMRT', reference: 'FCRT' },
      ...{ difference: doseDifference(fcrt, imrt).map, units: doseUnits(imrt) },
    }),
  sheet: () =>
    sheetDrawing({
      ...{ ...common, plane: 'axial', crop, title: 'IMRT, slice by slice', dose: imrt },
      positions: [-24, -12, -6, 0, 6, 12, 24],
    }),
  dvh: () =>
    dvhFigure({
      title: 'Dose-volume histograms',
      subtitle: 'Synthetic patient, both techniques',
      plans: [{ label: 'IMRT' }, { label: 'FCRT', dash: '7 4' }],
      curves: dvhCurves([imrt, fcrt]).map((curve) => (curve.structure === 'SpinalCord' ? withBand(curve) : curve)),
      bandLabel: '2 Gy to both sides',
      goals: [
        { structure: 'SpinalCord', color: structureColor('SpinalCord'), dose: 29.8, volume: 0, isMet: true },
        { structure: 'PTV_3960', color: structureColor('PTV'), dose: 37.62, volume: 95, isMet: false },
      ],
      prescription: PRESCRIPTION,
      limits: [{ label: 'SpinalCord Max <= 29.8 Gy', dose: 29.8, color: structureColor('SpinalCord') }],
      doseUnits: doseUnits(imrt),
    }),
  'dvh-shifts': () =>
    dvhFigure({
      title: 'Dose-volume histograms under shifts',
      plans: [{ label: 'IMRT' }],
      curves: dvhCurves([imrt]).map((curve) => {
        if (curve.structure !== 'SpinalCord') return curve;
        const { band, ...own } = withBand(curve);
        return { ...own, shifts: band };
      }),
      shiftsLabel: '14 shifts of 3 mm',
      prescription: PRESCRIPTION,
      limits: [{ label: 'SpinalCord Max <= 29.8 Gy', dose: 29.8, color: structureColor('SpinalCord') }],
      doseUnits: doseUnits(imrt),
    }),
  profile: () =>
    profileFigure({
      title: 'Dose from the cord through the target',
      along: 'Distance from the middle of the cord to the front [mm]',
      curves: [
        { label: 'IMRT', points: across(imrt), note: 'falls 4.1 Gy/mm' },
        { label: 'FCRT', dash: '7 4', points: across(fcrt) },
      ],
      spans: [
        { name: 'PTV_3960', color: structureColor('PTV'), from: -23, to: -7 },
        { name: 'SpinalCord', color: structureColor('SpinalCord'), from: -5, to: 5 },
        { name: 'PTV_3960', color: structureColor('PTV'), from: 9, to: 43 },
      ],
      prescription: PRESCRIPTION,
      doseUnits: doseUnits(imrt),
    }),
  'depth-dose': depthDose,
  'beam-aperture': () => beamsEyeFigure({ ...beam, title: 'Field 4, aperture', apertures: [aperture] }),
  'beam-segments': () =>
    beamsEyeFigure({
      ...beam,
      title: 'Field 4, segments',
      fluence,
      segments,
      sides: { left: 'RA', right: 'LP', top: 'S', bottom: 'I' },
      monitorUnitsAre: ['sum of 2 segments', 'all 22 fractions together'],
    }),
  'beam-leaves': () => beamsEyeFigure({ ...beam, title: 'Field 4, leaves', leaves: segments[0]!.aperture }),
  'beam-fluence': () => beamsEyeFigure({ ...beam, title: 'Field 4, fluence', fluence }),
};
