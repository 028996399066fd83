/** A figure as PNG, SVG and PDF, of any size, on paper or on nothing; each file says where it comes from. */
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { figureFiles } from '../../src/node/pictures.js';
import { aboutPicture } from '../../src/render/about.js';
import { doseDrawing } from '../../src/render/dose-figure.js';
import { withoutPaper } from '../../src/render/figure.js';
import { scaleOfResolution } from '../../src/render/figure-format.js';
import { encodePng } from '../../src/render/png.js';
import { doseLike, hounsfield, isocenter, PRESCRIPTION, structures } from './scene.js';

const figure = doseDrawing({
  ...{ hounsfield, structures, point: isocenter, prescription: PRESCRIPTION, plane: 'axial', dose: doseLike(0.4) },
  crop: { min: [-60, -60, -40], max: [60, 50, 40] },
  title: 'A <title> & more',
  panelHeight: 300,
});
const about = aboutPicture({
  version: '1.2.3',
  inputs: { ct: 'aa', dose: 'bb', structures: undefined },
  quantity: 'Gy (total, physical, 22 fractions)',
  assumptions: ['First.', 'α/β is 2 Gy.'],
});
const pictures = new Map([['a', figure]]);

describe('files of a figure', async () => {
  const scale = scaleOfResolution('--dpi', 144);
  const files = await figureFiles(pictures, { formats: ['png', 'svg', 'pdf'], scale, about });
  const bytes = (name: string): Uint8Array => files.get(name) as Uint8Array;

  test('come in each format that is asked for, the same bytes twice', async () => {
    expect([...files.keys()]).toEqual(['a.png', 'a.svg', 'a.pdf']);
    const again = await figureFiles(pictures, { formats: ['png', 'svg', 'pdf'], scale, about });
    for (const [name, content] of files) expect(again.get(name), name).toEqual(content);
    expect([...(await figureFiles(pictures, { formats: ['svg'] })).keys()]).toEqual(['a.svg']);
  });

  test('PNG has the pixels of its resolution, and tells version, hashes, quantity and assumptions', () => {
    const png = decode(bytes('a.png'), { checkCrc: true });
    expect([png.width, png.height]).toEqual([Math.round(1.5 * figure.width), Math.round(1.5 * figure.height)]);
    expect(png.resolution).toEqual({ x: Math.round(144 / 0.0254), y: Math.round(144 / 0.0254), unit: 1 });
    expect(png.text).toMatchObject({
      Software: 'respine 1.2.3',
      Source: 'ct aa\ndose bb',
      Description: 'Dose in Gy (total, physical, 22 fractions)',
      Disclaimer: 'research software, not for clinical use',
    });
    // Greek is not Latin: UTF-8, which the decoder passes over.
    expect(new TextDecoder().decode(bytes('a.png'))).toContain('iTXtComment\0\0\0\0\0First.\nα/β is 2 Gy.');
  });

  test('PDF is a page of 96 units an inch, with its fonts and words inside', () => {
    const pdf = new TextDecoder('latin1').decode(bytes('a.pdf'));
    expect(pdf).toMatch(/^%PDF-1/);
    expect(pdf).toContain(`/MediaBox [0 0 ${figure.width * 0.75} ${figure.height * 0.75}]`);
    expect(pdf).toMatch(/DejaVuSans-Bold/);
    expect(pdf).toContain('(respine 1.2.3)');
  });

  test('without paper what is drawn stays, and over white it is the picture on paper', async () => {
    const onPaper = decode((await figureFiles(pictures, {})).get('a.png') as Uint8Array);
    const onNothing = decode((await figureFiles(pictures, { isTransparent: true })).get('a.png') as Uint8Array);
    expect(onNothing.channels).toBe(4);
    expect(onNothing.data[3]).toBe(0);
    let largest = 0;
    for (let p = 0; p < onNothing.width * onNothing.height; p++) {
      const opacity = onNothing.data[4 * p + 3]! / 255;
      for (let c = 0; c < 3; c++) {
        const over = opacity * onNothing.data[4 * p + c]! + 255 * (1 - opacity);
        largest = Math.max(largest, Math.abs(over - onPaper.data[3 * p + c]!));
      }
    }
    // Layers are rounded in another order, and colours again where they are nearly transparent; at the edge of the panel the
    // clip path and the paper share pixels otherwise.
    expect(largest).toBeLessThanOrEqual(12);
    expect(withoutPaper(files.get('a.svg') as string)).not.toContain('class="paper"');
  });

  test('refuse what no file holds', () => {
    expect(() => scaleOfResolution('--dpi', 3000)).toThrow(/--dpi is 3000/);
    const image = { width: 1, height: 1, channels: 3 as const, data: new Uint8Array(3) };
    expect(() => encodePng(image, { text: { 'a\nb': 'c' } })).toThrow(/keyword/);
    expect(() => encodePng(image, { resolution: 0 })).toThrow(/resolution is 0/);
    // A picture of one pixel is one.
    expect(decode(encodePng(image, { resolution: 96, text: { Title: 'x' } }), { checkCrc: true }).width).toBe(1);
  });
});
