import { expect, test } from 'vitest';
import { anglesOnPatient, arrangements } from '../../src/beam/arrangement.js';
import { createBeamFrame, patientPositions } from '../../src/geometry/frame.js';

/** Where the source stands, LPS, mm from the isocentre. */
const sourceOf = (gantry: number, couch: number, position: string): number[] => {
  const { source } = createBeamFrame({ isocenter: [0, 0, 0], gantry, collimator: 0, couch, position }, 1000);
  return [...source].map((c) => Math.round(1e6 * c) / 1e6 + 0);
};
const sourcesOf = (name: string, position: string): number[][] =>
  anglesOnPatient(name, position).map(({ gantry, couch = 0 }) => sourceOf(gantry, couch, position));

test('an arrangement stands where it says on every patient: prone, the same sources as supine', () => {
  for (const name of Object.keys(arrangements)) expect(sourcesOf(name, 'HFP')).toEqual(sourcesOf(name, 'HFS'));
  for (const name of Object.keys(arrangements)) expect(sourcesOf(name, 'FFP')).toEqual(sourcesOf(name, 'FFS'));
  for (const position of patientPositions) {
    expect(sourcesOf('posterior-1', position), position).toEqual([[0, 1000, 0]]);
    expect(Math.min(...sourcesOf('posterior-9', position).map(([, y]) => y!)), position).toBeGreaterThan(0);
  }
});

test('HFS and FFS keep the angles of the name, a list of angles stays on any patient', () => {
  expect(anglesOnPatient('posterior-9', 'HFS')).toBe(arrangements['posterior-9']);
  expect(anglesOnPatient('posterior-9', 'FFS')).toBe(arrangements['posterior-9']);
  const list = [{ gantry: 180, couch: 10 }];
  expect(anglesOnPatient(list, 'HFP')).toBe(list);
});

test('couch angles by name are refused on a patient who lies on a side', () => {
  expect(() => anglesOnPatient('non-coplanar-7', 'HFDL')).toThrow(
    'arrangement "non-coplanar-7" turns the couch, which is not worked out for a patient HFDL. List',
  );
  expect(() => anglesOnPatient('posterior-5', 'standing')).toThrow('patient position "standing" is not one of');
});
