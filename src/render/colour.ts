/**
 * Colours: the dose wash, and one stable colour and dash per structure.
 *
 * Dose runs through Turbo, a smoothed rainbow with monotone lightness on either side of green: readers of plans expect blue
 * for cold and red for hot, and Turbo gives that without the false edges of the classic rainbow. For readers who want equal
 * steps of dose to look equal, there is Viridis.
 *
 * @see Mikhailov, "Turbo, an improved rainbow colormap for visualization" (2019), polynomial form
 */

/** A colour: red, green, blue, 0..255 each. */
export type Color = readonly [number, number, number];

/** The colours of dose: the rainbow that clinics know, or one whose steps all look alike and whose lightness only rises. */
export type DoseColors = 'rainbow' | 'even';

/** Colour of t in 0 (cold) .. 1 (hot); outside, the end colour. */
export function doseColor(t: number, colors: DoseColors = 'rainbow'): Color {
  const x = Math.min(1, Math.max(0, t));
  if (colors === 'even') return evenColor(x);
  const channel = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));
  return [
    channel(34.61 + x * (1172.33 - x * (10793.56 - x * (33300.12 - x * (38394.49 - x * 14825.05))))),
    channel(23.31 + x * (557.33 + x * (1225.33 - x * (3574.96 - x * (1073.77 + x * 707.56))))),
    channel(27.2 + x * (3211.1 - x * (15327.97 - x * (27814 - x * (22569.18 - x * 6838.66))))),
  ];
}

// Viridis of matplotlib (CC0), its stops moved so that CIEDE2000 between neighbours is the same.
const EVEN = (
  '440154 471164 482173 472d7b 443983 414287 3e4c8a 3a548c 365c8d 32648e 2f6b8e 2d718e 2a778e 277e8e 25848e 238a8d 21918c ' +
  '1f988b 1f9f88 21a685 27ad81 31b57b 3fbc73 50c46a 63cb5f 77d153 8bd646 a0da39 b2dd2d c5e021 d8e219 ece51b fde725'
)
  .split(' ')
  .map((hex) => rgbOf(Number.parseInt(hex, 16)));

function evenColor(x: number): Color {
  const at = x * (EVEN.length - 1);
  const first = Math.min(EVEN.length - 2, Math.floor(at));
  const [low, high] = [EVEN[first]!, EVEN[first + 1]!];
  const channel = (c: 0 | 1 | 2): number => Math.round(low[c] + (at - first) * (high[c] - low[c]));
  return [channel(0), channel(1), channel(2)];
}

function rgbOf(bits: number): Color {
  return [bits >> 16, (bits >> 8) & 255, bits & 255];
}

/** The colour as CSS text; a string is taken as it is if it is a hex colour, which is all that figures use. */
export function cssColor(color: Color | string): string {
  if (typeof color === 'string') return /^#[0-9a-f]{6}$/i.test(color) ? color : '#808080';
  return `#${color
    .map((c) =>
      Math.max(0, Math.min(255, Math.round(c)))
        .toString(16)
        .padStart(2, '0'),
    )
    .join('')}`;
}

/** Dashes of structures in the order in which they are tried, as in SVG: solid, dashed, dotted, dash and dot. */
export const DASHES = ['', '8 4', '2 3', '9 3 2 3'] as const;
const [SOLID, DASHED, DOTTED, MIXED] = DASHES;

// Found by a search: within one dash any two are 10 apart in CIEDE2000 for normal, protan, deutan and tritan eyes and in
// greyscale, all are so for the normal eye, and none is the colour of a usual isodose. Patterns are tried in order; the most
// particular come first.
const NAMED: readonly (readonly [pattern: RegExp, color: string, dash: string])[] = [
  [/^PTV/i, '#ff519d', SOLID],
  [/^CTV/i, '#c383ff', DASHED],
  [/^(GTV|ITV)/i, '#5e0d8e', DOTTED],
  [/^(SpinalCord|CaudaEquina).*PRV/i, '#87cfff', DASHED],
  [/^(SpinalCord|CaudaEquina)/i, '#084bdc', SOLID],
  [/^(ThecalSac|SpinalCanal|Canal|CSF)/i, '#1ea99e', DOTTED],
  [/^Esophagus/i, '#9c6c4b', SOLID],
  [/^(A_Aorta|Aorta|Great)/i, '#900020', DASHED],
  [/^Trachea/i, '#6772c6', DOTTED],
  [/^Lung.*_R$/i, '#1b6b10', DOTTED],
  [/^Lung/i, '#1c9443', DASHED],
  [/^Heart/i, '#5d142d', SOLID],
  [/^Kidney.*_R$/i, '#dabb59', DOTTED],
  [/^Kidney/i, '#875c00', DASHED],
  [/^Stomach/i, '#ce8f9e', MIXED],
  [/^(Bowel|Colon|Duodenum)/i, '#8b8151', MIXED],
  [/^Liver/i, '#471900', MIXED],
  [/^Spleen/i, '#7b2858', MIXED],
  [/^(VB|Vertebra|Bone)/i, '#5b6b4a', MIXED],
  [/^(External|Body|Skin)/i, '#bfc8ce', MIXED],
];

const OTHERS = ['#3b6fb5', '#c77b2b', '#4f9a5a', '#a6504b', '#8468b0', '#7d6255', '#c46aa6', '#6f7f35', '#3d97a3'];

/** Colour of a structure, the same in every figure and run: by TG-263 name, otherwise by a hash of the name. */
export function structureColor(name: string): string {
  const named = namedLine(name);
  if (named !== undefined) return named[1];
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  return OTHERS[hash % OTHERS.length]!;
}

/** Dash that goes with {@link structureColor}, as in SVG; empty for a solid line. */
export function structureDash(name: string): string {
  return namedLine(name)?.[2] ?? SOLID;
}

const namedLine = (name: string): (typeof NAMED)[number] | undefined => NAMED.find(([pattern]) => pattern.test(name));
