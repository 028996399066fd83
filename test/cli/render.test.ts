/** `respine render` on files of a few voxels: what it draws, and what it refuses in one sentence. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decode } from 'fast-png';
import { beforeAll, describe, expect, test } from 'vitest';
import { createGrid, type Grid, placeOf, voxelCount } from '../../src/geometry/grid.js';
import { createDose, createVolume } from '../../src/geometry/volume.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-render-'));
const respine = respineIn(folder);
const given = ['render', '--ct', 'ct.nrrd', '--structures', 'mask_PTV.nrrd', 'mask_Cord.nrrd', '--dose', 'dose.nrrd'];

const grid = createGrid([7, 12, 14], [5, 5, 5], [-32, -28, -15]);
const values = (of: (x: number, y: number, z: number) => number, on: Grid = grid): Float32Array =>
  Float32Array.from({ length: voxelCount(on) }, (_, voxel) => of(...placeOf(on, voxel)));
const doseOf = (of: (x: number, y: number, z: number) => number) =>
  createDose(grid, { quantity: 'physical', fractions: 10 }, values(of));

beforeAll(async () => {
  const put = async (name: string, volume: Parameters<typeof encodeNrrd>[0]): Promise<void> =>
    writeFileSync(join(folder, name), await encodeNrrd(volume));
  const hill = (x: number, y: number, z: number): number => 30 * Math.exp(-(x * x + y * y + z * z) / 400);
  await put(
    'ct.nrrd',
    createVolume(
      'hounsfield',
      grid,
      values((x, y) => (Math.hypot(x, y) < 24 ? 40 : -1000)),
    ),
  );
  await put(
    'mask_PTV.nrrd',
    createVolume(
      'mask',
      grid,
      values((x, y, z) => (Math.hypot(x - 3, y, z) < 11 ? 1 : 0)),
    ),
  );
  await put(
    'mask_Cord.nrrd',
    createVolume(
      'mask',
      grid,
      values((x, y) => (Math.hypot(x, y - 15) < 5 ? 1 : 0)),
    ),
  );
  await put('dose.nrrd', doseOf(hill));
  await put(
    'second.nrrd',
    doseOf((x, y, z) => hill(x - 5, y, z)),
  );
  await put(
    'hole.nrrd',
    doseOf((x, y, z) => (z === 0 && x > 0 ? Number.NaN : hill(x, y, z))),
  );
  await put(
    'none.nrrd',
    doseOf(() => 0),
  );
  const one = createGrid([1, 1, 1], [5, 5, 5], [0, 0, 0]);
  await put('one.nrrd', createVolume('hounsfield', one, Float32Array.of(40)));
});

describe('respine render', () => {
  test('draws three planes through the target, on size and in the formats that are asked for', async () => {
    const { code, stdout, stderr } = await respine(
      ...given,
      '--out',
      'a',
      '--format',
      'png,svg',
      '--scale',
      '0.5',
      '--json',
    );
    expect([code, stderr]).toEqual([0, '']);
    const { files, point, inputs } = JSON.parse(stdout);
    expect(files).toEqual(['axial', 'sagittal', 'coronal'].flatMap((plane) => [`${plane}.png`, `${plane}.svg`]));
    expect(readdirSync(join(folder, 'a')).sort()).toEqual([...files].sort());
    // The target's middle, not that of the dose.
    expect(point[0]).toBeCloseTo(3, 0);
    const png = decode(readFileSync(join(folder, 'a/axial.png')));
    expect(png.width).toBe(460);
    expect(png.text).toMatchObject({ Source: expect.stringContaining(inputs.dose) });
    expect(readFileSync(join(folder, 'a/axial.svg'), 'utf8')).toContain('100 % is the maximum of the dose');
  });

  test('shows two doses as lines and as their difference, EQD2, and contact sheets', async () => {
    const pair = [...given, '--against', 'second.nrrd', '--planes', 'axial', '--format', 'svg', '--prescription', '30'];
    const words = async (out: string, file: string, ...more: string[]): Promise<string> => {
      const { code, stderr } = await respine(...more, '--out', out);
      expect([code, stderr]).toEqual([0, '']);
      return readFileSync(join(folder, out, file), 'utf8');
    };
    const lines = await words('b', 'lines_axial.svg', ...pair, '--as', 'lines');
    expect(lines).toContain('stroke-dasharray="5 3"');
    expect(lines).toContain('>second<');
    const difference = await words('c', 'difference_axial.svg', ...pair, '--as', 'difference');
    expect(difference).toContain('second less dose');
    const sheet = ['--sheet', '4', '--planes', 'axial', '--format', 'svg', '--eqd2', '2', '--prescription', '30'];
    const eqd2 = await words(
      'd',
      'sheet_axial.svg',
      ...given,
      ...sheet,
      '--colours',
      'even',
      '--at',
      'Cord',
      '--crop',
      'PTV,20',
    );
    expect(eqd2.match(/z = /g)).toHaveLength(4);
    // 30 Gy in 10 fractions of 3 Gy: 30 (3 + 2) / (2 + 2).
    expect(eqd2).toContain('100 % is 37.5 Gy');
    expect(eqd2).toContain('EQD2, alpha/beta 2 Gy');
  });

  test.each([
    [['--at', '0,0,400'], /z = 400 mm misses the grid/],
    [['--at', 'Chord'], /--at: no structure "Chord", did you mean "Cord"\?/],
    [['--roi', 'Heart'], /--roi: no structure "Heart"; there are PTV, Cord/],
    [['--dose', 'absent.nrrd'], /absent\.nrrd cannot be read/],
    [['--dose', 'hole.nrrd'], /hole\.nrrd.*(not finite|NaN)/],
    [['--dose', 'none.nrrd'], /the dose is zero everywhere/],
    [['--window', 'liver'], /--window is "liver", but must be spine, soft/],
    [['--format', 'gif'], /--format is "gif"/],
    [['--dpi', '5000'], /--dpi is 5000/],
    [['--dpi', '96', '--scale', '1'], /Give one of them/],
    [['--sheet', '0'], /--sheet is "0"/],
    [['--inset', 'Chord'], /--inset: no structure "Chord", did you mean "Cord"\?/],
    [['--inset', 'Cord,5', '--sheet', '4'], /--inset stands beside one panel/],
    [['--inset', 'Cord,1000'], /--inset: "Cord" is in none of the planes .* or as large there/],
    [['--ct', 'dose.nrrd'], /holds dose, not hounsfield/],
    [['--out', 'ct.nrrd'], /ct\.nrrd/],
  ] as const)('refuses %j', async (options, sentence) => {
    const { code, stderr } = await respine(...given, '--out', 'z', ...options);
    expect(stderr).toMatch(sentence);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect(stderr.length).toBeLessThanOrEqual(400);
    expect(code).toBe(2);
  });

  test('a CT of one voxel is a picture', async () => {
    const { code, stderr } = await respine(...given, '--ct', 'one.nrrd', '--at', '0,0,0', '--out', 'e');
    expect([code, stderr]).toEqual([0, '']);
    expect(readdirSync(join(folder, 'e'))).toHaveLength(3);
  });
});
