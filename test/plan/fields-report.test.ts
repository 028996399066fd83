/** Fields on a cube of water: what is open, what is flagged, and how it is printed. */
import { describe, expect, test } from 'vitest';
import type { Vec3 } from '../../src/geometry/grid.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { buildPhantom } from '../../src/phantom/build.js';
import { parsePhantom } from '../../src/phantom/spec.js';
import { computeFields } from '../../src/plan/field/field-dose.js';
import { openFields } from '../../src/plan/field/opened-field.js';
import { type FieldsInput, parseFields } from '../../src/plan/input/fields-file.js';
import { fieldsReport, fieldsSummary } from '../../src/report/field-dose.js';

const cubeOf = (size: Vec3) =>
  buildPhantom(
    parsePhantom({
      name: 'cube',
      description: 'Water.',
      length: size[2],
      air: 20,
      parts: [
        { name: 'External', material: 'water', role: 'external', shape: { kind: 'box', center: [0, 0, 0], size } },
      ],
    }),
    { spacing: [10, 10, 10] },
  );
const cube = cubeOf([100, 100, 60]);
type Beam = FieldsInput['beams'][number];
const square = (half: number) => ({ x1: -half, x2: half, y1: -half, y2: half });
const jaws: Beam = { gantry: 0, monitorUnits: 100, field: square(20) };
const parse = (beams: Beam[], more: object = {}) =>
  parseFields({ patient: { phantom: 'water-box' }, isocenter: [0, 0, 0], beams, ...more });
const computed = (beams: Beam[], more: object = {}, patient = cube) =>
  computeFields(patient, parse(beams, more), artiste6mv);
const flagsOf = (beam: Beam, more: object = {}, patient = cube): string[] =>
  computed([beam], more, patient).beams[0]!.flags.map(({ code }) => code);

describe('what is open', () => {
  const open = (...beams: Beam[]) => openFields(parse(beams), artiste6mv);

  test('jaws: their rectangle, by monitor units', () => {
    const [one] = open({ ...jaws, field: { x1: -20, x2: 10, y1: -5, y2: 35 } });
    expect(one).toMatchObject({ kind: 'jaws', area: 30 * 40, monitorUnits: 100, transmission: { jaws: 0, leaves: 0 } });
    expect(Math.max(...one!.fluence.weights)).toBe(100);
    const [leaking] = openFields(parse([jaws], { transmission: { jaws: 0.02 } }), artiste6mv);
    expect(leaking!.transmission.jaws).toBe(0.02);
    expect(Math.min(...leaking!.fluence.weights)).toBeCloseTo(2, 9);
  });

  test('leaves: the openings between them, with the bank’s own transmission unless told', () => {
    const aperture = {
      bank: { boundaries: [-20, -10, 0, 10, 20], transmission: 0.015 },
      openings: [{ x1: -15, x2: 5, y1: -10, y2: 10 }],
    };
    const [one] = open({ gantry: 0, monitorUnits: 50, aperture });
    expect(one).toMatchObject({ kind: 'leaves', area: 400, bounds: { x1: -15, x2: 5, y1: -10, y2: 10 } });
    expect(one!.transmission).toEqual({ jaws: 0, leaves: 0.015 });
    expect(Math.max(...one!.fluence.weights)).toBe(50);
    const told = openFields(
      parse([{ gantry: 0, monitorUnits: 50, aperture }], { transmission: { leaves: 0.1 } }),
      artiste6mv,
    );
    expect(told[0]!.transmission.leaves).toBe(0.1);
  });

  test('a map: the beamlets that carry weight, their mean', () => {
    const [one] = open({
      gantry: 0,
      fluence: {
        spacing: 5,
        beamlets: [
          [0, 0, 10],
          [5, 0, 30],
          [10, 5, 0],
        ],
      },
    });
    expect(one).toMatchObject({
      kind: 'beamlets',
      monitorUnits: 20,
      area: 50,
      bounds: { x1: -2.5, x2: 7.5, y1: -2.5, y2: 2.5 },
    });
    const [faint] = open({
      gantry: 0,
      fluence: {
        spacing: 5,
        beamlets: [
          [0, 0, 0.25],
          [5, 0, 0.75],
        ],
      },
    });
    expect(faint).toMatchObject({ monitorUnits: 0.5, area: 50 });
    const [dark] = open({ gantry: 0, fluence: { spacing: 5, beamlets: [[0, 0, 0]] } });
    expect(dark).toMatchObject({ monitorUnits: 0, area: 0 });
    expect(dark).not.toHaveProperty('bounds');
  });

  test('what cannot be is refused with the beam’s number', () => {
    expect(() => open(jaws, { ...jaws, field: { x1: 20, x2: -20, y1: -5, y2: 5 } })).toThrow(/^fields: beams\.1: /);
  });
});

describe('what is flagged', () => {
  test('sides and openings outside what was commissioned, 10 to 400 mm; the ends of it are within', () => {
    expect(flagsOf({ ...jaws, field: square(5) })).toEqual([]);
    expect(flagsOf({ ...jaws, field: square(4.9) })).toEqual(['field-size']);
    expect(flagsOf({ ...jaws, field: { ...square(20), x1: -5, x2: 4.9 } })).toEqual(['field-size']);
    expect(flagsOf({ ...jaws, field: square(200) })).toEqual([]);
    expect(flagsOf({ ...jaws, field: { ...square(20), y1: -200.1, y2: 200 } })).toEqual(['field-size']);
    // Far apart, but next to nothing open: 2 beamlets of 5 mm are 50 mm2, 4 are the 100 of the smallest square.
    const map = (n: number): Beam => ({
      gantry: 0,
      fluence: {
        spacing: 5,
        beamlets: Array.from(
          { length: n },
          (_, i) => [20 * (i % 2), 20 * Math.floor(i / 2), 10] as [number, number, number],
        ),
      },
    });
    expect(flagsOf(map(3))).toEqual(['field-size']);
    expect(flagsOf(map(4))).toEqual([]);
    const { message } = computed([{ ...jaws, field: { ...square(20), x1: -4, x2: 4 } }]).beams[0]!.flags[0]!;
    expect(message).toBe(
      'the field of 8 x 40 mm (open 3.20 cm2) lies outside the sides of 10 to 400 mm that were commissioned',
    );
  });

  test('nothing open, an isocentre outside, points deeper than was commissioned', () => {
    expect(flagsOf({ gantry: 0, fluence: { spacing: 5, beamlets: [[0, 0, 0]] } })).toEqual(['nothing-open']);
    expect(flagsOf(jaws, { isocenter: [0, -55, 0] })).toEqual(['isocenter-outside']);
    expect(flagsOf(jaws, { isocenter: [0, -44, 0] })).toEqual([]);
    expect(flagsOf(jaws, { isocenter: [0, -120, 0] })).toEqual(['isocenter-outside']);
    const long = cubeOf([60, 340, 40]);
    expect(flagsOf(jaws, {}, long)).toEqual(['depth']);
    const beam = computed([jaws], {}, long).beams[0]!;
    expect(beam.flags[0]!.message).toMatch(/^\d+ points lie deeper than the commissioned 300 mm of water$/);
  });
});

describe('the dose', () => {
  const result = computed([jaws, { ...jaws, name: 'side', gantry: 90, monitorUnits: 50, collimator: 10, couch: 5 }], {
    fractions: 5,
  });

  test('is the sum of the beams, largest in the voxel that is told', () => {
    const one = computed([jaws]);
    const other = computed([{ ...jaws, gantry: 90, monitorUnits: 50, collimator: 10, couch: 5 }]);
    result.dose.data.forEach((gray, v) => {
      expect(Math.abs(gray - one.dose.data[v]! - other.dose.data[v]!)).toBeLessThan(1e-6);
    });
    const best = result.dose.data.reduce((at, gray, v, all) => (gray > all[at]! ? v : at), 0);
    expect(result.maximum.dose).toBeCloseTo(result.dose.data[best]!, 6);
    const [, ny, nx] = result.dose.grid.shape;
    const place = [best % nx, Math.floor(best / nx) % ny, Math.floor(best / (nx * ny))];
    expect(result.maximum.at).toEqual(
      place.map((c, a) => result.dose.grid.origin[a]! + c * result.dose.grid.spacing[a]!),
    );
    expect(result.beams[0]!.isocenterDose! + result.beams[1]!.isocenterDose!).toBeCloseTo(
      one.beams[0]!.isocenterDose! + other.beams[0]!.isocenterDose!,
      9,
    );
    expect(result.beams[0]!.isocenterDepth).toBeCloseTo(50, 3);
  });

  test('on a grid of its own covers the patient; the patient’s own spacing is its own grid', () => {
    const { grid } = computed([jaws], { grid: { spacing: [20, 10, 10] } }).dose;
    expect(grid.spacing).toEqual([20, 10, 10]);
    expect(computed([jaws], { grid: { spacing: [10, 10, 10] } }).dose.grid).toBe(cube.density.grid);
    expect(() => computed([jaws], { grid: { spacing: [0.1, 0.1, 0.1] } })).toThrow(
      /makes 1\.\de\+9 voxels, more than 1e8/,
    );
    expect(() => computeFields({ ...cube, structures: [] }, parse([jaws]), artiste6mv)).toThrow(/no external contour/);
  });

  test('as JSON: totals over the beams', () => {
    const report = fieldsReport(result, { version: '9', inputs: { fields: 'abc' } }) as any;
    expect(report.software).toBe('respine 9');
    expect(report.beams[1]).toMatchObject({
      name: 'side',
      gantry: 90,
      collimator: 10,
      couch: 5,
      opening: 'jaws',
      monitorUnits: 50,
      openAreaCm2: 16,
    });
    expect(report.beams[0]).toMatchObject({
      ssd: 950,
      isocenterDepth: 50,
      bounds: square(20),
      transmission: { jaws: 0, leaves: 0 },
    });
    expect(report.totals.monitorUnits).toBe(150);
    const sum = result.beams.reduce((total, { isocenterDose }) => total + isocenterDose!, 0);
    expect(report.totals.isocenterDose).toBeCloseTo(sum, 5);
    expect(report.totals.maximumDose).toBeCloseTo(result.maximum.dose, 5);
    expect(report.fractions).toBe(5);
  });

  test('distances to a tenth of a mm, depths to a hundredth, doses to a micro-Gray', () => {
    const { beams } = fieldsReport(computed([jaws], { isocenter: [0, -2.34, 0] }), { version: '9', inputs: {} }) as any;
    expect(beams[0].ssd).toBe(952.3);
    expect(beams[0].isocenterDepth).toBeCloseTo(47.66, 2);
  });

  test('as a table: one line per beam, then the total', () => {
    const lines = fieldsSummary(result).split('\n');
    expect(lines[0]).toMatch(/^cube: artiste-6mv, physical dose, total of 5 fractions$/);
    const sum = result.beams.reduce((total, { isocenterDose }) => total + isocenterDose!, 0);
    expect(lines[2]!.split(/\s+/).slice(1, 5)).toEqual([
      '100.0',
      '950.0',
      '50.0',
      result.beams[0]!.isocenterDose!.toFixed(4),
    ]);
    expect(lines[2]).toMatch(/ {3}40 x 40 mm, 16\.0 cm2$/);
    const at = result.maximum.at.map((c) => c.toFixed(1)).join(', ');
    expect(lines[4]!.replace(/\s+/g, ' ')).toBe(
      `total 150.0 ${sum.toFixed(4)} Gy maximum ${result.maximum.dose.toFixed(4)} Gy at (${at}) mm`,
    );
    const outside = computed([jaws], { isocenter: [0, -55, 0] });
    expect(fieldsSummary(outside)).toMatch(/total of 1 fraction\n/);
    expect(fieldsSummary(outside).match(/outside/g)!.length).toBeGreaterThan(2);
    expect(fieldsSummary(outside)).toContain('  flag: the isocentre lies outside');
    expect((fieldsReport(outside, { version: '9', inputs: {} }) as any).totals.isocenterDose).toBeNull();
    const dark = computed([{ gantry: 0, fluence: { spacing: 5, beamlets: [[0, 0, 0]] } }]);
    expect(fieldsSummary(dark)).toContain('   nothing, 0.0 cm2');
    expect((fieldsReport(dark, { version: '9', inputs: {} }) as any).beams[0]).toMatchObject({
      bounds: null,
      openAreaCm2: 0,
    });
    expect((fieldsReport(dark, { version: '9', inputs: {} }) as any).beams[0]).not.toHaveProperty('transmission');
  });
});
