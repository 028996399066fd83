/** The fluence of an aperture with what stands in the beam besides: a wedge, a block. */
import { type Aperture, apertureBounds, type JawField } from './aperture.js';
import { type Block, blockedFluence } from './block.js';
import { apertureFluence, type CollimatedFluenceOptions } from './collimated-fluence.js';
import type { PixelFluence } from './pixel-fluence.js';
import { WEDGE_PIXEL, type Wedge, wedgedFluence } from './wedge.js';

/** What stands in a beam besides leaves and jaws. */
export interface BeamModifiers {
  readonly wedge?: Wedge | undefined;
  readonly block?: Block | undefined;
}

/** How an aperture becomes pixels that hold its modifiers: finer ones under a wedge. */
export const pixelOptions = (options: CollimatedFluenceOptions, { wedge }: BeamModifiers): CollimatedFluenceOptions =>
  wedge === undefined ? options : { ...options, pixel: WEDGE_PIXEL };

/**
 * A fluence behind wedge and block.
 *
 * @param jaws of the aperture, which say where a virtual wedge begins
 * @throws {InvalidInputError} as {@link wedgedFluence}
 */
export function modifiedFluence(fluence: PixelFluence, { wedge, block }: BeamModifiers, jaws: JawField): PixelFluence {
  const behind = block === undefined ? fluence : blockedFluence(fluence, block);
  return wedge === undefined ? behind : wedgedFluence(behind, wedge, jaws);
}

/** An aperture, per monitor unit, behind wedge and block; without either it is `apertureFluence`. */
export function shapedFluence(
  aperture: Aperture,
  modifiers: BeamModifiers,
  options: CollimatedFluenceOptions,
): PixelFluence {
  const open = apertureFluence(aperture, pixelOptions(options, modifiers));
  if (modifiers.wedge === undefined && modifiers.block === undefined) return open;
  return modifiedFluence(open, modifiers, (aperture.jaws ?? apertureBounds(aperture))!);
}
