import { expect, test } from 'vitest';
import { createGrid } from '../../../src/geometry/grid.js';
import { createVolume } from '../../../src/geometry/volume.js';
import { readCt } from '../../../src/io/dicom/ct.js';
import type { DicomFile } from '../../../src/io/dicom/dataset.js';
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';
import { writeCt } from '../../../src/io/dicom/write.js';

// Odd, unequal dims and spacings, and a different value in every voxel.
const grid = createGrid([5, 3, 4], [2, 3, 2.5], [-7.25, 11, 100.5]);
const ct = createVolume(
  'hounsfield',
  grid,
  Float32Array.from({ length: 60 }, (_, i) => 40 * i - 1000),
);
const identity = { patientName: 'TEST^ÄNNE', patientId: '42' };
const files = writeCt(ct, identity);

/** One slice with chosen elements: rows 3, columns 4, value of pixel (row, column) = 10 row + column. */
function slice(z: number, changes: Record<number, Written | undefined> = {}, name = `z${z}.dcm`): DicomFile {
  const pixels = new Uint8Array(Uint16Array.from({ length: 12 }, (_, i) => 10 * Math.floor(i / 4) + (i % 4)).buffer);
  const base: Written[] = [
    [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\AXIAL'],
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2'],
    [0x00080018, 'UI', `1.2.3.${Math.round(1000 + z)}`],
    [0x00185100, 'CS', 'HFS'],
    [0x0020000e, 'UI', '1.2.3'],
    [0x00200032, 'DS', `10\\20\\${z}`],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', '1.2.4'],
    [0x00280002, 'US', [1]],
    [0x00280010, 'US', [3]],
    [0x00280011, 'US', [4]],
    [0x00280030, 'DS', '3\\2'],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [16]],
    [0x00280102, 'US', [15]],
    [0x00280103, 'US', [0]],
    [0x00281052, 'DS', '-1000'],
    [0x00281053, 'DS', '2'],
    [0x7fe00010, 'OW', pixels],
  ];
  const elements = base.flatMap((e): Written[] => (e[0] in changes ? (changes[e[0]] ? [changes[e[0]]!] : []) : [e]));
  for (const [tag, e] of Object.entries(changes)) if (e && !base.some(([t]) => t === Number(tag))) elements.push(e);
  return { name, bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.2', '1.2.3', elements) };
}
const series = (changes: Record<number, Written | undefined> = {}): DicomFile[] =>
  [0, 5, 10].map((z) => slice(z, changes));

test('written and read again: the same HU on the same grid, whatever the order of the files', () => {
  const shuffled = [3, 0, 4, 1, 2].map((k) => ({ ...files[k]!, name: `${(k * 7) % 5}.dcm` }));
  const read = readCt(shuffled);
  expect(read.hounsfield.data).toEqual(ct.data);
  expect(read.hounsfield.grid).toEqual(grid);
  expect(read).toMatchObject({ position: 'HFS', patientName: 'TEST^ÄNNE', patientId: '42', notes: [] });
  expect(writeCt(ct, identity)).toEqual(files);
});

test('rescale, rows and columns', () => {
  const { hounsfield } = readCt(series());
  expect(hounsfield.grid).toEqual(createGrid([3, 3, 4], [2, 3, 5], [10, 20, 0]));
  expect(hounsfield.data[3 + 4 * (2 + 3 * 1)]).toBe(2 * 23 - 1000);
});

test('each pixel keeps its place when rows and columns run along other patient axes', () => {
  for (const [row, column] of [
    [
      [1, 0],
      [0, 1],
    ],
    [
      [-1, 0],
      [0, -1],
    ],
    [
      [-1, 0],
      [0, 1],
    ],
    [
      [0, 1],
      [-1, 0],
    ],
    [
      [0, -1],
      [1, 0],
    ],
  ] as const) {
    const cosines = [...row, 0, ...column, 0].join('\\');
    const { grid: g, data } = readCt(series({ 2097207: [0x00200037, 'DS', cosines] })).hounsfield;
    for (const [r, c] of [
      [0, 0],
      [2, 3],
      [1, 3],
      [2, 0],
    ] as const) {
      // Columns are 2 mm apart, rows 3 mm.
      const p = [10 + 2 * c * row[0] + 3 * r * column[0], 20 + 2 * c * row[1] + 3 * r * column[1], 5];
      const [i, j, k] = p.map((x, a) => (x - g.origin[a]!) / g.spacing[a]!);
      expect(data[i! + g.shape[2] * (j! + g.shape[1] * k!)], cosines).toBe(2 * (10 * r + c) - 1000);
    }
  }
});

test('signed, 8, 12 bits in the middle of a word, and what stands beside them', () => {
  const us = (tag: number, value: number): Record<number, Written> => ({ [tag]: [tag, 'US', [value]] });
  const pixels = (array: ArrayBufferView): Record<number, Written> => ({
    [0x7fe00010]: [0x7fe00010, 'OW', new Uint8Array(array.buffer as ArrayBuffer)],
  });
  const first = (changes: Record<number, Written>): number[] => [
    ...readCt(series(changes)).hounsfield.data.subarray(0, 3),
  ];
  const values = (head: number[]): number[] => [...head, ...new Array<number>(9).fill(0)];
  expect(first({ ...us(0x00280103, 1), ...pixels(Int16Array.from(values([-5, 7, -32768]))) })).toEqual([
    -1010, -986, -66536,
  ]);
  // An overlay bit (0x8000) above 12 stored bits.
  const twelve = { ...us(0x00280101, 12), ...us(0x00280102, 11) };
  expect(first({ ...twelve, ...pixels(Uint16Array.from(values([0x8005, 4095, 0]))) })).toEqual([-990, 7190, -1000]);
  expect(first({ ...twelve, ...us(0x00280103, 1), ...pixels(Uint16Array.from(values([0x0fff, 0x8001, 0]))) })).toEqual([
    -1002, -998, -1000,
  ]);
  expect(
    first({ ...us(0x00280101, 12), ...us(0x00280102, 15), ...pixels(Uint16Array.from(values([0x5f, 0, 16]))) }),
  ).toEqual([-990, -1000, -998]);
  const eight = { ...us(0x00280100, 8), ...us(0x00280101, 8), ...us(0x00280102, 7) };
  expect(first({ ...eight, ...pixels(Uint8Array.from(values([255, 0, 1]))) })).toEqual([-490, -1000, -998]);
  expect(() => first(us(0x00280101, 17))).toThrow('BitsStored 17');
});

test('a missing slice is named by the gap', () => {
  expect(() => readCt(files.filter((_, k) => k !== 2))).toThrow(
    'CT: 1 slice(s) missing between z = 103 and 108 mm (the others are 2.5 mm apart). Export the whole series.',
  );
  expect(() => readCt([slice(0), slice(5), slice(10), slice(17)])).toThrow('are 7 mm apart, the others 5 mm');
});

test('doubled slices: a copy is passed over, another image in the same place refused', () => {
  const read = readCt([...files, { ...files[1]!, name: 'copy.dcm' }]);
  expect(read.notes).toEqual([expect.stringContaining('is a copy of')]);
  expect(read.hounsfield.data).toEqual(ct.data);
  const changed = slice(5, { 2625618: [0x00281052, 'DS', '0'] }, 'other.dcm');
  expect(() => readCt([...series(), changed])).toThrow('z5.dcm and other.dcm both lie at z = 5 mm');
});

test('several series, localizers and strangers', () => {
  const other = [0, 5].map((z) => slice(z, { 2097166: [0x0020000e, 'UI', '1.2.99'] }, `other${z}`));
  expect(() => readCt([...series(), ...other])).toThrow(
    '2 series: 1.2.3 (3 slices), 1.2.99 (2 slices). Choose one with seriesUid.',
  );
  expect(readCt([...series(), ...other], { seriesUid: '1.2.99' }).hounsfield.grid.shape[0]).toBe(2);
  expect(() => readCt(series(), { seriesUid: '7' })).toThrow('no series 7 among 1.2.3 (3 slices)');
  const plan = slice(0, { 524310: [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.481.5'] }, 'plan');
  const scout = slice(0, { 524296: [0x00080008, 'CS', 'ORIGINAL\\PRIMARY\\LOCALIZER'] }, 'scout');
  const text = { name: 'README', bytes: Uint8Array.from('not DICOM at all, just text', (c) => c.charCodeAt(0)) };
  const read = readCt([plan, scout, text, ...series()]);
  expect(read.notes).toEqual([
    'CT: passed over 1 file of kind RT plan (plan).',
    'CT: passed over 1 file of kind localizer (scout).',
    'CT: passed over 1 file of kind not DICOM (README).',
  ]);
  // A plan that is cut short is no reason to refuse the CT beside it.
  expect(readCt([{ ...plan, bytes: plan.bytes.subarray(0, plan.bytes.length - 7) }, ...series()]).notes.length).toBe(1);
  expect(() => readCt([plan, text])).toThrow('no CT slices among 2 file(s)');
});

test('a DICOMDIR beside the slices, which tells its class in the meta header only, is passed over', () => {
  const index = { name: 'DICOMDIR', bytes: encodeDicom('1.2.840.10008.1.3.10', '1.2.9', [[0x00041130, 'CS', 'DISK']]) };
  const read = readCt([index, ...series()]);
  expect(read.notes).toEqual(['CT: passed over 1 file of kind DICOMDIR (DICOMDIR).']);
  expect(read.hounsfield).toEqual(readCt(series()).hounsfield);
});

test('slices that are not axial, lie beside each other or are incomplete are refused with the file', () => {
  expect(() => readCt(series({ 2097207: [0x00200037, 'DS', '1\\0\\0\\0\\0\\-1'] }))).toThrow('not axial');
  const moved = slice(10, { 2097202: [0x00200032, 'DS', '10\\21\\10'] });
  expect(() => readCt([slice(0), slice(5), moved])).toThrow('z10.dcm: its rows, columns');
  expect(() => readCt([slice(0), slice(5), slice(10, { 2097234: [0x00200052, 'UI', '1.9'] })])).toThrow(
    'frame of reference differ',
  );
  expect(() => readCt(series({ 2625619: [0x00281053, 'DS', '0'] }))).toThrow('z0.dcm: RescaleSlope is 0');
  expect(() => readCt(series({ 2625619: undefined }))).toThrow('z0.dcm: RescaleSlope is missing');
  expect(() => readCt(series({ 2097202: undefined }))).toThrow('ImagePositionPatient is missing');
  expect(() => readCt([slice(0)])).toThrow('single slice without SliceThickness');
  expect(readCt(series({ 1593600: undefined })).notes).toEqual([expect.stringContaining('HFS is assumed')]);
});

test('cut short at any length, a slice is refused or (before its SOP class) not taken for a CT: never half-read', () => {
  const { bytes, name } = files[2]!;
  for (let length = 140; length < bytes.length; length += 3) {
    let message = '';
    try {
      readCt([{ name, bytes: bytes.subarray(0, length) }, ...files.filter((_, k) => k !== 2)]);
    } catch (error) {
      expect(['FormatError', 'InvalidInputError', 'UnsupportedError'], `${length}: ${error}`).toContain(
        (error as Error).name,
      );
      message = (error as Error).message;
    }
    expect(message, `${length} bytes`).toContain(name);
  }
});
