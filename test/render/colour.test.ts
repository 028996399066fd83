/** No two lines of a figure look alike: to normal, protan, deutan and tritan eyes, and in greyscale print. */
import { describe, expect, test } from 'vitest';
import { doseColor, structureColor } from '../../src/render/colour.js';
import { APART, areApart, colorDistance, seenColor, VISIONS } from '../../src/render/colour-distance.js';
import { doseFigure } from '../../src/render/dose-figure.js';
import { DEFAULT_LEVELS } from '../../src/render/dose-panel.js';
import { levelColor } from '../../src/render/dose-wash.js';
import { pensOf } from '../../src/render/pen.js';
import { doseLike, hounsfield, isocenter, PRESCRIPTION, structures } from './scene.js';

const NAMES = [
  'PTV_3960 CTV GTV SpinalCord SpinalCord_PRV02 ThecalSac External Lung_L Lung_R A_Aorta Esophagus Trachea Heart',
  'Kidney_L Kidney_R Liver Stomach Bowel Spleen VB_T8',
]
  .join(' ')
  .split(' ');
const MAPS = ['rainbow', 'even'] as const;
const distance = (a: string, b: string, vision: (typeof VISIONS)[number]): number =>
  colorDistance(seenColor(a), seenColor(b), vision);

describe('colour distance', () => {
  test('is CIEDE2000, and eyes that lack a cone confuse what they are known to confuse', () => {
    // Black and white are 100 apart in every vision.
    for (const vision of VISIONS) expect(distance('#000000', '#ffffff', vision)).toBeCloseTo(100, 1);
    // Red and green of one lightness, for those who lack the long or middle cones; blue and green for those who lack the short.
    expect(distance('#b05050', '#6e7a30', 'normal')).toBeGreaterThan(35);
    expect(distance('#b05050', '#6e7a30', 'deutan')).toBeLessThan(12);
    expect(distance('#2060a0', '#206a5a', 'tritan')).toBeLessThan(0.4 * distance('#2060a0', '#206a5a', 'normal'));
    expect(distance('#b05050', '#6e7a30', 'greyscale')).toBeLessThan(3);
    // The colours that thecal sac and external once had.
    expect(distance('#00a39a', '#7d8790', 'deutan')).toBeLessThan(5);
  });
});

describe('structures', () => {
  const pens = pensOf(
    NAMES.map((name) => ({ name, color: structureColor(name) })),
    MAPS.flatMap((map) => DEFAULT_LEVELS.map((level) => levelColor(level, map))),
  );
  const pairs = NAMES.flatMap((_, i) => NAMES.slice(i + 1).map((_, j) => [i, i + 1 + j] as const));

  test('any two differ in colour to the normal eye, and in every vision where the dash is the same', () => {
    for (const [i, j] of pairs) {
      const [one, other] = [pens[i]!, pens[j]!];
      for (const vision of one.dash === other.dash ? VISIONS : (['normal'] as const)) {
        expect(distance(one.color, other.color, vision), `${NAMES[i]} and ${NAMES[j]}, ${vision}`).toBeGreaterThan(
          APART,
        );
      }
    }
    expect(pens.filter(({ isLabelled }) => isLabelled)).toEqual([]);
  });

  test.each(MAPS)('none has the colour of an isodose, %s', (map) => {
    for (const level of DEFAULT_LEVELS)
      for (const name of NAMES)
        expect(distance(structureColor(name), levelColor(level, map), 'normal'), `${name}, ${level} %`).toBeGreaterThan(
          APART,
        );
    // Targets lie along these two, which all eyes must tell from them.
    for (const level of [95, 107])
      for (const name of ['PTV', 'CTV', 'GTV', 'SpinalCord'])
        for (const vision of ['protan', 'deutan', 'tritan'] as const)
          expect(distance(structureColor(name), levelColor(level, map), vision), `${name} ${vision}`).toBeGreaterThan(
            APART,
          );
  });

  test('of one colour get other dashes, and names where those run out', () => {
    const same = pensOf('abcdef'.split('').map((name) => ({ name, color: '#3b6fb5' })));
    expect(new Set(same.slice(0, 4).map(({ dash }) => dash)).size).toBe(4);
    expect(same.map(({ isLabelled }) => isLabelled)).toEqual([false, false, false, false, true, true]);
    const figure = doseFigure({
      ...{ hounsfield, plane: 'axial', point: isocenter, prescription: PRESCRIPTION, title: 'T', dose: doseLike(0.4) },
      structures: structures.map((own) => ({ ...own, color: '#3b6fb5' })),
    });
    // The fifth, in the key and beside its line; the first in the key only.
    expect(figure.split('>Lungs<')).toHaveLength(3);
    expect(figure.split('>PTV_3960<')).toHaveLength(2);
    // A dash that is asked for stands, and others give way.
    expect(
      pensOf([
        { name: 'a', color: '#3b6fb5', dash: '8 4' },
        { name: 'CTV', color: '#3b6fb5' },
      ]).map(({ dash }) => dash),
    ).toEqual(['8 4', '']);
  });
});

describe('isodoses', () => {
  test.each(MAPS)('each in the plane has its number on the line and its row in the key, no other has, %s', (colors) => {
    const figure = doseFigure({
      ...{ hounsfield, structures, plane: 'axial', point: isocenter, prescription: PRESCRIPTION, title: 'T', colors },
      // Of the last, loops of a few mm; 140 % is nowhere.
      ...{ dose: doseLike(0.4), levels: [...DEFAULT_LEVELS, 109, 140] },
    });
    for (const level of [...DEFAULT_LEVELS]) {
      expect(figure.split(`>${level}<`), `${level}`).toHaveLength(2);
      expect(figure, `${level}`).toContain(`>${level} %<`);
    }
    expect(figure).not.toContain('140 %');
  });

  test.each(MAPS)('neighbours differ in colour, %s', (map) => {
    for (const [i, level] of DEFAULT_LEVELS.entries())
      for (const other of DEFAULT_LEVELS.slice(i + 1))
        expect(areApart(seenColor(levelColor(level, map)), seenColor(levelColor(other, map)), ['normal'])).toBe(true);
  });
});

describe('the even colours of dose', () => {
  const ramp = (map: (typeof MAPS)[number], steps: number) =>
    Array.from({ length: steps + 1 }, (_, i) => seenColor(doseColor(i / steps, map)));

  test('rise in lightness all the way, which the rainbow does not', () => {
    const isRising = (map: (typeof MAPS)[number]): boolean => {
      const lightness = ramp(map, 100).map(({ greyscale }) => greyscale.l!);
      return lightness.every((l, i) => i === 0 || l > lightness[i - 1]!);
    };
    expect(isRising('even')).toBe(true);
    expect(isRising('rainbow')).toBe(false);
  });

  test('step evenly in CIEDE2000: no step a sixth off the mean, in the rainbow many', () => {
    const worst = (map: (typeof MAPS)[number]): number => {
      const colors = ramp(map, 20);
      const steps = colors.slice(1).map((color, i) => colorDistance(color, colors[i]!, 'normal'));
      const mean = steps.reduce((sum, step) => sum + step, 0) / steps.length;
      return Math.max(...steps.map((step) => Math.abs(step / mean - 1)));
    };
    // Bytes round, and a chord is a little shorter than its arc.
    expect(worst('even')).toBeLessThan(1 / 6);
    expect(worst('rainbow')).toBeGreaterThan(0.5);
  });
});
