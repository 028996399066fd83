/** Reads a figure's SVG back as a reader does: by its axes, and by what is written where. */

export interface Word {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly anchor: string;
  readonly fill: string;
  readonly text: string;
}

type Attributes = Readonly<Record<string, string>>;

/** Elements of a name, by their attributes. */
export function elements(svg: string, name: string): Attributes[] {
  return [...svg.matchAll(new RegExp(`<${name} ([^>]*?)/?>`, 'g'))].map(([, list]) =>
    Object.fromEntries([...list!.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, key, value]) => [key!, value!])),
  );
}

export function words(svg: string): Word[] {
  return [...svg.matchAll(/<text ([^>]*)>([^<]*)<\/text>/g)].map(([, list, text]) => {
    const [own] = elements(`<text ${list}/>`, 'text');
    return {
      x: Number(own!.x),
      y: Number(own!.y),
      size: Number(own!['font-size']),
      anchor: own!['text-anchor'] ?? 'start',
      fill: own!.fill!,
      text: text!,
    };
  });
}

/** Numbers of a path's vertices, in turn x and y. */
export const vertices = (d: string): number[][] =>
  [...d.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]);

export interface Reading {
  x(px: number): number;
  y(px: number): number;
}

/** The scales of every pair of axes, top first, from two of the ticks' numbers each. */
export function readAxes(svg: string): Reading[] {
  const numbers = words(svg).filter(({ text }) => /^[-\u2212]?[\d.,]+$/.test(text));
  const value = ({ text }: Word): number => Number(text.replace('\u2212', '-').replaceAll(',', ''));
  const below = numbers.filter(({ anchor }) => anchor === 'middle');
  const rows = [...new Set(below.map(({ y }) => y))].sort((a, b) => a - b);
  const sides = numbers.filter(({ anchor }) => anchor === 'end');
  return rows.map((row, i) => {
    const xs = below.filter(({ y }) => y === row);
    const ys = sides.filter(({ y }) => y < row && (i === 0 || y > rows[i - 1]!));
    const [a, b] = [xs[0]!, xs.at(-1)!];
    const [c, d] = [ys[0]!, ys.at(-1)!];
    return {
      x: (px) => value(a) + ((px - a.x) / (b.x - a.x)) * (value(b) - value(a)),
      // The baseline of a number stands 4 px below its tick.
      y: (px) => value(c) + ((px + 4 - c.y) / (d.y - c.y)) * (value(d) - value(c)),
    };
  });
}

/** Rows of comma-separated values by the names of their columns; no field of these holds a comma in quotes. */
export function byColumn(csv: string): Record<string, string>[] {
  const [head, ...lines] = csv.trimEnd().split('\n');
  const names = head!.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, c) => [names[c]!, cell])));
}
