/**
 * A figure as a PDF page of its own size, with its fonts inside: lines and letters stay lines and letters.
 *
 * Made by pdfkit, of the same SVG as every other format; the same bytes for the same figure.
 */
import { InvalidInputError } from '../core/errors.js';
import { FONT } from '../render/figure.js';
import { loadFonts } from './font.js';

/** Points in an SVG unit, of which an inch has 96. */
const POINTS = 72 / 96;

const [REGULAR, BOLD] = [FONT, `${FONT} bold`];

/**
 * @param svg  a document of the figure functions
 * @param about what the file says of itself, by keyword
 */
export async function figurePdf(svg: string, about: Readonly<Record<string, string>> = {}): Promise<Uint8Array> {
  // Only who asks for a PDF waits for what makes it.
  const [{ default: PdfDocument }, { default: svgToPdf }, fonts] = await Promise.all([
    import('pdfkit'),
    import('svg-to-pdfkit'),
    loadFonts(),
  ]);
  const [width, height] = sizeOf(svg).map((units) => units * POINTS) as [number, number];
  // Without a day of its own the file would be another one every time.
  const epoch = new Date(0);
  const page = new PdfDocument({
    size: [width, height],
    margin: 0,
    info: { ...infoOf(about), ModDate: epoch, CreationDate: epoch },
  });
  page.registerFont(REGULAR, fonts[0]!).registerFont(BOLD, fonts[1]!);
  const parts: Uint8Array[] = [];
  const written = new Promise<void>((resolve) => {
    page.on('data', (bytes) => parts.push(bytes)).on('end', resolve);
  });
  svgToPdf(page, haloesApart(svg), 0, 0, {
    width,
    height,
    fontCallback: (_, isBold) => (isBold ? BOLD : REGULAR),
    warningCallback: (words) => {
      throw new InvalidInputError(
        `pdf: the figure holds what a PDF page cannot show (${words}). Write it as SVG or PNG.`,
      );
    },
  });
  page.end();
  await written;
  return new Uint8Array(Buffer.concat(parts));
}

function sizeOf(svg: string): [width: number, height: number] {
  const [, width, height] = /^<svg [^>]*?width="([\d.]+)" height="([\d.]+)"/.exec(svg) ?? [];
  if (width === undefined)
    throw new InvalidInputError('pdf: this is no figure of respine. Build it with the figure functions.');
  return [Number(width), Number(height)];
}

function infoOf({
  Title,
  Description,
  Software,
  Source,
  Comment,
  Disclaimer,
}: Readonly<Record<string, string>>): Record<string, string> {
  return {
    Producer: Software ?? 'respine',
    Creator: Software ?? 'respine',
    ...(Title && { Title }),
    Subject: [Description, Disclaimer].filter(Boolean).join('; '),
    Keywords: [Source, Comment].filter(Boolean).join('\n'),
  };
}

/** Letters over their halo, as two texts: PDF has no order of strokes and fills. */
const haloesApart = (svg: string): string =>
  svg.replace(
    /<text ([^>]*?)fill="([^"]+)" (stroke="[^"]+" stroke-width="[^"]+" stroke-linejoin="round") paint-order="stroke"([^>]*)>([^<]*)<\/text>/g,
    '<text $1fill="none" $3$4>$5</text><text $1fill="$2"$4>$5</text>',
  );
