/**
 * Drawing: a figure in two layers, images in pixels and vectors over them.
 *
 * A dose figure is mostly image. As pixels it need not be packed, written into the SVG, unpacked and stretched by the
 * renderer of the vectors.
 */
import { pageContent, px, sheet, svgDocument, type Words } from './figure.js';
import { base64, encodePng } from './png.js';

/** An image stretched to a box, SVG units. */
export interface PlacedImage {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** RGB, rows from the top. */
  readonly pixels: { readonly width: number; readonly height: number; readonly channels: 3; readonly data: Uint8Array };
}

/** A figure in two layers: images in pixels, and vectors over them. */
export interface Drawing {
  /** SVG units. */
  readonly width: number;
  readonly height: number;
  /** On white paper, beside each other. */
  readonly images: readonly PlacedImage[];
  /** SVG elements over the images. */
  readonly vectors: string;
}

/** A page, as {@link page} makes one, with images below everything else. */
export function pageDrawing(
  width: number,
  height: number,
  words: Words,
  images: readonly PlacedImage[],
  children: string,
): Drawing {
  return { width, height, images, vectors: pageContent(width, height, words, children) };
}

/** The drawing as one SVG document, its images as PNG inside. */
export function drawingSvg({ width, height, images, vectors }: Drawing): string {
  return svgDocument(width, height, sheet(width, height) + images.map(imageElement).join('') + vectors);
}

/** The upper layer alone, transparent where it draws nothing. */
export function vectorSvg({ width, height, vectors }: Drawing): string {
  return svgDocument(width, height, vectors);
}

function imageElement({ x, y, width, height, pixels }: PlacedImage): string {
  const png = base64(encodePng(pixels, { level: 1 }));
  return `<image x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}" preserveAspectRatio="none" href="data:image/png;base64,${png}"/>`;
}
