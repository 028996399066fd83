/** Options of commands that draw: formats, size, paper, colours. */
import type { Command } from 'commander';
import { InvalidInputError } from '../core/errors.js';
import type { DoseColors } from '../render/colour.js';
import {
  checkScale,
  type FigureFormat,
  type FigureStyle,
  scaleOfResolution,
  USUAL_STYLE,
} from '../render/figure-format.js';
import { listOf, numberOf, oneOf } from './dose-options.js';

export interface FigureFlags {
  readonly format?: string;
  readonly pixelScale?: string;
  readonly dpi?: string;
  readonly transparent?: boolean;
  readonly colours?: string;
}

/** Adds the flags. */
export function addFigureFlags(command: Command): Command {
  return command
    .option('--format <names>', 'of the pictures: png, svg, pdf, with commas (default png)')
    .option('--dpi <n>', 'pixels per inch of PNG, 24 to 768; a figure is drawn at 96 (default 96)')
    .option('--transparent', 'leave the paper out of the pictures')
    .option('--colours <name>', 'of dose: rainbow, or even, whose steps all look alike (default rainbow)');
}

/** @throws {InvalidInputError} naming the option */
export function figureStyle({ format, dpi, transparent, pixelScale }: FigureFlags): FigureStyle {
  const formats = ['png', 'svg', 'pdf'] as const satisfies readonly FigureFormat[];
  if (dpi !== undefined && pixelScale !== undefined) {
    throw new InvalidInputError('--scale and --dpi both say how large the pictures are. Give one of them.');
  }
  const scale =
    pixelScale !== undefined
      ? checkScale('--scale', numberOf('--scale', pixelScale))
      : dpi === undefined
        ? USUAL_STYLE.scale
        : scaleOfResolution('--dpi', numberOf('--dpi', dpi));
  return {
    formats:
      format === undefined
        ? USUAL_STYLE.formats
        : listOf('--format', format).map((name) => oneOf('--format', name, formats)),
    scale,
    isTransparent: transparent ?? false,
  };
}

/** @throws {InvalidInputError} unless it is one of the two */
export function coloursOf(text: string | undefined): DoseColors {
  return text === undefined ? 'rainbow' : oneOf('--colours', text, ['rainbow', 'even'] as const);
}
