/**
 * The collimator turned to the target: of all angles in steps of 5 degrees, the one whose leaves leave least open beside it.
 *
 * An angle and the same turned by half a turn leave the same open, as far as leaves are symmetric, so that -90 to 85 degrees are all. Of
 * angles that are as good to {@link ALIKE} the one nearest to 0 is taken, of two as near the positive one: nothing turns for rounding.
 */
import type { Volume } from '../geometry/volume.js';
import type { Machine } from '../machine/machine.js';
import { apertureArea } from './aperture.js';
import { type Beam, createBeam } from './beam.js';
import { type ConformOptions, conformAperture } from './conform.js';
import { projectSilhouette } from './projection.js';

const STEP = 5;
/** Open area beside the target that is the same, fraction of the target's own. */
const ALIKE = 0.005;

/** @returns the beam with its collimator turned; angles from 0 to 355 degrees */
export function fitCollimator(beam: Beam, machine: Machine, target: Volume<'mask'>, options: ConformOptions): Beam {
  const shadow = areaOf(beam, target);
  const found = anglesByTurn().map((angle) => {
    const turned = createBeam(machine, { ...beam.pose, collimator: (angle + 360) % 360 }, beam.name);
    return { turned, beside: openBeside(turned, target, options) };
  });
  const least = found.reduce((low, { beside }) => Math.min(low, beside), Infinity);
  return found.find(({ beside }) => beside <= least + ALIKE * shadow)!.turned;
}

/** 0, 5, -5, ... 85, -85, -90. */
function anglesByTurn(): number[] {
  const angles = [0];
  for (let angle = STEP; angle < 90; angle += STEP) angles.push(angle, -angle);
  return [...angles, -90];
}

/** Open area outside the target's shadow, mm2. */
export function openBeside({ frame }: Beam, target: Volume<'mask'>, options: ConformOptions): number {
  const aperture = conformAperture(frame, target, options);
  const { x0, y0, spacing, nx, ny, pixels } = projectSilhouette(frame, target, 0);
  let within = 0;
  for (const { y0: low, y1: high, x0: left, x1: right } of aperture.openings) {
    for (let j = 0; j < ny; j++) {
      const y = y0 + (j - 0.5) * spacing;
      const height = Math.min(high, y + spacing) - Math.max(low, y);
      if (height <= 0) continue;
      for (let i = 0; i < nx; i++) {
        if (pixels[i + nx * j] === 0) continue;
        const x = x0 + (i - 0.5) * spacing;
        within += height * Math.max(0, Math.min(right, x + spacing) - Math.max(left, x));
      }
    }
  }
  return apertureArea(aperture) - within;
}

/** Of the target's shadow, mm2. */
function areaOf({ frame }: Beam, target: Volume<'mask'>): number {
  const { spacing, pixels } = projectSilhouette(frame, target, 0);
  return spacing ** 2 * pixels.reduce((sum, pixel) => sum + pixel, 0);
}
