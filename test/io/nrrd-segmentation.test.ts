/** A segmentation of 3D Slicer, written and read again. */
import { expect, test } from 'vitest';
import { contoursVolume } from '../../src/geometry/contour.js';
import { createGrid } from '../../src/geometry/grid.js';
import { contoursOfMask } from '../../src/geometry/mask-contours.js';
import { sphere } from '../../src/geometry/shape.js';
import { voxelizeSolid } from '../../src/geometry/voxelize-solid.js';
import { decodeSegmentation } from '../../src/io/nrrd-masks.js';
import { encodeSegmentation } from '../../src/io/nrrd-segmentation.js';

const grid = createGrid([20, 24, 26], [2, 1.5, 2.5], [-25, -17, -24]);
const ball = (name: string, x: number, radius: number, color?: [number, number, number]) => ({
  name,
  mask: voxelizeSolid(sphere([x, 0, 0], radius), grid),
  ...(color && { color }),
});

test('names, colours and volumes come back within the bound that is told; what overlaps lies in another layer', async () => {
  const masks = [ball('PTV', -8, 9, [255, 0, 51]), ball('Rückenmark', 12, 6), ball('GTV', -8, 5, [0, 204, 0])];
  const { bytes, segments } = await encodeSegmentation(masks);
  const text = new TextDecoder('latin1').decode(bytes.slice(0, 400));
  expect(text).toMatch(/dimension: 4\n.*sizes: 2 26 24 20\n.*kinds: list domain domain domain/s);
  const { segments: read, empty } = await decodeSegmentation(bytes, 'x.seg.nrrd');
  expect(empty).toEqual([]);
  expect(read.map(({ name }) => name)).toEqual(masks.map(({ name }) => name));
  expect(read.map(({ color }) => color)).toEqual([[255, 0, 51], expect.any(Array), [0, 204, 0]]);
  read.forEach(({ mask }, s) => {
    const { volumeCc, boundCc } = segments[s]!;
    expect(mask.grid).toEqual(grid);
    const own = contoursVolume(contoursOfMask(mask, 'own'));
    expect(own).toBeCloseTo(volumeCc, 6);
    const filled = masks[s]!.mask.data.reduce((sum, value) => sum + value, 0) * 7.5e-3;
    expect(Math.abs(own - filled)).toBeLessThanOrEqual(boundCc);
    mask.data.forEach((value, v) => {
      expect(value).toBe(masks[s]!.mask.data[v]! >= 0.5 ? 1 : 0);
    });
  });
  // Apart, they share a layer.
  const apart = await encodeSegmentation([masks[0]!, masks[1]!]);
  expect(new TextDecoder('latin1').decode(apart.bytes.slice(0, 200))).toMatch(/dimension: 3\n/);
});

test('refused: nothing, other grids, a name that no header holds', async () => {
  await expect(encodeSegmentation([])).rejects.toThrow('no mask to write');
  const other = createGrid([2, 2, 2], [1, 1, 1], [0, 0, 0]);
  const b = { name: 'B', mask: voxelizeSolid(sphere([0, 0, 0], 1), other) };
  await expect(encodeSegmentation([ball('A', 0, 4), b])).rejects.toThrow('"B" and "A"');
  await expect(encodeSegmentation([ball('A\nB', 0, 4)])).rejects.toThrow('line break');
});
