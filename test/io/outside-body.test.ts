/** A bolus and a couch outside the body contour: said, or counted. */
import { expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createVolume } from '../../src/geometry/volume.js';
import { completePatient, type DrawnOptions } from '../../src/io/drawn-patient.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { computeFields } from '../../src/plan/field/field-dose.js';
import { parseFields } from '../../src/plan/input/fields-file.js';

// A body of water from y = -50 to 50, a bolus of 10 mm on it, a couch of 20 mm under it.
const grid = createGrid([20, 30, 20], [5, 5, 5], [-47.5, -67.5, -47.5]);
const hounsfield = createVolume('hounsfield', grid, new Float32Array(20 * 30 * 20).fill(-1000));
const at = (x: number, y: number, z: number): number =>
  Math.round((x + 47.5) / 5) + 20 * (Math.round((y + 67.5) / 5) + 30 * Math.round((z + 47.5) / 5));
for (let k = 0; k < 20; k++) {
  for (let j = 0; j < 30; j++) {
    for (let i = 0; i < 20; i++) {
      const y = -67.5 + 5 * j;
      hounsfield.data[i + 20 * (j + 30 * k)] = y > -60 && y < 50 ? 0 : y > 50 && y < 70 ? -500 : -1000;
    }
  }
}
const drawn = (name: string, role: Structure['role'], y0: number, y1: number): Structure => ({
  name,
  role,
  shape: { kind: 'solid', solid: box([-50, y0, -50], [50, y1, 50]) },
});
const structures = [
  drawn('BODY', 'external', -50, 50),
  drawn('Gel', 'bolus', -60, -50),
  drawn('CouchSurface', 'support', 50, 70),
];
const patientOf = (options: DrawnOptions = {}, own = structures) =>
  completePatient({ name: 'x', position: 'HFS', hounsfield }, own, options, []);

test('left out by default, and said with volume and density', () => {
  const { density, notes } = patientOf();
  expect(density.data[at(0, -57.5, 0)]).toBe(0);
  expect(density.data[at(0, 57.5, 0)]).toBe(0);
  expect(notes).toEqual([
    '"Gel" lies outside BODY with 100 cc of density 1 and is left out: it weakens no beam. "include": ["Gel"] in patient counts it.',
    expect.stringMatching(/^"CouchSurface" lies outside BODY with 200 cc of density 0\.\d+ and is left out/),
  ]);
  // A couch that is drawn but not in the CT has nothing to say.
  expect(patientOf({}, [structures[0]!, drawn('CouchSurface', 'support', 70, 80)]).notes).toEqual([]);
  expect(patientOf({ densityOverrides: { Gel: 0 } }).notes[1]).toMatch(
    /^"Gel".*air in the CT: give it one by densityOverrides/,
  );
});

test('counted by name or by type; the body itself stays as it is, to the bit', () => {
  const plain = patientOf().density;
  const gel = patientOf({ include: ['BOLUS'] });
  expect(gel.density).toEqual(patientOf({ include: ['Gel'] }).density);
  expect(gel.notes[0]).toMatch(/^"Gel" counts for transport beside BODY: 100 cc of density 1 outside it/);
  const both = patientOf({ include: ['BOLUS', 'SUPPORT'] }).density;
  for (let i = 0; i < plain.data.length; i++) {
    expect(both.data[i]! >= gel.density.data[i]! && gel.density.data[i]! >= plain.data[i]!).toBe(true);
    if (plain.data[i]! > 0) expect(both.data[i]).toBe(plain.data[i]);
  }
  expect(gel.density.data[at(0, -57.5, 0)]).toBeCloseTo(1, 6);
  expect(gel.density.data[at(0, 57.5, 0)]).toBe(0);
  expect(both.data[at(0, 57.5, 0)]).toBeGreaterThan(0.3);
});

test('a field through the bolus meets 10 mm more of water, one past it the same', () => {
  const field = (gantry: number) =>
    parseFields({
      patient: { phantom: 'water-box' },
      isocenter: [0, 0, 0],
      beams: [{ gantry, collimator: 0, couch: 0, monitorUnits: 100, field: { x1: -20, x2: 20, y1: -20, y2: 20 } }],
    });
  const beam = (options: DrawnOptions, gantry: number) =>
    computeFields(patientOf(options), field(gantry), artiste6mv).beams[0]!;
  const [without, through] = [beam({}, 0), beam({ include: ['BOLUS'] }, 0)];
  expect(through.isocenterDepth - without.isocenterDepth).toBeCloseTo(10, 6);
  expect(without.ssd - through.ssd).toBeCloseTo(10, 6);
  expect(through.isocenterDose!).toBeLessThan(without.isocenterDose!);
  expect(beam({ include: ['BOLUS'] }, 90).isocenterDepth).toBe(beam({}, 90).isocenterDepth);
});

test('refused: what is not there, the body, and no body at all', () => {
  expect(() => patientOf({ include: ['Gell'] })).toThrow(
    'include: there is no structure "Gell". Use BOLUS, SUPPORT or one of: Gel, CouchSurface.',
  );
  expect(() => patientOf({ include: ['SUPPORT'] }, structures.slice(0, 2))).toThrow('nor one of that type');
  expect(() => patientOf({ include: ['BODY'] })).toThrow('is the body itself');
  expect(() => patientOf({ include: ['Gel'] }, structures.slice(1))).toThrow('the whole CT counts anyway');
});
