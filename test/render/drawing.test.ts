/** A drawing is the same picture whoever lays its layers over each other: respine, or the renderer of its single SVG. */
import { expect, test } from 'vitest';
import { loadRasterizer } from '../../src/node/font.js';
import { compareDrawing } from '../../src/render/compare-figure.js';
import { type Drawing, drawingSvg } from '../../src/render/drawing.js';
import { stretchImage } from '../../src/render/stretch.js';
import { doseLike, hounsfield, isocenter, PRESCRIPTION, structures } from './scene.js';

const comparison = compareDrawing({
  hounsfield,
  structures,
  point: isocenter,
  prescription: PRESCRIPTION,
  plane: 'axial',
  crop: { min: [-90, -115, -40], max: [90, 55, 40] },
  plans: [
    { label: 'A', dose: doseLike(0.1) },
    { label: 'B', dose: doseLike(0.45) },
  ],
  title: 'Two layers',
});

/** Noise, where every pixel is an edge; its own edges lie on quarters of a pixel, as fine as the renderer draws scaled ones. */
const noise: Drawing = {
  width: 90,
  height: 70,
  images: [{ x: 10.25, y: 7.5, width: 61.25, height: 50.5, pixels: noisyPixels(77, 53) }],
  vectors: '<rect x="40" y="30" width="50" height="40" fill="#0a6cd8" fill-opacity="0.4"/>',
};

function noisyPixels(width: number, height: number): Drawing['images'][number]['pixels'] {
  let seed = 12345;
  const data = Uint8Array.from({ length: 3 * width * height }, () => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return seed >>> 24;
  });
  return { width, height, channels: 3, data };
}

test.each([
  ['comparison', comparison, 0.5],
  ['comparison', comparison, 1],
  ['comparison', comparison, 1.7],
  ['noise', noise, 1],
  // 35.5 px high: rounded to 36, and stretched to them.
  ['noise', { ...noise, height: 71 }, 0.5],
  ['noise', noise, 2.3],
] as const)('%s: layers are laid as the renderer lays them, picture %#', async (_, drawing, scale) => {
  const rasterizer = await loadRasterizer();
  const layered = rasterizer.rasterize(drawing, scale);
  const whole = rasterizer.rasterize(drawingSvg(drawing), scale);
  expect([layered.width, layered.height, layered.channels]).toEqual([whole.width, whole.height, 3]);
  let most = 0;
  for (let i = 0, p = 0; i < layered.data.length; i += 3, p += 4)
    for (let c = 0; c < 3; c++) most = Math.max(most, Math.abs(layered.data[i + c]! - whole.data[p + c]!));
  // Each of the layers over one pixel (paper, image, halo, line) is rounded once, in another order; of colours between
  // black and white that is a level each.
  expect(most).toBeLessThanOrEqual(4);
});

test('stretching keeps constants and ramps, and the size of an image that fits', () => {
  const [width, height] = [9, 5];
  const data = new Uint8Array(3 * width * height);
  for (let r = 0; r < height; r++) for (let c = 0; c < width; c++) data.set([200, 20 * c, 40 * r], 3 * (c + width * r));
  // 7.5 samples across 20 px, 4 samples down 11 px: centres away from the edges, where the outermost samples repeat.
  const span = (first: number, count: number, length: number) => ({ first, count, start: 0.3, length });
  const stride = 3 * 17;
  const out = new Uint8ClampedArray(stride * 9).fill(77);
  stretchImage({ width, height, data }, span(5, 10, 20), span(4, 4, 11), out, stride);
  expect(out.filter((byte) => byte === 77)).toHaveLength(out.length - 3 * 4 * 10);
  for (let r = 0; r < 4; r++)
    for (let c = 0; c < 10; c++) {
      const at = stride * (4 + r) + 3 * (5 + c);
      expect(out[at]).toBe(200);
      // Half a level of rounding.
      expect(Math.abs(out[at + 1]! - 20 * (((5.2 + c) / 20) * width - 0.5))).toBeLessThanOrEqual(0.501);
      expect(Math.abs(out[at + 2]! - 40 * (((4.2 + r) / 11) * height - 0.5))).toBeLessThanOrEqual(0.501);
    }
});
