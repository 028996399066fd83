/** A patient from NRRD: masks read, segmentations taken apart, and everything refused that is none. */
import { describe, expect, test } from 'vitest';
import { contoursVolume } from '../../src/geometry/contour.js';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createVolume } from '../../src/geometry/volume.js';
import { patientFromMasks } from '../../src/io/masked-patient.js';
import { decodeNrrd, encodeNrrd, type NrrdVolume } from '../../src/io/nrrd.js';
import { decodeMask, decodeSegmentation, type NamedMask } from '../../src/io/nrrd-masks.js';

const grid = createGrid([8, 10, 12], [5, 4, 3], [-27.5, -18, -10.5]);
const count = 8 * 10 * 12;
const inside = (g: Grid, from: readonly number[], to: readonly number[]): Float32Array => {
  const [nz, ny, nx] = g.shape;
  const data = new Float32Array(nz * ny * nx);
  for (let k = from[2]!; k < to[2]!; k++)
    for (let j = from[1]!; j < to[1]!; j++) data.fill(1, from[0]! + nx * (j + ny * k), to[0]! + nx * (j + ny * k));
  return data;
};
const body = inside(grid, [1, 1, 0], [11, 9, 8]);
const ct = (data = Float32Array.from(body, (b) => (b ? 0 : -1000))): NrrdVolume => ({ grid, data, fields: {} });
const mask = (name: string, data: Float32Array, on = grid): NamedMask => ({
  name,
  mask: createVolume('mask', on, data),
});
const masks = [
  mask('BODY', body),
  mask('PTV', inside(grid, [4, 3, 2], [8, 6, 5])),
  mask('Cord', inside(grid, [5, 6, 0], [7, 8, 8])),
];
const volume = ({ shape }: Structure): number =>
  shape.kind === 'contours' ? contoursVolume(shape.contours) : Number.NaN;

test('volumes are those of the voxels, roles those of the names or of the caller, air outside the body is emptied', () => {
  const patient = patientFromMasks(ct(), masks, { name: 'box', roles: { Cord: 'organ' } });
  expect(patient.structures.map(({ name, role }) => [name, role])).toEqual([
    ['BODY', 'external'],
    ['PTV', 'target'],
    ['Cord', 'organ'],
  ]);
  expect(patient.structures.map(volume)).toEqual(
    [10 * 8 * 8, 4 * 3 * 3, 2 * 2 * 8].map((n) => expect.closeTo(n * 0.06, 10)),
  );
  expect(patient).toMatchObject({ name: 'box', position: 'HFS', notes: [] });
  expect(patient.density.data).toEqual(body);
});

test('names, roles, densities and a body that nobody drew, as on DICOM', () => {
  const patient = patientFromMasks(ct(), masks.slice(1), {
    rename: { Cord: 'SpinalCord' },
    roles: { PTV: 'organ' },
    densityOverrides: { SpinalCord: 1.5 },
    hounsfieldTable: [
      [-1000, 0],
      [0, 0.9],
    ],
    findExternal: true,
    position: 'HFP',
  });
  expect(patient.structures.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'PTV organ',
    'SpinalCord organ',
    'External external',
  ]);
  expect(patient.position).toBe('HFP');
  expect(Math.max(...patient.density.data)).toBeCloseTo(1.5, 6);
  expect(patient.density.data[4 + 12 * (3 + 10 * 2)]).toBeCloseTo(0.9, 6);
  expect(patient.notes.join('\n')).toMatch(/"Cord" is called "SpinalCord".*\n.*found in the CT.*\n.*set to 1\.5/);
});

test('a mask may lie on a grid of its own, as a segmentation that is cut to what is drawn', () => {
  const own = createGrid([3, 4, 5], [1, 1, 1], [0, 0, 0]);
  const patient = patientFromMasks(ct(), [masks[0]!, mask('GTV', new Float32Array(60).fill(1), own)]);
  expect(volume(patient.structures[1]!)).toBeCloseTo(0.06, 12);
});

test('of a mask that reaches beyond the CT it is said how much', () => {
  const wide = createGrid([8, 10, 12], [5, 4, 3], [-27.5 + 30, -18, -10.5]);
  const { notes } = patientFromMasks(ct(), [masks[0]!, mask('GTV', new Float32Array(count).fill(1), wide)]);
  expect(notes).toEqual(['GTV: 50.0 % of the mask lies off the CT.']);
});

describe('refused in a sentence', () => {
  const off = createGrid([8, 10, 12], [5, 4, 3], [1000, 0, 0]);
  const fine = createGrid([8, 10, 12], [0.05, 4, 3], [0, 0, 0]);
  const scaled = (factor: number): NrrdVolume => ct(Float32Array.from(body, (b) => b * factor));
  const cases: [string, () => unknown, RegExp][] = [
    [
      'an empty mask',
      () => patientFromMasks(ct(), [mask('GTV', new Float32Array(count))]),
      /^mask "GTV": the mask is empty\. Leave/,
    ],
    [
      'a mask off the CT',
      () => patientFromMasks(ct(), [mask('GTV', body, off)]),
      /^mask "GTV": all of it lies off the CT, on a grid from \(997\.5, -2, -1\.5\) /,
    ],
    [
      'voxels in another unit',
      () => patientFromMasks(ct(), [mask('GTV', body, fine)]),
      /its voxels are 0\.05 x 4 x 3 mm, finer than/,
    ],
    ['a name twice', () => patientFromMasks(ct(), [masks[1]!, masks[1]!]), /^masks: "PTV" is given twice/],
    [
      'two bodies',
      () => patientFromMasks(ct(), [masks[0]!, { ...masks[0]!, name: 'Skin' }]),
      /2 structures have the role external/,
    ],
    [
      'a role of nothing',
      () => patientFromMasks(ct(), masks, { roles: { Lung: 'organ' } }),
      /role: no structure "Lung"\. Use one of: BODY, PTV, Cord/,
    ],
    [
      'densities for HU',
      () => patientFromMasks(scaled(1), masks),
      /all its values lie between 0 and 1, which looks like densities or a mask/,
    ],
    [
      'a value that is none',
      () => patientFromMasks(scaled(Number.NaN), masks),
      /a CT number is NaN, but must be finite/,
    ],
    [
      'no HU range',
      () => patientFromMasks(scaled(1e6), masks),
      /its values go from 0 to 1000000, but HU lie between -32768 and 32767/,
    ],
    [
      'a lost intercept',
      () => patientFromMasks(scaled(1024), masks),
      /100 % of the body lies above 500 HU, as where RescaleIntercept is lost/,
    ],
    [
      'another kind',
      () => patientFromMasks({ ...ct(), kind: 'dose' }, masks),
      /the file says that it holds dose, not hounsfield/,
    ],
  ];
  test.each(cases)('%s', (_, make, said) => {
    expect(make).toThrow(said);
    try {
      make();
    } catch (cause) {
      expect((cause as Error).name).toBe('InvalidInputError');
      expect((cause as Error).message.length).toBeLessThanOrEqual(400);
    }
  });
});

test('a mask file is one: a dose, a label map, numbers beyond 1 are not', async () => {
  const bytes = (data: Float32Array): Promise<Uint8Array> => encodeNrrd(createVolume('mask', grid, data));
  expect((await decodeMask(await bytes(body), 'a.nrrd')).data).toEqual(body);
  const dose = encodeNrrd(createVolume('density', grid, body));
  await expect(decodeMask(await dose, 'a.nrrd')).rejects.toThrow('holds a volume of kind "density", not a mask');
  const labels = bytes(Float32Array.from(body, (b, v) => b * (1 + (v % 3))));
  await expect(decodeMask(await labels, 'a.nrrd')).rejects.toThrow(
    /Is it a label map up to 3\? Save each structure by itself/,
  );
});

/** A file as 3D Slicer writes it: uint8, the fields of its segments in the header. */
function slicer(
  layers: number,
  values: Uint8Array,
  fields: Record<string, string>,
  more: Record<string, string> = {},
): Uint8Array {
  const list = layers > 1;
  const header: Record<string, string> = {
    type: 'unsigned char',
    dimension: list ? '4' : '3',
    space: 'left-posterior-superior',
    sizes: `${list ? `${layers} ` : ''}2 3 4`,
    'space directions': `${list ? 'none ' : ''}(2,0,0) (0,-2,0) (0,0,2)`,
    kinds: `${list ? 'list ' : ''}domain domain domain`,
    encoding: 'raw',
    'space origin': '(1,6,3)',
    ...more,
  };
  const text = [
    'NRRD0004',
    ...Object.entries(header).map(([k, v]) => `${k}: ${v}`),
    ...Object.entries(fields).map(([k, v]) => `${k}:=${v}`),
    '\n',
  ].join('\n');
  const head = new TextEncoder().encode(text);
  const bytes = new Uint8Array(head.length + values.length);
  bytes.set(head);
  bytes.set(values, head.length);
  return bytes;
}
const segment = (n: number, name: string, label: number, layer: number): Record<string, string> => ({
  [`Segment${n}_ID`]: `Segment_${n}`,
  [`Segment${n}_Name`]: name,
  [`Segment${n}_LabelValue`]: String(label),
  [`Segment${n}_Layer`]: String(layer),
  [`Segment${n}_Color`]: '1 0.5 0',
});

describe('segmentations of 3D Slicer', () => {
  test('one layer of labels; a segment with nothing in it is named', async () => {
    const values = Uint8Array.from({ length: 24 }, (_, v) => (v < 4 ? 1 : v < 6 ? 2 : 0));
    const fields = { ...segment(0, 'PTV', 1, 0), ...segment(1, 'Cord', 2, 0), ...segment(2, 'Old', 5, 0) };
    const { segments, empty } = await decodeSegmentation(slicer(1, values, fields), 'a.seg.nrrd');
    expect(empty).toEqual(['Old']);
    expect(segments.map(({ name, color }) => [name, color])).toEqual([
      ['PTV', [255, 128, 0]],
      ['Cord', [255, 128, 0]],
    ]);
    // y runs against the patient's: the first two rows of the file are the last two of the grid.
    expect(segments[0]!.mask.grid).toMatchObject({ origin: [1, 2, 3], spacing: [2, 2, 2] });
    expect(Array.from(segments[0]!.mask.data.slice(0, 6))).toEqual([0, 0, 1, 1, 1, 1]);
    expect(Array.from(segments[1]!.mask.data.slice(0, 6))).toEqual([1, 1, 0, 0, 0, 0]);
  });

  test('segments that overlap, in layers', async () => {
    const values = Uint8Array.from({ length: 48 }, (_, q) => (q % 2 === 0 ? (q < 12 ? 1 : 0) : q < 24 ? 1 : 2));
    const fields = { ...segment(0, 'GTV', 1, 0), ...segment(1, 'Left', 1, 1), ...segment(2, 'Right', 2, 1) };
    const { segments } = await decodeSegmentation(slicer(2, values, fields), 'a.seg.nrrd');
    expect(segments.map(({ name, mask: { data } }) => [name, data.reduce((a, b) => a + b, 0)])).toEqual([
      ['GTV', 6],
      ['Left', 12],
      ['Right', 12],
    ]);
    await expect(decodeNrrd(slicer(2, values, fields), 'a.nrrd')).rejects.toThrow(/dimension is 4 \(2 layers\)/);
  });

  test.each([
    ['a label map without names', {}, /the header names no segments \(Segment0_Name\)/],
    ['a layer that there is not', segment(0, 'PTV', 1, 3), /segment "PTV" has label 1 in layer 3 of 1/],
    ['a label that is none', segment(0, 'PTV', 0, 0), /segment "PTV" has label 0/],
    ['two of one name', { ...segment(0, 'PTV', 1, 0), ...segment(1, 'PTV', 2, 0) }, /two segments are called "PTV"/],
  ])('%s is refused', async (_, fields, said) => {
    const values = Uint8Array.from({ length: 24 }, (_, v) => v % 3);
    await expect(decodeSegmentation(slicer(1, values, fields), 'a.seg.nrrd')).rejects.toThrow(said);
  });

  test('units are obeyed, tilted axes refused', async () => {
    const fields = segment(0, 'PTV', 1, 0);
    const values = new Uint8Array(24).fill(1);
    const cm = { 'space units': '"cm" "cm" "cm"' };
    const { segments } = await decodeSegmentation(slicer(1, values, fields, cm), 'a.seg.nrrd');
    expect(segments[0]!.mask.grid.spacing).toEqual([20, 20, 20]);
    const tilted = { 'space directions': '(2,0,0) (0,2,0.3) (0,-0.3,2)' };
    await expect(decodeSegmentation(slicer(1, values, fields, tilted), 'a.seg.nrrd')).rejects.toThrow(
      /must run along patient axis y\. Resample it to an axial grid/,
    );
    await expect(
      decodeSegmentation(slicer(1, values, fields, { 'space units': '"ft" "ft" "ft"' }), 'a.seg.nrrd'),
    ).rejects.toThrow(/space units are "ft" "ft" "ft"/);
  });
});
