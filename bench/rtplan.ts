/**
 * What the recomputation of an RTPLAN approximates, measured: static beams in place of an arc, pixels under leaves that move.
 *
 *     npm run bench:rtplan
 *
 * A water cylinder of 200 mm with an arc of 358 degrees, control points 2 or 4 degrees apart, whose leaves follow a target off the axis
 * (up to 2.2 mm per degree) and part it as VMAT does. Differences are to steps of 0.25 degrees, in percent of the maximum.
 */
import type { ControlPoint, TreatmentBeam, TreatmentPlan } from '../dist/io/dicom/treatment-plan.js';
import { artiste6mv } from '../dist/machine/artiste-6mv.js';
import { buildPhantom } from '../dist/phantom/build.js';
import { parsePhantom } from '../dist/phantom/spec.js';
import { computeTreatment } from '../dist/plan/field/plan-dose.js';
import { treatPlan } from '../dist/plan/field/treated-plan.js';

const patient = buildPhantom(
  parsePhantom({
    name: 'cylinder',
    description: 'Water.',
    length: 100,
    air: 10,
    parts: [
      {
        name: 'External',
        material: 'water',
        role: 'external',
        shape: { kind: 'column', center: [0, 0], semiAxes: [100, 100] },
      },
    ],
  }),
  { spacing: [5, 5, 5] },
);

const pairs = 20;
const boundaries = Array.from({ length: pairs + 1 }, (_, n) => -50 + 5 * n);

/** Leaves around a disc of 25 mm at (35, 10) mm, one side of which a sine closes in turn. */
function positionsAt(gantry: number): ReadonlyMap<string, readonly number[]> {
  const g = (gantry * Math.PI) / 180;
  const middle = 35 * Math.cos(g) + 10 * Math.sin(g);
  const ends = Array.from({ length: pairs }, (_, n): [number, number] => {
    const y = boundaries[n]! + 2.5;
    const half = Math.sqrt(Math.max(0, 625 - y * y));
    const closed = half * (0.6 + 0.6 * Math.sin(6 * g + n / 2));
    return half === 0 ? [middle, middle] : [middle - half + Math.max(0, closed), middle + half];
  });
  return new Map([
    ['ASYMX', [-80, 80]],
    ['ASYMY', [-30, 30]],
    ['MLCX', [...ends.map(([a]) => a), ...ends.map(([, b]) => b)]],
  ]);
}

function plan(between: number): TreatmentPlan {
  const count = Math.round(356 / between) + 1;
  const controlPoints = Array.from({ length: count }, (_, p): ControlPoint => {
    const gantry = (182 + p * between) % 360;
    return {
      weight: p / (count - 1),
      energy: 6,
      gantry,
      gantryTurn: 'CW',
      collimator: 15,
      collimatorTurn: 'NONE',
      couch: 0,
      couchTurn: 'NONE',
      tilts: { eccentric: 0, pitch: 0, roll: 0, gantry: 0 },
      isocenter: [0, 0, 0],
      positions: positionsAt(gantry),
    };
  });
  const beam: TreatmentBeam = {
    number: 1,
    name: 'arc',
    machine: 'linac',
    radiation: 'PHOTON',
    type: 'DYNAMIC',
    delivery: 'TREATMENT',
    unit: 'MU',
    position: 'HFS',
    devices: [
      { type: 'ASYMX', pairs: 1 },
      { type: 'ASYMY', pairs: 1 },
      { type: 'MLCX', pairs, boundaries },
    ],
    accessories: [],
    finalWeight: 1,
    controlPoints,
  };
  return {
    uid: '1',
    label: 'arc',
    geometry: 'PATIENT',
    patientName: '',
    patientId: '',
    doseUids: [],
    prescriptions: [],
    fractionGroups: [{ number: 1, fractions: 1, brachySetups: 0, beams: [{ beam: 1, meterset: 400 }] }],
    beams: [beam],
    brachySetups: 0,
  };
}

function doseOf(between: number, arcStep: number): { data: Float32Array; fields: number; seconds: number } {
  const start = performance.now();
  const treated = treatPlan(plan(between), artiste6mv, 'HFS', { arcStep });
  const { dose, beams } = computeTreatment(patient, treated, artiste6mv);
  return { data: dose.data, fields: beams[0]!.fields.length, seconds: (performance.now() - start) / 1000 };
}

for (const between of [2, 4]) {
  const fine = doseOf(between, 0.25);
  const maximum = fine.data.reduce((most, d) => Math.max(most, d), 0);
  for (const arcStep of [0.5, 1, 2, 4]) {
    if (arcStep > between) continue;
    const { data, fields, seconds } = doseOf(between, arcStep);
    let largest = 0;
    let squares = 0;
    let count = 0;
    for (const [i, d] of data.entries()) {
      if (fine.data[i]! === 0) continue;
      const off = Math.abs(d - fine.data[i]!) / maximum;
      largest = Math.max(largest, off);
      squares += off * off;
      count++;
    }
    process.stdout.write(
      `control points ${between} degrees apart, steps of ${arcStep}: ${fields} fields, largest ${(100 * largest).toFixed(3)} %, rms ${(100 * Math.sqrt(squares / count)).toFixed(4)} %, ${seconds.toFixed(1)} s\n`,
    );
  }
}
