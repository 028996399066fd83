/** RT dose: every orientation against a ten-line formula, what is refused, real and odd files. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isSameGrid } from '../../../src/geometry/grid.js';
import type { DoseVolume } from '../../../src/geometry/volume.js';
import type { DicomFile } from '../../../src/io/dicom/dataset.js';
import { type RtDoseOptions, readRtDose } from '../../../src/io/dicom/dose.js';
import { decimals, encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';
import { hasShared, noteSkipped, shared } from '../../shared.js';

// Odd, unequal: a swapped axis shows.
const [columns, rows, frames] = [3, 5, 4];
const spacing = { columns: 2, rows: 3, frames: 2.5 };
const position = [-7.5, 4, 11];
const scale = 2e-4;
const storedAt = (c: number, r: number, f: number): number => 1000 + c + 10 * r + 100 * f;

interface Change {
  readonly orientation?: readonly number[];
  readonly offsets?: readonly number[];
  readonly bits?: 16 | 32;
  readonly isSigned?: boolean;
  readonly lower?: number;
  readonly elements?: readonly Written[];
  readonly without?: readonly number[];
}

const relative = [0, 1, 2, 3].map((f) => f * spacing.frames);

function rtDose({
  orientation = [1, 0, 0, 0, 1, 0],
  offsets = relative,
  bits = 16,
  isSigned = false,
  lower = 0,
  elements = [],
  without = [],
}: Change = {}): DicomFile {
  const pixels = new DataView(new ArrayBuffer((columns * rows * frames * bits) / 8));
  let at = 0;
  for (let f = 0; f < frames; f++)
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++, at++) {
        if (bits === 16) pixels.setInt16(2 * at, storedAt(c, r, f) - lower, true);
        else pixels.setUint32(4 * at, storedAt(c, r, f) - lower, true);
      }
  const standard: Written[] = [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.481.2'],
    [0x00080018, 'UI', '1.2.3'],
    [0x00200032, 'DS', decimals(position)],
    [0x00200037, 'DS', orientation.join('\\')],
    [0x00200052, 'UI', '1.2.9'],
    [0x00280002, 'US', [1]],
    [0x00280008, 'IS', String(frames)],
    [0x00280010, 'US', [rows]],
    [0x00280011, 'US', [columns]],
    [0x00280030, 'DS', `${spacing.rows}\\${spacing.columns}`],
    [0x00280100, 'US', [bits]],
    [0x00280101, 'US', [bits]],
    [0x00280102, 'US', [bits - 1]],
    [0x00280103, 'US', [isSigned ? 1 : 0]],
    [0x30040002, 'CS', 'GY'],
    [0x30040004, 'CS', 'PHYSICAL'],
    [0x3004000a, 'CS', 'PLAN'],
    [0x3004000c, 'DS', decimals(offsets)],
    [0x3004000e, 'DS', String(scale)],
    [0x300c0002, 'SQ', [[[0x00081155, 'UI', '1.2.7']]]],
    [0x7fe00010, 'OW', new Uint8Array(pixels.buffer)],
  ];
  const changed = new Set([...elements.map(([tag]) => tag), ...without]);
  const all = [...standard.filter(([tag]) => !changed.has(tag)), ...elements];
  return { name: 'RD.dcm', bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.481.2', '1.2.3', all) };
}

function rtPlan(groups: readonly (string | undefined)[], uid = '1.2.7'): DicomFile {
  const elements: Written[] = [
    [0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.481.5'],
    [0x00080018, 'UI', uid],
    [0x300a0070, 'SQ', groups.map((n): Written[] => (n === undefined ? [] : [[0x300a0078, 'IS', n]]))],
  ];
  return { name: 'RP.dcm', bytes: encodeDicom('1.2.840.10008.5.1.4.1.1.481.5', uid, elements) };
}

const read = (change?: Change, options?: RtDoseOptions) => readRtDose(rtDose(change), options);

const axes = [
  [1, 0, 0],
  [-1, 0, 0],
  [0, 1, 0],
  [0, -1, 0],
  [0, 0, 1],
  [0, 0, -1],
];
const orientations = axes.flatMap((a) =>
  axes.filter((b) => a.every((c, i) => c * b[i]! === 0)).map((b) => [...a, ...b]),
);

describe('where the values lie', () => {
  test.each(orientations)('image axes %d %d %d, %d %d %d, frames rising and falling', (...orientation) => {
    const a = orientation.slice(0, 3);
    const b = orientation.slice(3);
    const normal = [a[1]! * b[2]! - a[2]! * b[1]!, a[2]! * b[0]! - a[0]! * b[2]!, a[0]! * b[1]! - a[1]! * b[0]!];
    for (const offsets of [relative, relative.map((o) => -o)]) {
      const { grid, data } = read({ orientation, offsets }).dose;
      for (let f = 0; f < frames; f++)
        for (let r = 0; r < rows; r++)
          for (let c = 0; c < columns; c++) {
            const place = position.map(
              (p, i) => p + a[i]! * c * spacing.columns + b[i]! * r * spacing.rows + normal[i]! * offsets[f]!,
            );
            const [i, j, k] = place.map((p, n) => (p - grid.origin[n]!) / grid.spacing[n]!);
            const value = data[i! + grid.shape[2] * (j! + grid.shape[1] * k!)];
            expect(value).toBe(Math.fround(scale * storedAt(c, r, f)));
          }
    }
  });

  test('absolute offsets: the z of every frame, rising or falling', () => {
    const up = read({ offsets: [11, 13.5, 16, 18.5] }).dose;
    expect([up.grid.origin, up.grid.spacing]).toEqual([
      [-7.5, 4, 11],
      [2, 3, 2.5],
    ]);
    const down = read({ offsets: [11, 8.5, 6, 3.5] }).dose;
    expect(down.grid.origin[2]).toBe(3.5);
    // The first frame is now the last slice.
    expect(down.data[3 * rows * columns]).toBe(Math.fround(scale * storedAt(0, 0, 0)));
  });

  test('a first offset that is neither 0 nor z', () => {
    expect(() => read({ offsets: [5, 7.5, 10, 12.5] })).toThrow(/begins with 5, which is neither 0 nor the z .*\(11\)/);
    const turned = { orientation: [0, 1, 0, 0, 0, 1], offsets: [11, 13.5, 16, 18.5] };
    expect(() => read(turned)).toThrow(/begins with 11/);
  });

  test('16 and 32 bit, signed and unsigned', () => {
    const plain = read().dose.data;
    expect(read({ bits: 32 }).dose.data).toEqual(plain);
    expect(read({ isSigned: true }).dose.data).toEqual(plain);
  });

  test("a file in Node's Buffer, at any place of its memory", () => {
    const { name, bytes } = rtDose({ bits: 32 });
    for (let shift = 0; shift < 4; shift++) {
      const buffer = Buffer.concat([Buffer.alloc(shift), bytes]).subarray(shift);
      expect(readRtDose({ name, bytes: buffer }).dose.data).toEqual(read().dose.data);
    }
  });

  test('a single frame has the slice thickness', () => {
    const bytes = new Uint8Array(2 * rows * columns).fill(1);
    const one: Change = {
      elements: [
        [0x00280008, 'IS', '1'],
        [0x00180050, 'DS', '4'],
        [0x7fe00010, 'OW', bytes],
      ],
      without: [0x3004000c],
    };
    expect(read(one).dose.grid).toEqual({ shape: [1, 5, 3], spacing: [2, 3, 4], origin: [-7.5, 4, 11] });
    expect(() => read({ ...one, elements: [one.elements![0]!, one.elements![2]!] })).toThrow(/without SliceThickness/);
  });
});

describe('what the values mean', () => {
  const units = (value: string): Written => [0x30040002, 'CS', value];
  const type = (value: string): Written => [0x30040004, 'CS', value];
  const summation = (value: string): Written => [0x3004000a, 'CS', value];
  const first = Math.fround(scale * 1000);

  test('fractions: unknown, as given, as planned', () => {
    expect(read().dose.fractions).toBeUndefined();
    expect(read({}, { fractions: 22 }).dose.fractions).toBe(22);
    expect(read({}, { plan: rtPlan(['22']) })).toMatchObject({
      dose: { fractions: 22 },
      planUids: ['1.2.7'],
      notes: [],
    });
    expect(read({}, { plan: rtPlan(['22']), fractions: 22 }).dose.fractions).toBe(22);
  });

  test.each<[string, RtDoseOptions, RegExp]>([
    ['half a fraction', { fractions: 1.5 }, /fractions is 1\.5/],
    [
      'another plan',
      { plan: rtPlan(['22'], '1.2.8') },
      /plan 1\.2\.8 is not the one of RD\.dcm, which refers to 1\.2\.7/,
    ],
    ['two numbers', { plan: rtPlan(['22']), fractions: 20 }, /20 fractions are given, but RP\.dcm plans 22/],
    ['two fraction groups', { plan: rtPlan(['22', '5']) }, /2 fraction groups/],
    ['a plan that does not say', { plan: rtPlan([undefined]) }, /NumberOfFractionsPlanned is missing/],
    ['a dose for a plan', { plan: rtDose() }, /481\.2 is no RT plan/],
    ['another frame', { frameOfReferenceUid: '1.2.10' }, /frame of reference 1\.2\.9 is not that of the structures/],
    ['Gy times Gy', { gyPerUnit: 2 }, /in Gy already/],
  ])('refuses %s', (_, options, message) => {
    expect(() => read({}, options)).toThrow(message);
  });

  test('relative units: refused, or times what the caller says', () => {
    const change = { elements: [units('RELATIVE')] };
    expect(() => read(change)).toThrow(/DoseUnits is RELATIVE, not GY/);
    const { dose, notes } = read(change, { gyPerUnit: 50 });
    expect(dose.data[0]).toBeCloseTo(50 * scale * 1000, 5);
    expect(notes).toEqual(['Dose in units RELATIVE times 50 Gy.']);
  });

  test.each(['FRACTION', 'BEAM', 'FRACTION_SESSION'])('summation %s: refused, or as the caller says', (value) => {
    const change = { elements: [summation(value)] };
    expect(() => read(change)).toThrow(`DoseSummationType is ${value}`);
    expect(read(change, { extent: 'course' }).dose.data[0]).toBe(first);
    expect(() => read(change, { extent: 'fraction' })).toThrow(/needs their number/);
    const total = read(change, { extent: 'fraction', fractions: 22 });
    expect(total.dose.data[0]).toBeCloseTo(22 * first, 5);
    expect(total.notes).toEqual(['Dose of one fraction times 22.']);
  });

  test('several plans: a total whose fractions no plan tells', () => {
    const change = { elements: [summation('MULTI_PLAN')] };
    expect(read(change).dose.data[0]).toBe(first);
    expect(() => read(change, { plan: rtPlan(['22']) })).toThrow(/has not the fractions of one of them/);
  });

  test('a dose corrected for biological effect', () => {
    const change = { elements: [type('EFFECTIVE')] };
    expect(() => read(change)).toThrow(/DoseType is EFFECTIVE/);
    const eqd2 = { quantity: 'eqd2', alphaBeta: 2, fractions: 22 } as const;
    expect(read(change, eqd2).dose).toMatchObject(eqd2);
    expect(read(change, { quantity: 'physical' }).notes).toEqual(['Dose of type EFFECTIVE read as physical dose.']);
    expect(() => read(change, { quantity: 'eqd2' })).toThrow(/needs an alpha\/beta/);
    expect(() => read(change, { ...eqd2, extent: 'fraction' })).toThrow(/eqd2 of one fraction/);
    expect(() => read({ elements: [type('ERROR')] })).toThrow(/DoseType is ERROR/);
  });

  test('a negative dose is named with its place', () => {
    expect(() => read({ isSigned: true, lower: 1011 })).toThrow(/at \(-7\.5, 4, 11\) mm is -0\.0022 Gy/);
  });
});

describe('what does not fit', () => {
  test.each<[string, Change, RegExp]>([
    ['an oblique grid', { orientation: [0.8, 0.6, 0, -0.6, 0.8, 0] }, /not along those of the patient/],
    [
      'uneven frames',
      { offsets: [0, 2.5, 5, 10] },
      /frames are 2\.5 mm apart at first, but 5 mm between frames 3 and 4/,
    ],
    ['frames in one place', { offsets: [0, 0, 0, 0] }, /not evenly spaced/],
    ['three offsets', { offsets: [0, 2.5, 5] }, /holds 3 numbers for 4 frame/],
    ['no offsets', { without: [0x3004000c] }, /holds 0 numbers/],
    ['no scaling', { without: [0x3004000e] }, /DoseGridScaling is missing/],
    ['scaling 0', { elements: [[0x3004000e, 'DS', '0']] }, /DoseGridScaling is 0/],
    ['no units', { without: [0x30040002] }, /DoseUnits is \(missing\)/],
    ['no summation type', { without: [0x3004000a] }, /DoseSummationType is \(missing\)/],
    ['no frame of reference', { without: [0x00200052] }, /FrameOfReferenceUID is missing/],
    ['too few pixels', { elements: [[0x00280010, 'US', [6]]] }, /pixel data holds 120 bytes where 144/],
    ['another object', { elements: [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2']] }, /is no RT dose/],
  ])('%s', (_, change, message) => {
    expect(() => read(change)).toThrow(message);
  });
});

describe.skipIf(!hasShared)('real and odd files', () => {
  const load = (path: string, options?: RtDoseOptions) =>
    readRtDose({ name: path, bytes: new Uint8Array(readFileSync(shared(`patients/${path}`))) }, options);
  const most = (data: Float32Array): number => data.reduce((a, b) => Math.max(a, b));
  // toEqual takes seconds for a million values.
  const isSame = (a: DoseVolume, b: DoseVolume): boolean =>
    isSameGrid(a.grid, b.grid) && a.data.every((v, i) => v === b.data[i]);

  test('Eclipse prostate, native and RLE', () => {
    const { dose, frameOfReferenceUid } = load('eclipse-prostate/RD.dcm');
    expect(dose.grid).toEqual({
      shape: [92, 86, 136],
      spacing: [2.5, 2.5, 2.5],
      origin: [-162.8260187, -105.0168634, -122.5],
    });
    // Eclipse's own table: BODY maximum 47.058 Gy on its grid; dicompyler and plastimatch 47.08.
    expect(most(dose.data)).toBeCloseTo(47.0756, 3);
    expect(frameOfReferenceUid).toBe('1.2.826.0.1.3680043.10.1171.1.0');
    expect(isSame(load('odd/rtdose32_rle.dcm').dose, dose)).toBe(true);
  });

  test('16 bit: plain, RLE and big endian alike', () => {
    const options = { quantity: 'physical' } as const;
    const plain = load('odd/rtdose16_explicit.dcm', options).dose;
    expect(most(plain.data)).toBeCloseTo(2.2102, 4);
    for (const other of ['rle', 'bigendian'])
      expect(isSame(load(`odd/rtdose16_${other}.dcm`, options).dose, plain), other).toBe(true);
  });

  test('pydicom: relative units of one beam; one frame with fifteen offsets', () => {
    const options = { gyPerUnit: 1, extent: 'course' } as const;
    const plain = load('pydicom-files/rtdose.dcm', options).dose;
    expect(most(plain.data)).toBeCloseTo(1.254, 6);
    for (const other of ['rtdose_expb', 'rtdose_rle'])
      expect(load(`pydicom-files/${other}.dcm`, options).dose).toEqual(plain);
    expect(() => load('pydicom-files/rtdose.dcm')).toThrow(/RELATIVE/);
    expect(() => load('pydicom-files/rtdose_1frame.dcm', options)).toThrow(/15 numbers for 1 frame/);
  });
});
noteSkipped('RT doses of real patients');
