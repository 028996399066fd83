/** A written study read again: CT numbers exact, contours to 0.01 mm, doses to 1e-6; and everything in it refers to everything else. */
import { describe, expect, test } from 'vitest';
import { contoursVolume } from '../../../src/geometry/contour.js';
import { contoursOfStructure } from '../../../src/geometry/contour-trace.js';
import { createGrid, isSameGrid, placeOf, type Vec3, voxelCount } from '../../../src/geometry/grid.js';
import { contoursAtLevel } from '../../../src/geometry/level-contours.js';
import { createRigidTransform } from '../../../src/geometry/rigid-transform.js';
import type { Contours, Structure } from '../../../src/geometry/structure.js';
import { createVolume } from '../../../src/geometry/volume.js';
import { type DicomFile, type Elements, items, readDataset, text, texts } from '../../../src/io/dicom/dataset.js';
import { readRtDose } from '../../../src/io/dicom/dose.js';
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';
import { patientFromDicom } from '../../../src/io/dicom/patient.js';
import { readRegistration, rigidBetween } from '../../../src/io/dicom/registration.js';
import { readStructureSet } from '../../../src/io/dicom/structure-set.js';
import { patientToDicom } from '../../../src/report/dicom-export.js';
import { doseOf, studyGrid, studyPatient, writtenStudy } from './written-study.js';

const { patient, files, structures, doses } = writtenStudy();
const isSlice = ({ name }: DicomFile): boolean => name.startsWith('CT/');
const slices = files.filter(isSlice);
const file = (name: string): DicomFile => files.find((one) => one.name === name)!;
const elementsOf = (name: string): Elements => readDataset(file(name)).elements;
const contoursOf = ({ shape }: Structure): Contours => {
  if (shape.kind !== 'contours') throw new Error('contours expected');
  return shape.contours;
};

describe('round trip', () => {
  const again = patientFromDicom(slices, file('RS.dcm'));

  test('CT: whole HU, on the same grid', () => {
    expect(isSameGrid(again.hounsfield.grid, patient.hounsfield.grid)).toBe(true);
    const { data } = patient.hounsfield;
    // + 0: a rounded -0.3 is -0.
    expect(again.hounsfield.data.every((hu, i) => hu === Math.round(data[i]!) + 0)).toBe(true);
    expect(again.position).toBe('HFS');
  });

  test('structures: names, roles, colours, contours to 0.01 mm, volumes as told', () => {
    expect(again.structures.map((s) => [s.name, s.role])).toEqual(patient.structures.map((s) => [s.name, s.role]));
    for (const [s, structure] of again.structures.entries()) {
      const read = contoursOf(structure);
      const drawn = contoursOfStructure(patient.structures[s]!, patient.hounsfield.grid)!;
      expect(structure.color).toBeDefined();
      expect(read.planes.map((p) => p.polygons.length)).toEqual(drawn.planes.map((p) => p.polygons.length));
      for (const [p, { z, polygons }] of read.planes.entries()) {
        expect(Math.abs(z - drawn.planes[p]!.z)).toBeLessThan(1e-4);
        for (const [q, polygon] of polygons.entries()) {
          const before = drawn.planes[p]!.polygons[q]!;
          expect(polygon.every((c, i) => Math.abs(c - before[i]!) < 1e-4)).toBe(true);
        }
      }
      expect(structures[s]).toEqual({ name: structure.name, volumeCc: expect.closeTo(contoursVolume(read), 3) });
    }
  });

  test('doses: to 1e-6 of the largest, on the same grid, with their meaning', () => {
    for (const [name, dose] of doses) {
      const read = readRtDose(file(name)).dose;
      expect(isSameGrid(read.grid, dose.grid)).toBe(true);
      const most = dose.data.reduce((a, b) => Math.max(a, b));
      expect(dose.data.every((value, i) => Math.abs(read.data[i]! - value) <= 1e-6 * most)).toBe(true);
      expect([read.quantity, read.fractions, read.alphaBeta]).toEqual([dose.quantity, dose.fractions, dose.alphaBeta]);
    }
  });

  test('registration: the transform to 1e-6 mm, both ways', () => {
    const registration = readRegistration(file('REG.dcm'));
    const moved = createRigidTransform({ translation: [1, -2, 3.3], rotation: [1, 2, -3] });
    const read = rigidBetween(registration, '2.25.3', again.frameOfReferenceUid!);
    moved.rotation.forEach((r, i) => {
      expect(read.rotation[i]).toBeCloseTo(r, 9);
    });
    moved.translation.forEach((t, i) => {
      expect(read.translation[i]).toBeCloseTo(t, 7);
    });
  });

  test('a contour of 4000 points, which makes the file implicit', () => {
    expect(readDataset(file('RS_long.dcm')).transferSyntax).toBe('1.2.840.10008.1.2');
    expect(readDataset(file('RS.dcm')).transferSyntax).toBe('1.2.840.10008.1.2.1');
    const [read] = readStructureSet(file('RS_long.dcm'), { sliceSpacing: 4 }).structures;
    expect(contoursOf(read!).planes[0]!.polygons[0]).toHaveLength(8000);
    expect(contoursVolume(contoursOf(read!))).toBeCloseTo((Math.PI * 40 * 30 * 4) / 1000, 3);
  });

  test('a study that is read and written again brings only what is new, beside what was read', () => {
    const dose = doseOf(studyGrid, { quantity: 'physical' });
    const beside = patientToDicom(again, [dose], { isodoses: [20] });
    expect(beside.files.map(({ name }) => name)).toEqual(['RD.dcm', 'RS_isodoses.dcm']);
    const [first] = slices;
    for (const one of beside.files) {
      for (const tag of ['00100010', '00100020', '0020000D', '00200052'])
        expect(text(readDataset(one).elements, tag), tag).toBe(text(readDataset(first!).elements, tag));
    }
    expect(again.study!.structureSetUid).toBe(text(elementsOf('RS.dcm'), '00080018'));
  });
});

describe('the study', () => {
  const all = files.map((one) => readDataset(one).elements);
  const each = (tag: string): Set<string> => new Set(all.map((elements) => text(elements, tag) ?? ''));

  test('one patient, one study, one frame of reference; each instance its own UID, no series of two kinds', () => {
    for (const tag of ['00100010', '00100020', '0020000D', '00200052', '00080005']) expect(each(tag).size, tag).toBe(1);
    // Of one dose in 32 and 16 bits there are two files.
    expect(each('00080018').size).toBe(files.length);
    expect(each('0020000E').size).toBe(1 + files.length - slices.length);
    for (const elements of all)
      expect(texts(elements, '0008103E').join()).toContain('RESEARCH ONLY - NOT FOR CLINICAL');
  });

  test('every contour lies on the image that it refers to', () => {
    const places = new Map(slices.map((one) => [uidOf(one), Number(texts(readDataset(one).elements, '00200032')[2])]));
    for (const name of ['RS.dcm', 'RS_isodoses_imrt.dcm']) {
      const set = elementsOf(name);
      const contours = items(set, '30060039').flatMap((roi) => items(roi, '30060040'));
      expect(contours.length).toBeGreaterThan(10);
      for (const contour of contours) {
        const image = text(items(contour, '30060016')[0]!, '00081155')!;
        expect(Math.abs(places.get(image)! - Number(texts(contour, '30060050')[2]))).toBeLessThan(0.01);
      }
      const study = items(items(set, '30060010')[0]!, '30060012')[0]!;
      const series = items(study, '30060014')[0]!;
      expect(text(series, '0020000E')).toBe(text(readDataset(slices[0]!).elements, '0020000E'));
      expect(items(series, '30060016').map((item) => text(item, '00081155'))).toEqual([...places.keys()]);
    }
  });

  test('interpreted types', () => {
    const set = elementsOf('RS.dcm');
    const names = new Map(items(set, '30060020').map((item) => [text(item, '30060022'), text(item, '30060026')]));
    const types = items(set, '30060080').map((item) => [names.get(text(item, '30060084')), text(item, '300600A4')]);
    expect(Object.fromEntries(types)).toMatchObject({
      PTV_3960: 'PTV',
      CTV: 'CTV',
      GTV: 'GTV',
      External: 'EXTERNAL',
      SpinalCord: 'ORGAN',
      SpinalCord_PRV02: 'AVOIDANCE',
    });
    const lines = items(elementsOf('RS_isodoses_imrt.dcm'), '30060080').map((item) => text(item, '300600A4'));
    expect(lines).toEqual(['DOSE_REGION', 'DOSE_REGION']);
  });
});

const uidOf = (one: DicomFile): string => text(readDataset(one).elements, '00080018')!;

describe('isodose lines', () => {
  const grid = createGrid([9, 41, 51], [1.5, 2, 3], [-37, -40, -12]);
  const cone = createVolume(
    'dose',
    grid,
    Float32Array.from(
      { length: voxelCount(grid) },
      (_, v) => 50 - Math.hypot(...(placeOf(grid, v).slice(0, 2) as never as [number, number])),
    ),
  );

  test('of a cone are circles, and a higher level lies within a lower one', () => {
    for (const level of [20, 35.5]) {
      const contours = contoursAtLevel(cone, level, [-12, -10, 0, 1, 12], 3)!;
      expect(contours.planes.map(({ z }) => z)).toEqual([-12, -10, 0, 1, 12]);
      for (const { polygons } of contours.planes) {
        expect(polygons).toHaveLength(1);
        for (let i = 0; i < polygons[0]!.length; i += 2)
          expect(Math.hypot(polygons[0]![i]!, polygons[0]![i + 1]!)).toBeCloseTo(50 - level, 0);
      }
    }
    const [low, high] = [20, 35.5].map((level) => contoursVolume(contoursAtLevel(cone, level, [0], 3)!));
    expect(high! / (Math.PI * 14.5 ** 2 * 3e-3)).toBeCloseTo(1, 2);
    expect(low).toBeGreaterThan(high!);
  });

  test('end half a voxel beyond the samples where the level runs out of the grid; none where it is not reached', () => {
    const even = createVolume('dose', grid, new Float32Array(voxelCount(grid)).fill(10));
    const [plane] = contoursAtLevel(even, 4, [0], 3)!.planes;
    const xs = plane!.polygons[0]!.filter((_, i) => i % 2 === 0);
    expect([Math.min(...xs), Math.max(...xs)]).toEqual([expect.closeTo(-37.75, 6), expect.closeTo(38.75, 6)]);
    expect(contoursAtLevel(even, 10.1, [0], 3)).toBeUndefined();
    expect(contoursAtLevel(even, 4, [-40, 40], 3)).toBeUndefined();
  });
});

test.each([0, -1, Number.NaN, 2000])('an isodose of %d Gy is refused', (level) => {
  expect(() => patientToDicom(studyPatient(), [], { isodoses: [level] })).toThrow(/is no dose > 0 and <= 1000 Gy/);
});

test.each([40000, Number.NaN])('%d HU do not fit into a CT, and the voxel is named', (value) => {
  const { hounsfield, ...rest } = studyPatient();
  const odd = { ...hounsfield, data: hounsfield.data.slice() };
  odd.data[1234] = value;
  expect(() => patientToDicom({ ...rest, hounsfield: odd })).toThrow(`voxel 1234 is ${value} HU`);
});

/** How a scanner writes the image axes of each position. */
const positions: readonly (readonly [string, string])[] = [
  ['HFS', '1\\0\\0\\0\\1\\0'],
  ['HFP', '-1\\0\\0\\0\\-1\\0'],
  ['FFS', '-1\\0\\0\\0\\1\\0'],
  ['FFP', '1\\0\\0\\0\\-1\\0'],
  ['HFDL', '0\\-1\\0\\1\\0\\0'],
  ['HFDR', '0\\1\\0\\-1\\0\\0'],
  ['FFDL', '0\\1\\0\\1\\0\\0'],
  ['FFDR', '0\\-1\\0\\-1\\0\\0'],
];

describe.each(positions)('%s', (position, cosines) => {
  const at = ([x, y, z]: Vec3): number => Math.round(300 + 7 * x - 3 * y + 11 * z);
  const [rows, columns, spacing] = [5, 7, [2, 3]] as const;
  const images = [0, 2.5, 5].map((z, k): DicomFile => {
    const c = cosines.split('\\').map(Number);
    const origin = [4, -6, 10 + z];
    const pixels = new Int16Array(rows * columns);
    for (let r = 0; r < rows; r++) {
      for (let n = 0; n < columns; n++) {
        const place = origin.map((o, a) => o + n * spacing[1] * c[a]! + r * spacing[0] * c[3 + a]!);
        pixels[r * columns + n] = at(place as never);
      }
    }
    const elements: Written[] = [
      [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
      [0x00080018, 'UI', `1.2.3.${k}`],
      [0x00080020, 'DA', '20240131'],
      [0x00100010, 'PN', 'DOE^JANE'],
      [0x00100020, 'LO', '17'],
      [0x00185100, 'CS', position],
      [0x0020000d, 'UI', '1.2.8'],
      [0x0020000e, 'UI', '1.2.3'],
      [0x00200032, 'DS', origin.join('\\')],
      [0x00200037, 'DS', cosines],
      [0x00200052, 'UI', '1.2.9'],
      [0x00280002, 'US', [1]],
      [0x00280010, 'US', [rows]],
      [0x00280011, 'US', [columns]],
      [0x00280030, 'DS', spacing.join('\\')],
      [0x00280100, 'US', [16]],
      [0x00280101, 'US', [16]],
      [0x00280102, 'US', [15]],
      [0x00280103, 'US', [1]],
      [0x00281052, 'DS', '0'],
      [0x00281053, 'DS', '1'],
      [0x7fe00010, 'OW', new Uint8Array(pixels.buffer)],
    ];
    return { name: `${k}.dcm`, bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.2', `1.2.3.${k}`, elements) };
  });

  test('a dose beside it, and its CT written anew, lie where the images say', () => {
    const read = patientFromDicom(images, undefined);
    const { grid, data } = read.hounsfield;
    const dose = doseOf(grid, { quantity: 'physical' }, (place) => at(place) / 10);
    const [written] = patientToDicom(read, [dose]).files;
    expect(text(readDataset(written!).elements, '00200052')).toBe('1.2.9');
    const back = readRtDose(written!).dose;
    for (let v = 0; v < data.length; v++) {
      expect(back.data[v]).toBeCloseTo(at(placeOf(back.grid, v)) / 10, 4);
      expect(data[v]).toBe(at(placeOf(grid, v)));
    }
    const { study: _, ...strange } = read;
    const anew = patientToDicom(strange).files.filter(isSlice);
    const again = patientFromDicom(anew, undefined);
    expect(again.position).toBe(position);
    expect(again.hounsfield.data).toEqual(data);
    expect(isSameGrid(again.hounsfield.grid, grid)).toBe(true);
  });
});
