/** Windows of CT as they are named at a console: the level in the middle of the greys, and their width, HU. */
import { InvalidInputError } from '../core/errors.js';

export interface CtWindow {
  readonly level: number;
  readonly width: number;
}

/** `spine` keeps grey steps inside bone beside soft tissue; the others are those of radiology. */
export const CT_WINDOWS: Readonly<Record<string, CtWindow>> = {
  spine: { level: 100, width: 900 },
  soft: { level: 40, width: 400 },
  bone: { level: 400, width: 1800 },
  lung: { level: -600, width: 1500 },
};

/** @param text a name, or level and width in HU with a comma: `40,400` @throws {InvalidInputError} if it is neither */
export function parseWindow(text: string): CtWindow {
  if (Object.hasOwn(CT_WINDOWS, text)) return CT_WINDOWS[text]!;
  const [level, width, ...more] = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  if (!Number.isFinite(level) || !Number.isFinite(width) || !(width! > 0) || more.length > 0) {
    throw new InvalidInputError(
      `--window is "${text}", but must be ${Object.keys(CT_WINDOWS).join(', ')}, or level and width in HU as 40,400.`,
    );
  }
  return { level: level!, width: width! };
}
