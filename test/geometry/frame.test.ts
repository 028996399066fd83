import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  createBeamFrame,
  patientPositions,
  projectToIsocentrePlane,
  toBeam,
  toPatient,
} from '../../src/geometry/frame.js';
import type { Vec3 } from '../../src/geometry/grid.js';

interface Case {
  patient_dicom_lps_mm: Vec3;
  isocenter_mm: Vec3;
  gantry_deg: number;
  collimator_deg: number;
  patient_support_deg: number;
  patient_position: string;
  SAD: number;
  source_in_dicom_mm: Vec3;
  bld_iso_origin: Vec3;
  bev_at_iso_plane: [number, number];
}

// Own computation from the IEC 61217 formulas, rounded to six digits.
const file = new URL('../reference/iec61217_cases.json', import.meta.url);
const { cases } = JSON.parse(readFileSync(file, 'utf8')) as { cases: Case[] };

const frameOf = (c: Case) =>
  createBeamFrame(
    {
      isocenter: c.isocenter_mm,
      gantry: c.gantry_deg,
      collimator: c.collimator_deg,
      couch: c.patient_support_deg,
      position: c.patient_position,
    },
    c.SAD,
  );

describe('IEC 61217 frames', () => {
  it('has all 13 worked cases', () => expect(cases).toHaveLength(13));

  it.each(cases)('meets the worked case of gantry $gantry_deg, couch $patient_support_deg, $patient_position', (c) => {
    const frame = frameOf(c);
    const point = toBeam(frame, c.patient_dicom_lps_mm);
    const bev = projectToIsocentrePlane(frame, c.patient_dicom_lps_mm);
    for (let axis = 0; axis < 3; axis++) {
      // The file is rounded to 1e-6: half a unit of its last digit is 5e-7.
      expect(Math.abs(point[axis]! - c.bld_iso_origin[axis]!)).toBeLessThanOrEqual(5.01e-7);
      expect(Math.abs(frame.source[axis]! - c.source_in_dicom_mm[axis]!)).toBeLessThanOrEqual(5.01e-7);
    }
    expect(Math.abs(bev[0] - c.bev_at_iso_plane[0])).toBeLessThanOrEqual(5.01e-7);
    expect(Math.abs(bev[1] - c.bev_at_iso_plane[1])).toBeLessThanOrEqual(5.01e-7);
  });

  it('returns every point to 1e-9 mm, whatever the pose (seed 20)', () => {
    const angle = fc.double({ min: -360, max: 360, noNaN: true });
    const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
    const point = fc.tuple(coordinate, coordinate, coordinate);
    fc.assert(
      fc.property(
        angle,
        angle,
        angle,
        point,
        point,
        fc.constantFrom(...patientPositions),
        (g, c, s, iso, p, position) => {
          const frame = createBeamFrame({ isocenter: iso, gantry: g, collimator: c, couch: s, position }, 1000);
          const back = toPatient(frame, toBeam(frame, p));
          return back.every((value, axis) => Math.abs(value - p[axis]!) < 1e-9);
        },
      ),
      { seed: 20 },
    );
  });

  it('refuses what it does not know', () => {
    const pose = { isocenter: [0, 0, 0] as const, gantry: 0, collimator: 0, couch: 0 };
    expect(() => createBeamFrame({ ...pose, position: 'SITTING' }, 1000)).toThrow(/"SITTING" is not one of HFS/);
    expect(() => createBeamFrame({ ...pose, gantry: Number.NaN }, 1000)).toThrow(/gantry is NaN/);
    expect(() => createBeamFrame(pose, -1)).toThrow(/sad is -1/);
  });
});
