/**
 * How far apart two colours are for every reader: CIEDE2000 as the normal eye sees them, protan, deutan and tritan eyes at full
 * severity, and in greyscale print.
 *
 * Deficiencies are the matrices of Machado et al., which belong to linear light; greyscale keeps the lightness L* alone.
 *
 * @see Machado, Oliveira and Fernandes, IEEE Trans Vis Comput Graph 15 (2009) 1291, doi:10.1109/TVCG.2009.113
 * @see Sharma, Wu and Dalal, Color Res Appl 30 (2005) 21, doi:10.1002/col.20070
 */
import {
  type CuloriColor,
  differenceCiede2000,
  filterDeficiencyDeuter,
  filterDeficiencyProt,
  filterDeficiencyTrit,
  modeLab65,
  modeLrgb,
  modeRgb,
  useMode,
} from 'culori/fn';
import { type Color, cssColor } from './colour.js';

/** CIEDE2000 from which two lines are told apart at a glance; 1 is what just shows between large areas. */
export const APART = 10;

const toRgb = useMode(modeRgb);
const toLinear = useMode(modeLrgb);
const toLab = useMode(modeLab65);
const difference = differenceCiede2000();

type Sight = (color: CuloriColor) => CuloriColor;

/** The filters multiply channels as they are: they are given linear ones. */
const lacking =
  (filter: Sight): Sight =>
  (color) => {
    const { r, g, b } = toLinear(color);
    const seen = filter({ mode: 'rgb', r, g, b });
    const inGamut = (value = 0): number => Math.min(1, Math.max(0, value));
    return { mode: 'lrgb', r: inGamut(seen.r), g: inGamut(seen.g), b: inGamut(seen.b) };
  };

const SIGHTS = {
  normal: (color) => color,
  protan: lacking(filterDeficiencyProt(1)),
  deutan: lacking(filterDeficiencyDeuter(1)),
  tritan: lacking(filterDeficiencyTrit(1)),
  greyscale: (color) => ({ mode: 'lab65', l: toLab(color).l, a: 0, b: 0 }),
} as const satisfies Record<string, Sight>;

/** A way to see colours. */
export type Vision = keyof typeof SIGHTS;

export const VISIONS = Object.keys(SIGHTS) as readonly Vision[];

/** A colour as every vision has it, in CIELAB. */
export type SeenColor = Readonly<Record<Vision, CuloriColor>>;

export function seenColor(color: Color | string): SeenColor {
  const own = toRgb(cssColor(color));
  const seen = (vision: Vision): CuloriColor => toLab(SIGHTS[vision](own));
  return Object.fromEntries(VISIONS.map((vision) => [vision, seen(vision)])) as SeenColor;
}

/** CIEDE2000 of two colours in one vision. */
export function colorDistance(one: SeenColor, other: SeenColor, vision: Vision): number {
  return difference(one[vision], other[vision]);
}

/** Whether two colours are {@link APART} in each of the visions. */
export function areApart(one: SeenColor, other: SeenColor, visions: readonly Vision[] = VISIONS): boolean {
  return visions.every((vision) => colorDistance(one, other, vision) >= APART);
}
