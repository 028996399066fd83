/** Directions from which beams may be chosen: their order, which are the same, which are opposed. */
import type { BeamAngles } from '../../beam/arrangement.js';
import { checkCount } from '../../core/budget.js';
import { checkInteger, checkRange } from '../../core/check.js';
import { InvalidInputError } from '../../core/errors.js';
import { createBeamFrame } from '../../geometry/frame.js';
import type { Vec3 } from '../../geometry/grid.js';

/** Candidates, at most. */
const MOST = 360;
/** Beams whose sources are nearer to each other than this come from the same direction, mm at 1 m. */
const SAME = 0.5;
/** Where beams are compared, the isocentre lies here and the source 1 m away, of a patient head first and supine. */
const HERE: Vec3 = [0, 0, 0];
const DISTANCE = 1000;

/**
 * Gantry angles all around, equally spaced, at each couch angle.
 *
 * @param count of gantry angles, 2 to 360
 * @param couch degrees. Gantry 0 and 180 look along the couch's axis: a kick turns such a beam about itself, and it is left out, as is
 *   any other that comes from where an earlier one does
 * @throws {InvalidInputError} for another number, or a couch angle outside -360 to 360
 */
export function equispacedCandidates(count: number, couch: readonly number[] = [0]): BeamAngles[] {
  checkInteger('beams: number of candidates', count, 2);
  checkCount('beams: candidates', count * couch.length, MOST, 'Give fewer, or fewer couch angles.');
  for (const angle of couch) checkRange('beams: couch angle in degrees', angle, -360, 360);
  const found: BeamAngles[] = [];
  for (const angle of couch) {
    for (let i = 0; i < count; i++) {
      const own = { gantry: Math.round((36000 * i) / count) / 100, ...(angle !== 0 && { couch: angle }) };
      if (!found.some((other) => distanceOf(sourceOf(own), sourceOf(other)) < SAME)) found.push(own);
    }
  }
  return found;
}

/**
 * Checked, and in one order whatever the order given.
 *
 * @throws {InvalidInputError} for none, too many, an angle that is none, or two that are the same beam
 */
export function orderedCandidates(given: readonly BeamAngles[]): BeamAngles[] {
  if (given.length === 0) {
    throw new InvalidInputError('beams: there are no candidates. Give a list of { "gantry": degrees }.');
  }
  checkCount('beams: candidates', given.length, MOST, 'Give fewer.');
  for (const { gantry, collimator = 0, couch = 0 } of given) {
    for (const angle of [gantry, collimator, couch]) checkRange('beams: angle of a candidate', angle, -360, 360);
  }
  const ordered = [...given].sort(compareAngles);
  const frames = ordered.map((angles) => frameOf(angles).beamFromPatient);
  frames.forEach((frame, b) => {
    const same = frames.findIndex((other, o) => o > b && other.every((value, q) => Math.abs(value - frame[q]!) < 1e-6));
    if (same < 0) return;
    throw new InvalidInputError(
      `beams: the candidates ${anglesInWords(ordered[b]!)} and ${anglesInWords(ordered[same]!)} are one beam. Give each once.`,
    );
  });
  return ordered;
}

/** Pairs that look at each other, as indices of a list. */
export function opposedPairs(beams: readonly BeamAngles[]): [number, number][] {
  const sources = beams.map(sourceOf);
  return sources.flatMap(([x, y, z], a) =>
    sources.flatMap((source, b): [number, number][] =>
      b > a && distanceOf([-x, -y, -z], source) < SAME ? [[a, b]] : [],
    ),
  );
}

/** As beams are named: gantry, couch and collimator where they are turned. */
export function anglesInWords({ gantry, collimator = 0, couch = 0 }: BeamAngles): string {
  return `G${gantry}${couch === 0 ? '' : ` C${couch}`}${collimator === 0 ? '' : ` collimator ${collimator}`}`;
}

const turned = (degrees = 0): number => ((degrees % 360) + 360) % 360;

/** By couch, gantry and collimator, each from 0 to 360, then as they were written. */
function compareAngles(a: BeamAngles, b: BeamAngles): number {
  return (
    turned(a.couch) - turned(b.couch) ||
    turned(a.gantry) - turned(b.gantry) ||
    turned(a.collimator) - turned(b.collimator) ||
    a.gantry - b.gantry
  );
}

const frameOf = ({ gantry, collimator = 0, couch = 0 }: BeamAngles) =>
  createBeamFrame({ isocenter: HERE, gantry, collimator, couch }, DISTANCE);

const sourceOf = (angles: BeamAngles): Vec3 => frameOf(angles).source;

const distanceOf = (a: Vec3, b: Vec3): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
