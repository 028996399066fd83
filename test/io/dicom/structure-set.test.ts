import { expect, test } from 'vitest';
import { contoursVolume } from '../../../src/geometry/contour.js';
import { createGrid } from '../../../src/geometry/grid.js';
import type { Solid } from '../../../src/geometry/solid.js';
import type { Structure } from '../../../src/geometry/structure.js';
import { createVolume } from '../../../src/geometry/volume.js';
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';
import { patientFromDicom } from '../../../src/io/dicom/patient.js';
import { readStructureSet } from '../../../src/io/dicom/structure-set.js';
import { ctReference, writeCt, writeStructureSet } from '../../../src/io/dicom/write.js';

const grid = createGrid([21, 30, 40], [2, 2.5, 3], [-39, -36, -30]);
const ct = createVolume('hounsfield', grid, new Float32Array(21 * 30 * 40).fill(0));
const identity = { patientName: 'TEST', patientId: '1' };
const ctFiles = writeCt(ct, identity);

const ball = (radius: number, hole = 0): Solid => ({
  distance: (x, y, z) => Math.max(Math.hypot(x, y, z) - radius, hole - Math.hypot(x, y)),
  box: { min: [-radius, -radius, -radius], max: [radius, radius, radius] },
  isExact: false,
});
const solid = (name: string, role: Structure['role'], s: Solid): Structure => ({
  name,
  role,
  shape: { kind: 'solid', solid: s },
});
const structures: Structure[] = [
  { ...solid('Body', 'external', ball(33)), color: [10, 200, 30] },
  solid('CTV_1', 'target', ball(20, 8)),
  solid('Myelon', 'organ', ball(9)),
  solid('Couch', 'support', ball(12)),
];
const written = writeStructureSet(structures, ctReference(ct, identity));

const volumeOf = (s: Structure): number => {
  if (s.shape.kind !== 'contours') throw new Error('contours expected');
  return contoursVolume(s.shape.contours);
};
const sphere = (r: number): number => ((4 / 3) * Math.PI * r ** 3) / 1000;

test('written and read again: names, roles, colours, holes and volumes', () => {
  const set = readStructureSet(written, {
    frameOfReferenceUid: ctReference(ct, identity).frameOfReferenceUid,
    sliceSpacing: 3,
  });
  expect(set.structures.map((s) => [s.name, s.role])).toEqual(structures.map((s) => [s.name, s.role]));
  expect(set.structures[0]!.color).toEqual([10, 200, 30]);
  expect(set.notes).toEqual([]);
  // Slices of 3 mm: the sum over slices of a sphere's sections is within h^2 / 4 r^2 of its volume.
  expect(volumeOf(set.structures[2]!) / sphere(9)).toBeCloseTo(1, 1);
  // A ball with a round bore (napkin ring): pi h^3 / 6 with h its height.
  const height = 2 * Math.sqrt(400 - 64);
  // Its ends are cut by the slices, too: h^2 / 4 (r^2 - 64) = 1 %.
  expect(Math.abs(volumeOf(set.structures[1]!) / ((Math.PI * height ** 3) / 6000) - 1)).toBeLessThan(0.015);
  expect(writeStructureSet(structures, ctReference(ct, identity))).toEqual(written);
  // What was read once is written unchanged but for rounding to 0.0001 mm.
  const again = readStructureSet(writeStructureSet(set.structures, ctReference(ct, identity)));
  again.structures.forEach((s, i) => {
    expect(volumeOf(s) / volumeOf(set.structures[i]!)).toBeCloseTo(1, 6);
  });
});

/** A structure set by hand: one ROI with the given contours. */
function handmade(
  contours: { type?: string; data: number[]; count?: number }[],
  type = 'ORGAN',
  name = 'Thing',
): { name: string; bytes: Uint8Array } {
  const drawn = contours.map(({ type: geometric = 'CLOSED_PLANAR', data, count }): Written[] => [
    [0x30060042, 'CS', geometric],
    [0x30060046, 'IS', String(count ?? data.length / 3)],
    [0x30060050, 'DS', data.join('\\')],
  ]);
  const roi = (n: number, title: string): Written[] => [
    [0x30060022, 'IS', String(n)],
    [0x30060024, 'UI', '1.2.4'],
    [0x30060026, 'LO', title],
  ];
  const elements: Written[] = [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.481.3'],
    [0x30060020, 'SQ', [roi(1, name), roi(2, 'Empty')]],
    [
      0x30060039,
      'SQ',
      [
        [
          [0x30060084, 'IS', '1'],
          [0x30060040, 'SQ', drawn],
        ],
      ],
    ],
    [
      0x30060080,
      'SQ',
      [
        [
          [0x30060084, 'IS', '1'],
          [0x300600a4, 'CS', type],
        ],
      ],
    ],
  ];
  return { name: 'RS.dcm', bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.481.3', '1.2.5', elements) };
}
const square = (z: number, half = 10): number[] => [-half, -half, z, half, -half, z, half, half, z, -half, half, z];

test('holes count by even-odd, one plane takes the slice spacing, the rest is noted', () => {
  const set = readStructureSet(
    handmade([
      { data: square(4) },
      { data: square(4, 5) },
      { type: 'POINT', data: [0, 0, 4] },
      { type: 'OPEN_PLANAR', data: square(7) },
      { data: [0, 0, 4, 1, 1, 4] },
    ]),
    { sliceSpacing: 3 },
  );
  expect(set.structures.length).toBe(1);
  expect(volumeOf(set.structures[0]!)).toBeCloseTo((300 * 3) / 1000, 12);
  expect(set.notes).toEqual([
    'Structure "Thing": 1 contour(s) passed over (POINT).',
    'Structure "Thing": 1 contour(s) passed over (OPEN_PLANAR).',
    'Structure "Thing": 1 contour(s) passed over (closed with fewer than 3 points).',
    'Structure "Empty" has no contours and was passed over.',
    'Structure "Thing": one slice only, at z = 4 mm: its thickness is taken to be 3 mm.',
  ]);
});

test('a ring that is drawn twice counts once, wherever it starts and whichever way round; an XOR ring does not', () => {
  const ring = square(4);
  const turned = [...ring.slice(6), ...ring.slice(0, 6)];
  const back = [3, 2, 1, 0, 3].flatMap((p) => ring.slice(3 * p, 3 * p + 3));
  for (const copy of [ring, turned, back]) {
    const set = readStructureSet(handmade([{ data: ring }, { data: copy }, { data: square(7) }]));
    expect(volumeOf(set.structures[0]!)).toBeCloseTo((2 * 400 * 3) / 1000, 12);
    expect(set.notes[0]).toBe('Structure "Thing": 1 contour(s) passed over (drawn twice).');
  }
  const hole = readStructureSet(handmade([{ data: ring }, { data: square(4, 5) }, { data: square(7) }]));
  expect(volumeOf(hole.structures[0]!)).toBeCloseTo(((300 + 400) * 3) / 1000, 12);
  const type = 'CLOSEDPLANAR_XOR';
  const xor = readStructureSet(handmade([{ data: ring, type }, { data: ring, type }, { data: square(7) }]));
  expect(volumeOf(xor.structures[0]!)).toBeCloseTo((400 * 3) / 1000, 12);
});

test('one number for two structures is refused by their names', () => {
  const roi = (name: string): Written[] => [
    [0x30060022, 'IS', '1'],
    [0x30060026, 'LO', name],
  ];
  const drawn: Written[] = [[0x30060084, 'IS', '1']];
  const read = (rois: Written[][], contours: Written[][]): unknown =>
    readStructureSet({
      name: 'RS.dcm',
      bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.481.3', '1.2.5', [
        [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.481.3'],
        [0x30060020, 'SQ', rois],
        [0x30060039, 'SQ', contours],
      ]),
    });
  expect(() => read([roi('A'), roi('B')], [drawn])).toThrow('RS.dcm: ROI number 1 is that of "A" and of "B"');
  expect(() => read([roi('A')], [drawn, drawn])).toThrow('2 items of contours are of 1 ROI numbers');
});

test('roles by type or name', () => {
  const role = (type: string, name: string): string =>
    readStructureSet(handmade([{ data: square(1) }, { data: square(4) }], type, name)).structures[0]!.role;
  expect(role('PTV', 'x')).toBe('target');
  expect(role('ORGAN', 'gtv boost')).toBe('target');
  expect(role('EXTERNAL', 'Skin')).toBe('external');
  expect(role('SUPPORT', 'Table')).toBe('support');
  expect(role('', 'Lung')).toBe('organ');
});

test('every other slice: counted for its gap, with a note', () => {
  const set = readStructureSet(handmade([0, 6, 12].map((z) => ({ data: square(z) }))), { sliceSpacing: 3 });
  expect(volumeOf(set.structures[0]!)).toBeCloseTo((3 * 400 * 6) / 1000, 12);
  expect(set.notes[1]).toContain('drawn every 6 mm on slices 3 mm apart');
});

test('refused: another frame, wrong counts, absurd places, no structure set, one plane of unknown thickness', () => {
  expect(() => readStructureSet(written, { frameOfReferenceUid: '1.2.3' })).toThrow(
    /frame of reference 2\.25\.\d+ is not that of the CT, 1\.2\.3\. Give/,
  );
  expect(() => readStructureSet(handmade([{ data: square(1), count: 5 }]))).toThrow('12 coordinates for 5 points');
  expect(() => readStructureSet(handmade([{ data: square(1) }]))).toThrow(/Give .*--slice-spacing/);
  expect(() => readStructureSet(handmade([{ data: square(1e5) }]))).toThrow('coordinate 100000 mm, more than 10 m');
  expect(() => readStructureSet(ctFiles[0]!)).toThrow('is no RT structure set');
  expect(() => readStructureSet({ name: 'x', bytes: new Uint8Array(400) })).toThrow('x: is not a DICOM file');
  for (let length = 140; length < written.bytes.length; length += 1013) {
    expect(
      () => readStructureSet({ name: 'RS.dcm', bytes: written.bytes.subarray(0, length) }),
      String(length),
    ).toThrow(/RS\.dcm/);
  }
});

test('patient: density inside the external only, overrides by occupancy, names checked', () => {
  const patient = patientFromDicom(ctFiles, written, {
    rename: { Myelon: 'SpinalCord' },
    densityOverrides: { SpinalCord: 3 },
    roles: { Couch: 'organ' },
  });
  const at = (x: number, y: number, z: number): number =>
    patient.density.data[Math.round((x + 39) / 2) + 40 * (Math.round((y + 36) / 2.5) + 30 * Math.round((z + 30) / 3))]!;
  expect(at(1, 1.5, 0)).toBeCloseTo(3, 6);
  expect(at(15, 1.5, 0)).toBeCloseTo(1, 6);
  expect(at(-39, -36, 0)).toBe(0);
  // Electrons are counted: each structure by its polygon volume.
  const sum = patient.density.data.reduce((a, b) => a + b, 0) * ((2 * 2.5 * 3) / 1000);
  const [body, , cord] = patient.structures.map(volumeOf);
  expect(sum / (body! + 2 * cord!)).toBeCloseTo(1, 5);
  expect(patient.structures.map((s) => s.name)).toEqual(['Body', 'CTV_1', 'SpinalCord', 'Couch']);
  expect(patient.structures[3]!.role).toBe('organ');
  expect(patient.notes).toContain('Density of "SpinalCord" set to 3 relative to water.');

  const all = 'Use one of: Body, CTV_1, Myelon, Couch.';
  expect(() => patientFromDicom(ctFiles, written, { rename: { Cord: 'x' } })).toThrow(
    `rename: no structure "Cord". ${all}`,
  );
  expect(() => patientFromDicom(ctFiles, written, { roles: { Cord: 'organ' } })).toThrow(
    `role: no structure "Cord". ${all}`,
  );
  expect(() => patientFromDicom(ctFiles, written, { densityOverrides: { Cord: 1 } })).toThrow(
    'density override: no structure "Cord"',
  );
  expect(() => patientFromDicom(ctFiles, written, { rename: { Myelon: 'Body' } })).toThrow(
    '"Body" would be there twice',
  );
  expect(() => patientFromDicom(ctFiles, written, { densityOverrides: { Body: -1 } })).toThrow('must be >= 0');
});

test('a body at the numbers of air is refused; one that is half lung is told', () => {
  const of = (hu: number) => {
    const volume = createVolume('hounsfield', grid, new Float32Array(ct.data.length).fill(hu));
    return patientFromDicom(writeCt(volume, identity), writeStructureSet(structures, ctReference(volume, identity)));
  };
  expect(() => of(-1024)).toThrow(
    '100 % of the body lies below -950 HU, which is air: the body is drawn beside the patient',
  );
  expect(of(-700).notes).toContain(
    'CT: 100 % of the body lies below -300 HU, which soft tissue does not. Look at the CT numbers.',
  );
  expect(of(40).notes.join()).not.toContain('soft tissue');
});

test('a body at the numbers of bone, as where the intercept is lost, is refused but with a table of its own', () => {
  const volume = createVolume('hounsfield', grid, new Float32Array(ct.data.length).fill(1024));
  const lost = writeCt(volume, identity);
  const drawn = writeStructureSet(structures, ctReference(volume, identity));
  expect(() => patientFromDicom(lost, drawn)).toThrow('CT: 100 % of the body lies above 500 HU, as where Rescale');
  const hounsfieldTable = [[0, 0] as const, [1024, 1] as const, [3000, 3] as const];
  expect(() => patientFromDicom(lost, drawn, { hounsfieldTable })).not.toThrow();
});

test('without a structure set the body is found, or the whole CT counts and a note says so', () => {
  const open = patientFromDicom(ctFiles, undefined);
  expect(open.notes.join()).toContain('the whole CT counts');
  expect(open.density.data.every((value) => value === 1)).toBe(true);
  const found = patientFromDicom(ctFiles, undefined, { findExternal: true });
  expect(found.structures.map((s) => [s.name, s.role])).toEqual([['External', 'external']]);
});
