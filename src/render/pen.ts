/**
 * Pens: a colour and a dash for each structure of a figure, so that no two of them look alike to any reader.
 *
 * Two structures of one dash differ by {@link APART} in every vision and in greyscale print; where colours run out, the
 * dash differs. Isodoses are always solid, thinner, and numbered; in colour a solid structure differs from each of them too.
 */
import { type Color, cssColor, DASHES, structureDash } from './colour.js';
import { areApart, type SeenColor, seenColor } from './colour-distance.js';

/** How a structure is drawn. */
export interface Pen {
  /** #rrggbb */
  readonly color: string;
  /** As in SVG; empty for a solid line. */
  readonly dash: string;
  /** Whether neither colour nor dash tells it from another structure: then its name stands beside it. */
  readonly isLabelled: boolean;
}

export interface PenStructure {
  readonly name: string;
  readonly color: Color | string;
  /** Dash that the caller wants, as in SVG. @default one that tells the structure from the others */
  readonly dash?: string;
}

/** @param isodoses colours of solid lines that are told apart by their numbers in print */
export function pensOf(structures: readonly PenStructure[], isodoses: readonly string[] = []): Pen[] {
  const lines = isodoses.map((color) => seenColor(color));
  const drawn: { seen: SeenColor; dash: string }[] = [];
  return structures.map(({ name, color: wanted, dash: asked }) => {
    const color = cssColor(wanted);
    const seen = seenColor(color);
    const own = structureDash(name);
    const isFree = (dash: string): boolean =>
      drawn.every((other) => other.dash !== dash || areApart(seen, other.seen)) &&
      (dash !== '' || lines.every((line) => areApart(seen, line, ['normal'])));
    const dash = asked ?? [own, ...DASHES].find(isFree);
    drawn.push({ seen, dash: dash ?? own });
    return { color, dash: dash ?? own, isLabelled: dash === undefined };
  });
}
