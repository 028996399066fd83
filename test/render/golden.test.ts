/**
 * Golden pictures: decoded pixels must be equal. After a wanted change, look at the new pictures, then write them with
 * `RESPINE_GOLDEN=write npx vitest run test/render/golden.test.ts`.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { loadFonts, loadRasterizer } from '../../src/node/font.js';
import { encodePng } from '../../src/render/png.js';
import { createRasterizer } from '../../src/render/rasterize.js';
import { PICTURES } from './pictures.js';

test.each(Object.entries(PICTURES))('%s', { timeout: 120_000 }, async (name, draw) => {
  const rasterizer = await loadRasterizer();
  // Half size keeps the repository small; every element is still in the picture.
  const png = encodePng(rasterizer.rasterize(draw(), 0.5), { level: 9 });
  const file = new URL(`../golden/${name}.png`, import.meta.url);
  if (process.env['RESPINE_GOLDEN'] === 'write') writeFileSync(file, png);
  expect(existsSync(file), `${name}.png is missing; write it as the head of this file says`).toBe(true);
  const golden = decode(readFileSync(file));
  const now = decode(png);
  expect([now.width, now.height, now.channels]).toEqual([golden.width, golden.height, golden.channels]);
  let different = 0;
  for (let i = 0; i < now.data.length; i++) if (now.data[i] !== golden.data[i]) different++;
  expect(different, 'bytes that differ').toBe(0);
});

test('text is drawn, larger at a larger scale, and bad input is refused', async () => {
  const rasterizer = await loadRasterizer();
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20" font-family="DejaVu Sans"><rect width="40" height="20" fill="#fff"/><text x="2" y="15" font-size="14">Gy</text></svg>';
  const ink = (scale: number): number =>
    rasterizer.rasterize(svg, scale).data.filter((v, i) => i % 4 === 0 && v < 128).length;
  expect(ink(1)).toBeGreaterThan(20);
  expect(ink(2) / ink(1)).toBeGreaterThan(3);
  expect(rasterizer.rasterize(svg, 2)).toMatchObject({ width: 80, height: 40 });
  expect(() => rasterizer.rasterize('<svg')).toThrow(/does not parse/);
  expect(() => rasterizer.rasterize(svg, 0)).toThrow(/scale is 0/);
  await expect(createRasterizer({ wasm: new Uint8Array(4), fonts: [] })).rejects.toThrow(/no font/);
  // A second rasteriser shares the WebAssembly, whatever bytes it brings.
  await expect(createRasterizer({ wasm: new Uint8Array(4), fonts: await loadFonts() })).resolves.toBeDefined();
});
