/** The dose of explicit fields on a cube of water: where each beam enters, and that no dose is below zero. */
import { expect, test } from 'vitest';
import type { Vec3 } from '../../src/geometry/grid.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { computeFields } from '../../src/plan/field/field-dose.js';
import { parseFields } from '../../src/plan/input/fields-file.js';

/** Faces at x = +-100, y = +-80, z = +-60 mm. */
const cube = parsePhantom({
  name: 'cube',
  description: 'Water.',
  length: 120,
  air: 20,
  parts: [
    {
      name: 'External',
      material: 'water',
      role: 'external',
      shape: { kind: 'box', center: [0, 0, 0], size: [200, 160, 120] },
    },
  ],
});
const patient = buildPhantom(cube, { spacing: [10, 10, 10] });

function dosed(isocenter: Vec3, ...gantries: number[]) {
  const field = { x1: -15, x2: 15, y1: -10, y2: 10 };
  const beams = gantries.map((gantry) => ({ gantry, monitorUnits: 100, field }));
  const fields = parseFields({ patient: { phantom: 'water-box' }, isocenter, beams });
  return computeFields(patient, fields, artiste6mv);
}

test('the source-surface distance is SAD less the geometric depth of the isocentre', () => {
  const { beams } = dosed([0, 0, 0], 0, 90, 180, 270, 30);
  const ssd = beams.map((beam) => beam.ssd);
  expect(ssd[0]).toBeCloseTo(1000 - 80, 6);
  expect(ssd[1]).toBeCloseTo(1000 - 100, 6);
  expect(ssd[2]).toBeCloseTo(1000 - 80, 6);
  expect(ssd[3]).toBeCloseTo(1000 - 100, 6);
  // At 30 degrees the ray comes in through the face in front, 80 / cos 30 mm before the isocentre.
  expect(ssd[4]).toBeCloseTo(1000 - 80 / Math.cos(Math.PI / 6), 6);
  for (const beam of beams) expect(beam.ssd + beam.isocenterDepth).toBeCloseTo(1000, 1);
});

test('with the isocentre off the middle, and with one before the skin', () => {
  expect(dosed([10, 50, -20], 0).beams[0]!.ssd).toBeCloseTo(1000 - 130, 6);
  const before = dosed([0, -95, 0], 0).beams[0]!;
  expect(before.ssd).toBeCloseTo(1000 + 15, 6);
  expect(before.isocenterDose).toBeNull();
});

test('no dose is below zero, as the kernel’s sum can be', () => {
  // A field that takes dose away stands for the residual of the kernel, which is above zero in so small a cube.
  const fields = parseFields({
    patient: { phantom: 'water-box' },
    isocenter: [0, 0, 0],
    beams: [{ gantry: 0, monitorUnits: 100, field: { x1: -15, x2: 15, y1: -10, y2: 10 } }],
  });
  const of = (...units: number[]) => {
    const beams = units.map((monitorUnits, b) => ({ ...fields.beams[0]!, gantry: 90 * b, monitorUnits }));
    return computeFields(patient, { ...fields, beams }, artiste6mv).dose.data;
  };
  const [first, second, both] = [of(100), of(0, 100), of(100, -100)];
  let below = 0;
  for (let v = 0; v < both.length; v++) {
    if (first[v]! < second[v]!) below++;
    expect(Math.abs(both[v]! - Math.max(0, first[v]! - second[v]!))).toBeLessThan(1e-6);
  }
  expect(below).toBeGreaterThan(500);
});
