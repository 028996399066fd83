/**
 * Figure: the few SVG elements that the pictures are made of, as strings.
 *
 * All text passes through {@link escapeXml} and all numbers are rounded to 1/100 px, so a figure is the same string on
 * every machine. Fonts are never below 11 px.
 */
import { InvalidInputError } from '../core/errors.js';
import { fitText } from './text-width.js';

export const FONT = 'DejaVu Sans';
/** What stands under every picture. */
export const DISCLAIMER = 'research software, not for clinical use';

export const INK = '#1b1b1b';
export const FAINT = '#5c5c5c';
export const PAPER = '#ffffff';

/** Text that is safe inside an element or an attribute; control characters, which XML forbids, become spaces. */
export function escapeXml(text: string): string {
  let out = '';
  for (const character of text) {
    const code = character.codePointAt(0)!;
    if (character === '&') out += '&amp;';
    else if (character === '<') out += '&lt;';
    else if (character === '>') out += '&gt;';
    else if (character === '"') out += '&quot;';
    else if (code < 32 || code === 0xfffe || code === 0xffff || (code >= 0xd800 && code <= 0xdfff)) out += ' ';
    else out += character;
  }
  return out;
}

/** A coordinate, rounded to 1/100. */
export function px(value: number): string {
  if (!Number.isFinite(value))
    throw new InvalidInputError(`figure: a coordinate is ${value}, but must be finite. Check the data drawn.`);
  const rounded = Math.round(value * 100) / 100;
  return String(Object.is(rounded, -0) ? 0 : rounded);
}

export interface TextStyle {
  /** px, at least 11. @default 12 */
  readonly size?: number;
  /** @default 'start' */
  readonly anchor?: 'start' | 'middle' | 'end';
  /** @default false */
  readonly bold?: boolean;
  /** @default INK */
  readonly fill?: string;
  /** Colour of an outline behind the letters, for text on an image. */
  readonly halo?: string;
  /** Degrees, clockwise about (x, y). */
  readonly rotate?: number;
}

/** One line of text with its baseline at (x, y). */
export function text(x: number, y: number, content: string, style: TextStyle = {}): string {
  const size = Math.max(11, style.size ?? 12);
  const attributes = [
    `x="${px(x)}" y="${px(y)}" font-size="${size}"`,
    style.anchor && style.anchor !== 'start' ? `text-anchor="${style.anchor}"` : '',
    style.bold ? 'font-weight="bold"' : '',
    `fill="${style.fill ?? INK}"`,
    style.halo ? `stroke="${style.halo}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"` : '',
    style.rotate ? `transform="rotate(${px(style.rotate)} ${px(x)} ${px(y)})"` : '',
  ];
  return `<text ${attributes.filter(Boolean).join(' ')}>${escapeXml(content)}</text>`;
}

export interface LineStyle {
  readonly stroke?: string;
  readonly width?: number;
  /** Dash pattern, px; empty for a solid line. */
  readonly dash?: string;
  /** Of the stroke; opacity of the whole element would make the renderer draw it on a layer of its own. */
  readonly opacity?: number;
  readonly fill?: string;
  readonly fillOpacity?: number;
  /** How parts of a line meet: bevels cost least, and do not show where a line turns little. @default 'round' */
  readonly join?: 'round' | 'bevel';
}

function lineAttributes(style: LineStyle): string {
  const parts = [`fill="${style.fill ?? 'none'}"`];
  if (style.fillOpacity !== undefined) parts.push(`fill-opacity="${px(style.fillOpacity)}"`);
  if (style.stroke !== undefined) parts.push(`stroke="${style.stroke}" stroke-width="${px(style.width ?? 1)}"`);
  if (style.dash) parts.push(`stroke-dasharray="${escapeXml(style.dash)}"`);
  if (style.opacity !== undefined) parts.push(`stroke-opacity="${px(style.opacity)}"`);
  return parts.join(' ');
}

export function line(x1: number, y1: number, x2: number, y2: number, style: LineStyle): string {
  return `<line x1="${px(x1)}" y1="${px(y1)}" x2="${px(x2)}" y2="${px(y2)}" ${lineAttributes(style)}/>`;
}

export function rect(x: number, y: number, width: number, height: number, style: LineStyle): string {
  return `<rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" ${lineAttributes(style)}/>`;
}

/** A path from its `d` attribute. */
export function path(d: string, style: LineStyle): string {
  return d === '' ? '' : `<path d="${d}" stroke-linejoin="${style.join ?? 'round'}" ${lineAttributes(style)}/>`;
}

/** `d` of polylines given as flat [x0, y0, x1, y1, ...] in px. */
export function polylinePath(lines: readonly ArrayLike<number>[], isClosed = false): string {
  let d = '';
  for (const points of lines) {
    for (let i = 0; i + 1 < points.length; i += 2) d += `${i === 0 ? 'M' : 'L'}${px(points[i]!)} ${px(points[i + 1]!)}`;
    if (isClosed && points.length > 0) d += 'Z';
  }
  return d;
}

/** Everything in `children` moved by (x, y) and, if `clip` is given, cut to a box of that size. */
export function group(
  x: number,
  y: number,
  children: string,
  clip?: { id: string; width: number; height: number },
): string {
  if (clip === undefined) return `<g transform="translate(${px(x)} ${px(y)})">${children}</g>`;
  return (
    `<clipPath id="${escapeXml(clip.id)}"><rect x="0" y="0" width="${px(clip.width)}" height="${px(clip.height)}"/></clipPath>` +
    `<g transform="translate(${px(x)} ${px(y)})"><g clip-path="url(#${escapeXml(clip.id)})">${children}</g></g>`
  );
}

/**
 * What is drawn in a box, cut at its edges by paper around it, `margin` px wide.
 *
 * Where there is nothing else around the box yet, this takes a fraction of the time of a clip path, for which the renderer
 * draws all that is clipped on a layer of its own. {@link withoutPaper} makes a clip path of it.
 */
export function cutToBox(
  x: number,
  y: number,
  width: number,
  height: number,
  margin: number,
  children: string,
): string {
  const outer = `M${px(x - margin)} ${px(y - margin)}h${px(width + 2 * margin)}v${px(height + 2 * margin)}H${px(x - margin)}Z`;
  const inner = `M${px(x)} ${px(y)}v${px(height)}h${px(width)}V${px(y)}Z`;
  const box = [x, y, width, height].map(px).join(' ');
  return `<g data-cut="${box}">${children}</g><path class="paper" d="${outer}${inner}" fill="${PAPER}"/>`;
}

/** The sheet under a page. */
export const sheet = (width: number, height: number): string =>
  `<rect class="paper" x="0" y="0" width="${px(width)}" height="${px(height)}" fill="${PAPER}"/>`;

/** A document of these functions on nothing: transparent where it draws nothing. */
export function withoutPaper(svg: string): string {
  let cuts = 0;
  return svg
    .replace(/<(?:rect|path) class="paper"[^>]*\/>/g, '')
    .replace(/<g data-cut="([^ ]+) ([^ ]+) ([^ ]+) ([^"]+)">/g, (_, x, y, width, height) => {
      const id = `cut-${++cuts}`;
      return (
        `<clipPath id="${id}"><rect x="${x}" y="${y}" width="${width}" height="${height}"/></clipPath>` +
        `<g clip-path="url(#${id})">`
      );
    });
}

export interface Words {
  readonly title: string;
  readonly subtitle?: string;
  readonly footer?: string;
}

/** The whole document on white, with title, subtitle and footer placed alike in every figure. */
export function page(width: number, height: number, words: Words, children: string): string {
  return svgDocument(width, height, sheet(width, height) + pageContent(width, height, words, children));
}

export function svgDocument(width: number, height: number, children: string): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${px(width)}" height="${px(height)}" viewBox="0 0 ${px(width)} ${px(height)}" font-family="${FONT}">${children}</svg>`;
}

/** What stands on a page: `children` may reach under the title and the footer. */
export function pageContent(width: number, height: number, words: Words, children: string): string {
  const head =
    text(MARGIN, 28, fitText(words.title, 17, width - 2 * MARGIN, true), { size: 17, bold: true }) +
    (words.subtitle
      ? text(MARGIN, 48, fitText(words.subtitle, 12.5, width - 2 * MARGIN), { size: 12.5, fill: FAINT })
      : '');
  const foot =
    text(width - MARGIN, height - 12, DISCLAIMER, { size: 11, anchor: 'end', fill: FAINT }) +
    (words.footer
      ? text(MARGIN, height - 12, fitText(words.footer, 11, width - 2 * MARGIN - 270), { size: 11, fill: FAINT })
      : '');
  return children + head + foot;
}

/** Left and right margin of every figure, px. */
export const MARGIN = 20;
/** Height taken by title and subtitle, px. */
export const HEAD = 62;
/** Height taken by the footer, px. */
export const FOOT = 34;
