/** The pictures that the golden tests compare, by name. */
import { createAperture } from '../../src/beam/aperture.js';
import { commission } from '../../src/machine/commission.js';
import { depthDoseCurves } from '../../src/machine/depth-dose-curves.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import { beamsEyeFigure } from '../../src/render/beams-eye.js';
import { structureColor } from '../../src/render/colour.js';
import { compareDrawing } from '../../src/render/compare-figure.js';
import { depthDoseFigure } from '../../src/render/depth-dose-figure.js';
import { doseDrawing } from '../../src/render/dose-figure.js';
import { doseUnits } from '../../src/render/dose-legend.js';
import type { Drawing } from '../../src/render/drawing.js';
import { dvhFigure } from '../../src/render/dvh-plot.js';
import { measureNoisy } from '../machine/synthetic.js';
import { doseLike, dvhCurves, hounsfield, isocenter, PRESCRIPTION, structures } from './scene.js';

const imrt = doseLike(0.45);
const fcrt = doseLike(0.1);
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

export const PICTURES: Readonly<Record<string, () => string | Drawing>> = {
  'dose-axial': () =>
    doseDrawing({
      ...common,
      dose: imrt,
      plane: 'axial',
      title: 'IMRT, 9 posterior fields',
      subtitle: 'Synthetic patient, 39.6 Gy in 22 fractions to the PTV',
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
  dvh: () =>
    dvhFigure({
      title: 'Dose-volume histograms',
      subtitle: 'Synthetic patient, both techniques',
      plans: [{ label: 'IMRT' }, { label: 'FCRT', dash: '7 4' }],
      curves: dvhCurves([imrt, fcrt]),
      prescription: PRESCRIPTION,
      limits: [
        { label: 'SpinalCord Max <= 29.8 Gy', dose: 29.8, color: structureColor('SpinalCord') },
        { label: 'PTV_3960 D95% >= 37.6 Gy', dose: 37.62, volume: 95, color: structureColor('PTV') },
      ],
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
