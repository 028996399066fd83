/**
 * Golden pictures, which are those of docs/gallery.md: decoded pixels must be equal. After a wanted change, look at the new
 * pictures, then write them and their page with `npm run gallery`.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { expect, test } from 'vitest';
import { loadFonts, loadRasterizer } from '../../src/node/font.js';
import { encodePng } from '../../src/render/png.js';
import { createRasterizer } from '../../src/render/rasterize.js';
import { CAPTIONS, PICTURES } from './pictures.js';

const gallery = new URL('../../docs/gallery/', import.meta.url);
const isWriting = process.env['RESPINE_GOLDEN'] === 'write';

test.each(Object.entries(PICTURES))('%s', { timeout: 120_000 }, async (name, draw) => {
  const rasterizer = await loadRasterizer();
  // Half size keeps the repository small; every element is still in the picture.
  const png = encodePng(rasterizer.rasterize(draw(), 0.5), { level: 9 });
  const file = new URL(`${name}.png`, gallery);
  if (isWriting) writeFileSync(file, png);
  expect(existsSync(file), `${name}.png is missing; write it as the head of this file says`).toBe(true);
  const golden = decode(readFileSync(file));
  const now = decode(png);
  expect([now.width, now.height, now.channels]).toEqual([golden.width, golden.height, golden.channels]);
  let different = 0;
  for (let i = 0; i < now.data.length; i++) if (now.data[i] !== golden.data[i]) different++;
  expect(different, 'bytes that differ').toBe(0);
});

test('the gallery shows them all, each with a caption, and no others', () => {
  const parts = Object.keys(PICTURES).map((name) => `![${name}](gallery/${name}.png)\n\n${CAPTIONS[name]}`);
  const page = `${[
    '# Gallery',
    'Every kind of picture, of a patient and a machine that are made up for it. `npm run gallery` makes this page and its pictures;\nthe same pictures, pixel for pixel, are a test.',
    '`respine plan` makes them of a plan, `respine render` of any dose on any CT: [command line](cli.md). As SVG and PDF too, with\n`--format`; PNG files carry program, hashes of the inputs, quantity and assumptions.',
    ...parts,
  ].join('\n\n')}\n`;
  const file = new URL('../gallery.md', gallery);
  if (isWriting) writeFileSync(file, page);
  expect(readFileSync(file, 'utf8')).toBe(page);
  expect(Object.keys(CAPTIONS).sort()).toEqual(Object.keys(PICTURES).sort());
  expect(readdirSync(gallery).sort()).toEqual(
    Object.keys(PICTURES)
      .map((name) => `${name}.png`)
      .sort(),
  );
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
