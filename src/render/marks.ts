/** Marks over a picture of the patient: how long a centimetre is, and which side is which. */
import { ticks } from 'd3-array';
import { line, text } from './figure.js';

/** Letters at the edges of a picture, as `L` or `LA`. */
export interface EdgeLetters {
  readonly left: string;
  readonly right: string;
  readonly top: string;
  readonly bottom: string;
}

/**
 * A scale bar with its length, to the lower right of a box.
 *
 * @param scale px per mm
 */
export function scaleBar(scale: number, width: number, height: number): string {
  const length = [200, 100, 50, 20, 10, 5].find((mm) => mm * scale <= 0.3 * width) ?? 2;
  const x1 = width - 16;
  const x0 = x1 - length * scale;
  const y = height - 14;
  const label = length >= 10 ? `${length / 10} cm` : `${length} mm`;
  let out =
    line(x0, y, x1, y, { stroke: '#000000', width: 5, opacity: 0.5 }) +
    line(x0, y, x1, y, { stroke: '#ffffff', width: 2 });
  for (const mm of ticks(0, length, 5)) {
    const x = x0 + mm * scale;
    out += line(x, y - (mm === 0 || mm === length ? 5 : 3), x, y, { stroke: '#ffffff', width: 1.4 });
  }
  return out + text((x0 + x1) / 2, y - 9, label, { size: 12, anchor: 'middle', fill: '#ffffff', halo: '#1a1a1a' });
}

/** What side of the patient each edge of a box is, from its upper left corner. */
export function letters(edge: EdgeLetters, width: number, height: number): string {
  const style = { size: 15, bold: true, fill: '#ffffff', halo: '#1a1a1a' } as const;
  return (
    text(8, height / 2 + 5, edge.left, style) +
    text(width - 8, height / 2 + 5, edge.right, { ...style, anchor: 'end' }) +
    text(width / 2, 20, edge.top, { ...style, anchor: 'middle' }) +
    text(width / 2, height - 9, edge.bottom, { ...style, anchor: 'middle' })
  );
}
