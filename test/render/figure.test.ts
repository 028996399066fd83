import { deflateSync } from 'node:zlib';
import { decode } from 'fast-png';
import { describe, expect, test } from 'vitest';
import { createDose } from '../../src/geometry/volume.js';
import { encodePngFast } from '../../src/node/png.js';
import { beamsEyeFigure } from '../../src/render/beams-eye.js';
import { cssColor, doseColor, structureColor } from '../../src/render/colour.js';
import { compareFigure } from '../../src/render/compare-figure.js';
import { doseFigure } from '../../src/render/dose-figure.js';
import { doseUnits, spread } from '../../src/render/dose-legend.js';
import { dvhFigure } from '../../src/render/dvh-plot.js';
import { escapeXml, px, text } from '../../src/render/figure.js';
import { base64, encodePng } from '../../src/render/png.js';
import { fitText, textWidth } from '../../src/render/text-width.js';
import { doseGrid, doseLike, hounsfield, isocenter, structures } from './scene.js';

const dose = doseLike(0.4);
const common = { hounsfield, structures, plane: 'axial', point: isocenter, prescription: 39.6, title: 'T' } as const;

describe('text', () => {
  test('is escaped, never below 11 px, and cut to its room', () => {
    expect(text(1, 2, `a<b & "c"\u0000`, { size: 4 })).toBe(
      '<text x="1" y="2" font-size="11" fill="#1b1b1b">a&lt;b &amp; &quot;c&quot; </text>',
    );
    expect(escapeXml('\ud800x')).toBe(' x');
    // DejaVu Sans: "A" is 1401, "i" 569 of 2048.
    expect(textWidth('Ai', 2048)).toBe(1401 + 569);
    expect(textWidth(fitText('a long name of a structure', 12, 80), 12)).toBeLessThanOrEqual(80);
    expect(px(-0.001)).toBe('0');
    expect(() => px(Number.NaN)).toThrow(/finite/);
  });

  test('labels are pushed apart, and back inside', () => {
    expect(spread([10, 12, 50], 16, 0, 100)).toEqual([10, 26, 50]);
    expect(spread([95, 96, 97], 16, 0, 100)).toEqual([68, 84, 100]);
    expect(spread([], 16, 0, 100)).toEqual([]);
  });
});

describe('colours', () => {
  test('are stable per name, and the wash runs from blue to red', () => {
    expect(structureColor('PTV_3960')).toBe(structureColor('PTV'));
    expect(structureColor('SpinalCord')).not.toBe(structureColor('SpinalCord_PRV02'));
    expect(structureColor('Something')).toBe(structureColor('Something'));
    const [r0, , b0] = doseColor(0.1);
    const [r1, , b1] = doseColor(0.9);
    expect(b0).toBeGreaterThan(r0);
    expect(r1).toBeGreaterThan(b1);
    expect(cssColor([255, 0, 17])).toBe('#ff0011');
    expect(cssColor('red"/><script>')).toBe('#808080');
  });
});

describe('png', () => {
  test('base64 is that of the platform', () => {
    for (const n of [0, 1, 2, 3, 4, 255, 9001]) {
      const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 7 + 3) & 255);
      expect(base64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
    }
  });

  test.each([3, 4] as const)('another deflater gives the same pixels, %i channels', (channels) => {
    const [width, height] = [13, 7];
    const data = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * 31 + 7) & 255);
    const picture = { width, height, channels, data };
    const decoded = decode(encodePng(picture, { deflate: deflateSync }), { checkCrc: true });
    expect([decoded.width, decoded.height, decoded.channels]).toEqual([width, height, channels]);
    expect(decoded.data).toEqual(data);
    expect(decode(encodePngFast(picture), { checkCrc: true }).data).toEqual(data);
  });

  test('refuses a wrong number of bytes', () => {
    expect(() => encodePng({ width: 2, height: 2, data: new Uint8Array(15) })).toThrow(/15 bytes for 2 x 2/);
  });
});

describe('figures', () => {
  test('say units, plane, coordinate and that they are not for clinical use', () => {
    const svg = doseFigure({ ...common, dose });
    for (const words of [
      'Gy (total, physical, 22 fractions)',
      'Axial plane',
      'z = 0 mm (LPS)',
      'not for clinical use',
      '95 %',
      '37.6 Gy',
      'SpinalCord',
      '5 cm',
    ]) {
      expect(svg).toContain(words);
    }
    expect(doseFigure({ ...common, dose })).toBe(svg);
    expect(doseUnits(createDose(doseGrid, { quantity: 'eqd2', fractions: 22, alphaBeta: 2 }))).toBe(
      'Gy (total, EQD2, alpha/beta 2 Gy, 22 fractions)',
    );
  });

  test('a plane without dose above the wash, or a structure on another grid, is drawn without them', () => {
    const none = createDose(doseGrid, { quantity: 'physical', fractions: 22 });
    expect(doseFigure({ ...common, dose: none, structures: [] })).toContain('<image');
  });

  test('refuse what they cannot draw', () => {
    expect(() => doseFigure({ ...common, dose, prescription: 0 })).toThrow(/prescription is 0/);
    expect(() => doseFigure({ ...common, dose, point: [0, 0, 999] })).toThrow(/misses the grid/);
    expect(() => doseFigure({ ...common, dose, levels: [95, -5] })).toThrow(/level is -5/);
    expect(() => compareFigure({ ...common, plans: [{ label: 'A', dose }] })).toThrow(/1 plans/);
    const bed = createDose(doseGrid, { quantity: 'bed', fractions: 22, alphaBeta: 2 });
    expect(() =>
      compareFigure({
        ...common,
        plans: [
          { label: 'A', dose },
          { label: 'B', dose: bed },
        ],
      }),
    ).toThrow(/A is in Gy.*B in Gy/);
    expect(() => dvhFigure({ title: 'D', plans: [], curves: [] })).toThrow(/no curve/);
    const points = { dose: Float64Array.of(0, 1), percent: Float64Array.of(100, 0) };
    expect(() =>
      dvhFigure({ title: 'D', plans: [], curves: [{ structure: 'A', color: '#000000', plan: 0, points }] }),
    ).toThrow(/belongs to plan 0/);
    const fluence = { x0: 0, y0: 0, spacing: 5, nx: 2, ny: 2, values: [1, 2, 3] };
    expect(() => beamsEyeFigure({ title: 'B', gantry: 0, collimator: 0, couch: 0, fluence })).toThrow(
      /3 values, but is 2 x 2/,
    );
  });
});
