/** CT as scanners leave it: two spacings, a tilted gantry, oblique axes, frames of an enhanced CT, files beside the slices. */
import { describe, expect, test } from 'vitest';
import { type CtSeries, readCt } from '../../../src/io/dicom/ct.js';
import type { DicomFile } from '../../../src/io/dicom/dataset.js';
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';

type Vec = readonly [number, number, number];
type Field = (x: number, y: number, z: number) => number;

const ctImage = '1.2.840.10008.5.1.4.1.1.2';
const enhanced = '1.2.840.10008.5.1.4.1.1.2.1';
const linear: Field = (x, y, z) => 2 * x - 3 * y + 5 * z + 100;
const ball: Field = (x, y, z) => (Math.hypot(x - 4, y + 3, z - 8) < 22 ? 1000 : -1000);
const cosine = (degrees: number): number => Math.cos((degrees * Math.PI) / 180);
const sine = (degrees: number): number => Math.sin((degrees * Math.PI) / 180);

interface Plane {
  readonly origin: Vec;
  readonly row?: Vec;
  readonly column?: Vec;
  readonly rows?: number;
  readonly columns?: number;
  readonly spacing?: readonly [number, number];
}

/** Stored values in tenths of a HU, so that rounding stays below 0.05. */
function pixels(field: Field, plane: Plane): Uint8Array {
  const { origin, row = [1, 0, 0], column = [0, 1, 0], rows = 30, columns = 34, spacing = [2, 2] } = plane;
  const out = new Int16Array(rows * columns);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < columns; c++) {
      const p = origin.map((o, a) => o + spacing[1] * c * row[a]! + spacing[0] * r * column[a]!) as unknown as Vec;
      out[r * columns + c] = Math.round(10 * field(...p));
    }
  }
  return new Uint8Array(out.buffer);
}

const text = (values: readonly number[]): string => values.map((v) => String(Number(v.toFixed(9)))).join('\\');

const image = (plane: Plane): Written[] => [
  [0x00280002, 'US', [1]],
  [0x00280010, 'US', [plane.rows ?? 30]],
  [0x00280011, 'US', [plane.columns ?? 34]],
  [0x00280100, 'US', [16]],
  [0x00280101, 'US', [16]],
  [0x00280102, 'US', [15]],
  [0x00280103, 'US', [1]],
];

function slice(field: Field, plane: Plane, more: readonly Written[] = [], name = `z${plane.origin[2]}`): DicomFile {
  const { origin, row = [1, 0, 0], column = [0, 1, 0], spacing = [2, 2] } = plane;
  const base: Written[] = [
    [0x00080016, 'UI', ctImage],
    [0x00100020, 'LO', 'A'],
    [0x00185100, 'CS', 'HFS'],
    [0x0020000e, 'UI', '1.2.3'],
    [0x00200032, 'DS', text(origin)],
    [0x00200037, 'DS', text([...row, ...column])],
    [0x00200052, 'UI', '1.2.4'],
    [0x00280030, 'DS', text(spacing)],
    [0x00281052, 'DS', '0'],
    [0x00281053, 'DS', '0.1'],
    ...image(plane),
    [0x7fe00010, 'OW', pixels(field, plane)],
  ];
  const changed = new Set(more.map(([tag]) => tag));
  return { name, bytes: encodeDicom(ctImage, '1.2.3', [...base.filter(([tag]) => !changed.has(tag)), ...more]) };
}

const axial = (field: Field, places: readonly number[], more: readonly Written[] = []): DicomFile[] =>
  places.map((z) => slice(field, { origin: [-30, -31, z] }, more));
const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);

/** Largest deviation of a CT from a field, where the CT is not air. */
function deviation({ hounsfield: { grid, data } }: CtSeries, field: Field, isOutside = -1000): [number, number] {
  let largest = 0;
  let count = 0;
  for (let k = 0, i = 0; k < grid.shape[0]; k++) {
    for (let j = 0; j < grid.shape[1]; j++) {
      for (let x = 0; x < grid.shape[2]; x++, i++) {
        if (data[i] === isOutside) continue;
        const p = [x, j, k].map((n, a) => grid.origin[a]! + n * grid.spacing[a]!) as unknown as Vec;
        largest = Math.max(largest, Math.abs(data[i]! - field(...p)));
        count++;
      }
    }
  }
  return [largest, count / data.length];
}

/** Volume in cc and centroid of what is above 0 HU, each voxel by how far it is above -1000. */
function contents({ hounsfield: { grid, data } }: CtSeries): { volume: number; centroid: number[] } {
  const sum = [0, 0, 0, 0];
  for (let k = 0, i = 0; k < grid.shape[0]; k++) {
    for (let j = 0; j < grid.shape[1]; j++) {
      for (let x = 0; x < grid.shape[2]; x++, i++) {
        const weight = (data[i]! + 1000) / 2000;
        [1, x, j, k].forEach((n, a) => {
          sum[a]! += a === 0 ? weight : weight * (grid.origin[a - 1]! + n * grid.spacing[a - 1]!);
        });
      }
    }
  }
  const [sx, sy, sz] = grid.spacing;
  return { volume: (sum[0]! * sx * sy * sz) / 1000, centroid: sum.slice(1).map((s) => s / sum[0]!) };
}
const ballVolume = (4 / 3) * Math.PI * 2.2 ** 3;

describe('two spacings', () => {
  const mixed = [...range(-24, 0, 6), ...range(3, 21, 3), ...range(27, 39, 6)];

  test('a linear field is exact on the grid of the finer one, and the note says what was done', () => {
    const ct = readCt(axial(linear, mixed));
    expect(ct.hounsfield.grid.shape).toEqual([22, 30, 34]);
    expect(ct.hounsfield.grid.spacing).toEqual([2, 2, 3]);
    expect(deviation(ct, linear)).toEqual([expect.closeTo(0, 1), 1]);
    expect(ct.notes).toEqual([
      'CT: slices 6 mm apart from -24 to 0 mm and 3 mm apart from 0 to 21 mm and 6 mm apart from 21 to 39 mm were resampled to an even axial grid of 2 x 2 x 3 mm, linearly in HU.',
    ]);
  });

  test('slices that are there stay as they are, and the ball keeps volume and centre', () => {
    const ct = readCt(axial(ball, mixed));
    const plain = readCt(axial(ball, range(-24, 39, 3)));
    const area = 30 * 34;
    for (const z of mixed) {
      const k = (z + 24) / 3;
      const of = ({ hounsfield }: CtSeries): Float32Array => hounsfield.data.subarray(k * area, (k + 1) * area);
      expect(of(ct), `z ${z}`).toEqual(of(plain));
    }
    const { volume, centroid } = contents(ct);
    expect(volume / ballVolume).toBeCloseTo(1, 1);
    centroid.forEach((c, a) => {
      expect(Math.abs(c - [4, -3, 8][a]!)).toBeLessThan(0.5);
    });
  });

  test('spacings that are no multiples, and a step between them', () => {
    const places = [...range(0, 15, 3), 19, ...range(24, 44, 5)];
    const ct = readCt(axial(linear, places));
    expect(ct.hounsfield.grid.spacing[2]).toBe(3);
    expect(ct.hounsfield.grid.shape[0]).toBe(15);
    expect(deviation(ct, linear)).toEqual([expect.closeTo(0, 1), 1]);
  });

  test('jitter', () => {
    const places = range(0, 45, 3).map((z, k) => z + (k % 3 === 1 ? 0.12 : 0));
    const ct = readCt(axial(linear, places));
    expect(ct.hounsfield.grid.spacing[2]).toBeCloseTo(3, 2);
    expect(deviation(ct, linear)).toEqual([expect.closeTo(0, 1), 1]);
    expect(ct.notes.join()).toContain('resampled to an even axial grid');
  });

  test('one gap that stands alone is refused with its place', () => {
    const lost = range(0, 30, 3).filter((z) => z !== 12);
    expect(() => readCt(axial(linear, lost))).toThrow('1 slice(s) missing between z = 9 and 15 mm');
    expect(() => readCt(axial(linear, [...range(0, 15, 3), 100]))).toThrow('15 and 100 mm are 85 mm apart');
    expect(() => readCt(axial(linear, range(0, 300, 60)))).toThrow('60 mm apart, more than 50 mm');
  });
});

describe('tilted and turned', () => {
  /** A gantry tilted about x by some degrees, the table moving along z. */
  const tilted = (field: Field, degrees: number): DicomFile[] => {
    const column: Vec = [0, cosine(degrees), sine(degrees)];
    return range(-60, 60, 3).map((z) => slice(field, { origin: [-30, -31, z], column }, [], `z${z}`));
  };

  test.each([-20, 5, 15, 30])(
    'gantry tilt of %s degrees: a linear field is exact, the ball keeps volume and centre',
    (degrees) => {
      const ct = readCt(tilted(linear, degrees));
      const [largest, filled] = deviation(ct, linear);
      expect(largest).toBeLessThan(0.06);
      expect(filled).toBeGreaterThan(0.6);
      expect(ct.hounsfield.grid.spacing).toEqual([2, 2, expect.closeTo(3, 6)]);
      expect(ct.notes.join()).toContain(
        `slices tilted by ${Math.abs(degrees)} degrees or turned in their plane were resampled`,
      );
      expect(ct.notes.join()).toMatch(/% of the grid lie outside the slices and are air/);
      const { volume, centroid } = contents(readCt(tilted(ball, degrees)));
      expect(volume / ballVolume).toBeGreaterThan(0.97);
      expect(volume / ballVolume).toBeLessThan(1.03);
      centroid.forEach((c, a) => {
        expect(Math.abs(c - [4, -3, 8][a]!)).toBeLessThan(0.4);
      });
    },
  );

  test('oblique about two axes, in any order of the files, feet first as well', () => {
    // The columns of a rotation by 10 degrees about z, then 12 about x.
    const row: Vec = [cosine(10), sine(10) * cosine(12), sine(10) * sine(12)];
    const column: Vec = [-sine(10), cosine(10) * cosine(12), cosine(10) * sine(12)];
    const normal: Vec = [0, -sine(12), cosine(12)];
    const at = (d: number, turn: 1 | -1): Plane => ({
      origin: [0, 1, 2].map((a) => turn * (-33 * row[a]! - 30 * column[a]!) + d * normal[a]!) as unknown as Vec,
      row: row.map((c) => turn * c) as unknown as Vec,
      column: column.map((c) => turn * c) as unknown as Vec,
    });
    for (const turn of [1, -1] as const) {
      const files = range(-45, 45, 3).map((d) => slice(linear, at(d, turn), [], `d${d}`));
      const ct = readCt(files.toReversed());
      expect(deviation(ct, linear)[0]).toBeLessThan(0.06);
      const { volume, centroid } = contents(
        readCt(range(-45, 45, 3).map((d) => slice(ball, at(d, turn), [], `d${d}`))),
      );
      expect(volume / ballVolume).toBeGreaterThan(0.97);
      expect(volume / ballVolume).toBeLessThan(1.03);
      centroid.forEach((c, a) => {
        expect(Math.abs(c - [4, -3, 8][a]!)).toBeLessThan(0.4);
      });
    }
  });

  test('axes that are no axes, and a slice beside the others, are refused', () => {
    const bent = axial(linear, [0, 3, 6], [[0x00200037, 'DS', '1\\0\\0\\0.5\\0.5\\0']]);
    expect(() => readCt(bent)).toThrow('no two unit vectors at right angles');
    const files = tilted(linear, 10);
    const beside = slice(linear, { origin: [-20, -31, 61.5], column: [0, cosine(10), sine(10)] }, [], 'beside');
    expect(() => readCt([...files.filter((f) => f.name !== 'z60'), beside])).toThrow(/its rows, columns/);
    expect(() => readCt(axial(linear, [0, 3], [[0x00200032, 'DS', '0\\20000\\0']]))).toThrow('more than 10 m away');
  });
});

describe('enhanced CT', () => {
  const places = range(0, 18, 3);
  const order = [3, 0, 6, 2, 5, 1, 4];
  const plane = (z: number): Plane => ({ origin: [-30, -31, z] });

  function multiFrame(field: Field, { isShared = true, lost = -1 } = {}): DicomFile {
    const geometry: Written[] = [[0x00209116, 'SQ', [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]]]];
    const measures: Written[] = [
      [
        0x00289110,
        'SQ',
        [
          [
            [0x00180050, 'DS', '3'],
            [0x00280030, 'DS', '2\\2'],
          ],
        ],
      ],
    ];
    // Each frame its own intercept.
    const rescale = (f: number): Written[] => [
      [
        0x00289145,
        'SQ',
        [
          [
            [0x00281052, 'DS', String(10 * f)],
            [0x00281053, 'DS', '0.1'],
          ],
        ],
      ],
    ];
    const frames = order.map((k, f): Written[] => [
      ...(f === lost
        ? []
        : ([[0x00209113, 'SQ', [[[0x00200032, 'DS', text(plane(places[k]!).origin)]]]]] as Written[])),
      ...(isShared ? [] : [...geometry, ...measures]),
      ...rescale(f),
    ]);
    const stored = order.map((k, f) => pixels((x, y, z) => field(x, y, z) - 10 * f, plane(places[k]!)));
    return {
      name: 'enhanced.dcm',
      bytes: encodeDicom(enhanced, '1.2.3', [
        [0x00080016, 'UI', enhanced],
        [0x00100020, 'LO', 'A'],
        [0x00185100, 'CS', 'HFS'],
        [0x0020000e, 'UI', '1.2.3'],
        [0x00200052, 'UI', '1.2.4'],
        [0x00280008, 'IS', String(places.length)],
        ...image(plane(0)),
        [0x52009229, 'SQ', [isShared ? [...geometry, ...measures] : []]],
        [0x52009230, 'SQ', frames],
        [0x7fe00010, 'OW', Uint8Array.from(stored.flatMap((bytes) => [...bytes]))],
      ]),
    };
  }

  test.each([true, false])('frames out of order are the volume of single slices, groups shared: %s', (isShared) => {
    const ct = readCt([multiFrame(linear, { isShared })]);
    const plain = readCt(axial(linear, places));
    expect(ct.hounsfield.grid).toEqual(plain.hounsfield.grid);
    expect(ct.hounsfield.data).toEqual(plain.hounsfield.data);
    expect(ct.notes).toEqual([]);
  });

  test('a frame without its place is named', () => {
    expect(() => readCt([multiFrame(linear, { lost: 2 })])).toThrow(
      'enhanced.dcm, frame 3: ImagePositionPatient is missing',
    );
  });
});

describe('what lies beside the slices', () => {
  const places = range(0, 9, 3);
  const stranger = (sopClass: string, name: string): DicomFile => ({
    name,
    bytes: encodeDicom(sopClass, '1.2.9', [[0x00080016, 'UI', sopClass]]),
  });

  test('each kind is told once, with names and number', () => {
    const coronal = [0, 5].map((y) =>
      slice(linear, { origin: [-30, y, 0], column: [0, 0, -1] }, [[0x0020000e, 'UI', '1.2.88']], `coronal${y}`),
    );
    const ct = readCt([
      stranger('1.2.840.10008.5.1.4.1.1.7', 'capture'),
      stranger('1.2.840.10008.5.1.4.1.1.104.1', 'report.pdf.dcm'),
      stranger('1.2.840.10008.5.1.4.1.1.481.2', 'dose1'),
      stranger('1.2.840.10008.5.1.4.1.1.481.2', 'dose2'),
      { name: 'nothing', bytes: new Uint8Array(0) },
      { name: 'Thumbs.db', bytes: new Uint8Array(500).fill(7) },
      ...coronal,
      ...axial(linear, places),
    ]);
    expect(ct.notes).toEqual([
      'CT: passed over 1 file of kind secondary capture (capture).',
      'CT: passed over 1 file of kind PDF (report.pdf.dcm).',
      'CT: passed over 2 files of kind RT dose (dose1, dose2).',
      'CT: passed over 1 file of kind empty file (nothing).',
      'CT: passed over 1 file of kind not DICOM (Thumbs.db).',
      'CT: passed over 2 files of kind reformat that is not axial (coronal0, coronal5).',
    ]);
    expect(ct.hounsfield.data).toEqual(readCt(axial(linear, places)).hounsfield.data);
    expect(() => readCt(coronal)).toThrow('are not axial, more than 45 degrees off');
  });

  test('a reformat in the series itself', () => {
    const odd = slice(linear, { origin: [-30, 0, 0], column: [0, 0, -1] }, [], 'odd');
    expect(readCt([odd, ...axial(linear, places)]).notes).toEqual([
      'CT: passed over 1 file of kind reformat that is not axial (odd).',
    ]);
  });

  test('two patients, and a series of two patients', () => {
    const other = axial(linear, places, [
      [0x0020000e, 'UI', '1.2.77'],
      [0x00100020, 'LO', 'B'],
      [0x0008103e, 'LO', 'Thorax'],
    ]);
    expect(() => readCt([...axial(linear, places), ...other])).toThrow(
      'CT: 2 series of 2 patients: 1.2.3 (4 slices), 1.2.77 (4 slices, Thorax). Choose one with seriesUid.',
    );
    expect(readCt([...axial(linear, places), ...other], { seriesUid: '1.2.77' }).patientId).toBe('B');
    const mingled = [...axial(linear, [0, 3, 6]), ...axial(linear, [9, 12], [[0x00100020, 'LO', 'B']])];
    expect(() => readCt(mingled)).toThrow('the series 1.2.3 holds slices of 2 patients (A, B)');
    const many = range(1, 40, 1).flatMap((n) =>
      axial(linear, [0, 3], [[0x0020000e, 'UI', `1.2.826.0.1.3680043.8.498.${n}`]]),
    );
    expect(() => readCt(many)).toThrow(/^.{1,400}$/);
  });
});

describe('CT numbers', () => {
  const us = (tag: number, value: number): Written => [tag, 'US', [value & 0xffff]];
  const one = (value: number, more: readonly Written[]): CtSeries =>
    readCt(axial((x, y, z) => (x === 0 && y === -1 && z === 3 ? value : 20), range(0, 9, 3), more));
  const at = ({ hounsfield: { data } }: CtSeries): number => data[15 + 34 * (15 + 30)]!;

  test('padding is air, whatever its number, unless it may be tissue', () => {
    const padded = one(-3000, [us(0x00280120, -30000)]);
    expect([at(padded), padded.notes]).toEqual([
      -1000,
      ['CT: pixels of the padding value -30000 (-3000 HU) are read as air.'],
    ]);
    const range_ = one(-2950, [us(0x00280120, -30000), us(0x00280121, -29000)]);
    expect(at(range_)).toBe(-1000);
    // Air already: nothing moves.
    const air = one(-1020, [us(0x00280120, -10200)]);
    expect([at(air), air.notes]).toEqual([-1020, []]);
    const tissue = one(20, [us(0x00280120, 200)]);
    expect([at(tissue), tissue.notes]).toEqual([20, [expect.stringContaining('is 20 HU, which may be tissue')]]);
  });

  test('numbers beyond air and metal are told, with their place', () => {
    expect(one(-2000, []).notes).toEqual([
      'CT: 1 voxel(s) lie below -1100 HU (-2000 HU at (0, -1, 3) mm); they count as air.',
    ]);
    expect(one(3100, []).notes).toEqual([]);
    const metal = readCt(axial(() => 300, [0, 3], [[0x00281053, 'DS', '10']]));
    expect(metal.notes.join()).toMatch(/^CT: 2040 voxel\(s\) lie above 4000 HU \(30000 HU at .*end of the HU table/);
    expect(() => readCt(axial(() => 300, [0, 3], [[0x00281053, 'DS', '1e30']]))).toThrow('which is no CT number');
    expect(() => readCt(axial(() => 300, [0, 3], [[0x00281053, 'DS', '1e300']]))).toThrow('which is no CT number');
  });
});
