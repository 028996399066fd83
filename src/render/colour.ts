/**
 * Colours: the dose wash, and one stable colour per structure.
 *
 * Dose runs through Turbo, a smoothed rainbow with monotone lightness on either side of green: readers of plans expect blue
 * for cold and red for hot, and Turbo gives that without the false edges of the classic rainbow.
 *
 * @see Mikhailov, "Turbo, an improved rainbow colormap for visualization" (2019), polynomial form
 */

/** A colour: red, green, blue, 0..255 each. */
export type Color = readonly [number, number, number];

/** Colour of t in 0 (cold) .. 1 (hot); outside, the end colour. */
export function doseColor(t: number): Color {
  const x = Math.min(1, Math.max(0, t));
  const channel = (value: number): number => Math.max(0, Math.min(255, Math.round(value)));
  return [
    channel(34.61 + x * (1172.33 - x * (10793.56 - x * (33300.12 - x * (38394.49 - x * 14825.05))))),
    channel(23.31 + x * (557.33 + x * (1225.33 - x * (3574.96 - x * (1073.77 + x * 707.56))))),
    channel(27.2 + x * (3211.1 - x * (15327.97 - x * (27814 - x * (22569.18 - x * 6838.66))))),
  ];
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

// Readable both on CT and on paper. Patterns are tried in order; the most particular come first.
const NAMED: readonly (readonly [RegExp, string])[] = [
  [/^PTV/i, '#e01e8c'],
  [/^CTV/i, '#f07818'],
  [/^(GTV|ITV)/i, '#a01818'],
  [/^(SpinalCord|CaudaEquina).*PRV/i, '#56b4f0'],
  [/^(SpinalCord|CaudaEquina)/i, '#0a6cd8'],
  [/^(ThecalSac|SpinalCanal|Canal|CSF)/i, '#00a39a'],
  [/^Esophagus/i, '#9a6a2c'],
  [/^(A_Aorta|Aorta|Great)/i, '#d84848'],
  [/^Trachea/i, '#5c6bc0'],
  [/^Lung/i, '#5a9a34'],
  [/^Heart/i, '#8e44ad'],
  [/^Kidney/i, '#b8860b'],
  [/^(Bowel|Colon|Stomach|Duodenum)/i, '#8c7a5a'],
  [/^Liver/i, '#7a4a2a'],
  [/^(VB|Vertebra|Bone)/i, '#8a8a6a'],
  [/^(External|Body|Skin)/i, '#7d8790'],
];

const OTHERS = ['#3b6fb5', '#c77b2b', '#4f9a5a', '#a6504b', '#8468b0', '#7d6255', '#c46aa6', '#6f7f35', '#3d97a3'];

/** Colour of a structure, the same in every figure and run: by TG-263 name, otherwise by a hash of the name. */
export function structureColor(name: string): string {
  for (const [pattern, color] of NAMED) if (pattern.test(name)) return color;
  let hash = 2166136261;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 16777619) >>> 0;
  return OTHERS[hash % OTHERS.length]!;
}
