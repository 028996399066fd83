/**
 * Beam data against common sense: most wrong tables are centimetres, a lost column or a slip of the pen.
 */
import { checkAllFinite, checkNonNegative, checkPositive, checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { checkRising } from '../core/interpolate.js';
import { type BeamData, depthOfMaximum } from './beam-data.js';
import { fittedFields, leftOutSides } from './fitted-fields.js';

/**
 * Largest distances between rows, mm. On a synthetic 6 MV machine rows at 0 and 10 mm leave the model 20 % of the maximum
 * wrong between them, at 0, 5 and 10 mm 6 %, every 2 mm 0.1 %; beyond the maximum rows 50 mm apart leave 0.3 %.
 */
const BUILD_UP_GAP = 10;
const GAP = 50;
/** Scatter and electrons move the maximum by millimetres between fields: farther below the middle one's it is a slip. mm */
const MAXIMA_WITHIN = 20;

/** @throws {InvalidInputError} for tables that cannot be a megavoltage photon beam in millimetres */
/** Per 100 mm beyond the maximum a table must fall to this share at least, and down to this in all. */
const LEAST_FALL = 0.95;
const LEAST_SHARE = 1e-4;
/** In whatever unit. */
const LARGEST_READING = 1e6;

export function checkBeamData(data: BeamData): void {
  checkConditions(data);
  checkDepthDose(data);
  checkOutputFactors(data);
  if (data.surface) checkSurface(data);
  if ((data.primaryFluence === undefined) === (data.profile === undefined)) {
    throw new InvalidInputError(
      `beam data: ${data.profile ? 'both' : 'neither'} of in-air fluence and open profile ${data.profile ? 'are' : 'is'} given. Give one of them.`,
    );
  }
  if (data.primaryFluence) checkFluence(data);
  if (data.profile) checkProfile(data);
}

function checkConditions({ energy, sad, penumbra, depthDose, outputFactors, profile }: BeamData): void {
  if (!(energy >= 1 && energy <= 50)) {
    throw new InvalidInputError(`beam data: photon energy is ${energy} MV, but must be 1 to 50. Give it in MV.`);
  }
  checkDistance('SAD', sad);
  if (depthDose.kind === 'pdd') checkDistance('the SSD of the pdd table', depthDose.ssd ?? Number.NaN);
  checkDistance('the SSD of the output factors', outputFactors.ssd);
  if (profile) checkDistance('the SSD of the profile', profile.ssd);
  for (const axis of [0, 1] as const) {
    const sigma = penumbra.sigma[axis];
    if (!(sigma >= 0 && sigma <= 10)) {
      throw new InvalidInputError(
        `beam data: the source blur is ${sigma} mm (standard deviation), but must be 0 to 10 mm. fwhm_gauss is the full width at half maximum in the isocentre plane in mm, 2.355 standard deviations.`,
      );
    }
    const collimator = penumbra.collimator[axis];
    if (!(collimator >= 100 && collimator < sad)) {
      throw new InvalidInputError(
        `beam data: the source-collimator distance is ${collimator} mm, but must lie between 100 mm and the SAD of ${sad} mm. Give it in mm.`,
      );
    }
  }
}

function checkDistance(name: string, value: number): void {
  if (!(value >= 500 && value <= 5000)) {
    throw new InvalidInputError(
      `beam data: ${name} is ${value} mm, but must be 500 to 5000 mm. Give it in mm, not in centimetres.`,
    );
  }
}

function checkDepthDose(data: BeamData): void {
  const { depthDose } = data;
  const { depths, sides, values, kind } = depthDose;
  if (depths.length < 2 || values.length !== depths.length) {
    throw new InvalidInputError(
      `${kind}: ${depths.length} depth${depths.length === 1 ? '' : 's'} and ${values.length} row${values.length === 1 ? '' : 's'} of values, but at least 2 and as many of one as of the other are needed. Give a row per depth, every 2 mm to 20 mm and every 10 mm below.`,
    );
  }
  values.forEach((row, i) => {
    if (row.length === sides.length) return;
    throw new InvalidInputError(
      `${kind}: depth ${depths[i]} mm has ${row.length} values for ${sides.length} field sides. Give one per side.`,
    );
  });
  checkAllFinite(`${kind}: depths`, depths);
  checkAllFinite(`${kind}: field sides`, sides);
  depths.forEach((depth, i) => {
    if (depth === depths[i - 1]) {
      throw new InvalidInputError(`${kind}: the depth of ${depth} mm stands twice. Take one of the rows out.`);
    }
  });
  checkRising(`${kind}: depths`, depths);
  checkRising(`${kind}: field sides`, sides);
  const deepest = depths[depths.length - 1]!;
  if (deepest < 100) {
    throw new InvalidInputError(
      `${kind}: the deepest entry is ${deepest} mm. Depths must be millimetres and reach 100; were they centimetres?`,
    );
  }
  if (depths[0] !== 0) {
    throw new InvalidInputError(
      `${kind}: the first depth is ${depths[0]} mm, but must be 0. Add a row at the surface; surface doses, where given, replace it.`,
    );
  }
  const used = sides.filter((side) => side > 0);
  if (sides[0]! < 0) {
    throw new InvalidInputError(
      `${kind}: a field side is ${sides[0]} mm, but must be >= 0 (0 is not fitted). Give sides of squares in mm.`,
    );
  }
  if (used.length < 3) {
    throw new InvalidInputError(
      `${kind}: ${used.length} field side${used.length === 1 ? '' : 's'}, but at least 3 are needed. Measure more fields.`,
    );
  }
  if (used[used.length - 1]! < 50) {
    throw new InvalidInputError(
      `${kind}: the largest field side is ${used[used.length - 1]} mm, but must be at least 50. Sides must be millimetres; were they centimetres?`,
    );
  }
  const middle = middleMaximum(depthDose);
  sides.forEach((side, column) => {
    const largest = depthOfMaximum(depthDose, column);
    const top = Math.min(largest, middle + MAXIMA_WITHIN);
    depthDose.values.forEach((row, i) => {
      const value = row[column]!;
      const at = `at depth ${depths[i]} mm, side ${side} mm`;
      if (value > LARGEST_READING) {
        throw new InvalidInputError(
          `${kind}: ${value} ${at}, but no reading is larger than ${LARGEST_READING}. Give fractions or percent of the maximum.`,
        );
      }
      if (!(value > 0) || !Number.isFinite(value)) {
        throw new InvalidInputError(`${kind}: ${value} ${at}, but every value must be > 0. Mend the table.`);
      }
      // Noise may lift a point a little; a step of more than 2 % beyond the build-up is a slip of the pen.
      if (i > 0 && depths[i - 1]! >= top && value > 1.02 * depthDose.values[i - 1]![column]!) {
        throw new InvalidInputError(
          `${kind}: ${value} ${at} is larger than ${depthDose.values[i - 1]![column]} at ${depths[i - 1]} mm, but beyond the maximum dose must fall. Mend the table.`,
        );
      }
    });
    checkAttenuation(depthDose, column);
    if (largest > 0.5 * deepest) {
      throw new InvalidInputError(
        `${kind}: the ${side} mm field has its maximum at ${largest} mm of ${deepest} mm, but dose must fall with depth. Mend the table.`,
      );
    }
  });
  checkSpacing(depthDose);
}

/**
 * Beyond its maximum every photon beam falls: the hardest and widest (50 MV, 400 mm) by some 10 % over 100 mm of water at a fixed
 * distance from the source. A table that falls by less than half of that was not measured in water.
 */
function checkAttenuation(depthDose: BeamData['depthDose'], column: number): void {
  const { depths, sides, values, kind } = depthDose;
  const from = depthOfMaximum(depthDose, column);
  const to = depths[depths.length - 1]!;
  const largest = values[depths.indexOf(from)]![column]!;
  const fraction = values[values.length - 1]![column]! / largest;
  if (!(fraction <= LEAST_FALL ** ((to - from) / 100))) {
    throw new InvalidInputError(
      `${kind}: the ${sides[column]} mm field has ${(100 * fraction).toFixed(1)} % of its maximum at ${to} mm, no attenuation worth the name. Give measured depth doses.`,
    );
  }
  if (!(fraction >= LEAST_SHARE)) {
    throw new InvalidInputError(
      `${kind}: the ${sides[column]} mm field has ${fraction.toExponential(1)} of its maximum at ${to} mm, less than any beam. Give measured depth doses.`,
    );
  }
}

/** Median over the fields, mm. */
function middleMaximum(depthDose: BeamData['depthDose']): number {
  const maxima = depthDose.sides.map((_, column) => depthOfMaximum(depthDose, column)).sort((a, b) => a - b);
  return maxima[maxima.length >> 1]!;
}

/** Between rows the kernel is interpolated, which no residual shows. */
function checkSpacing(depthDose: BeamData['depthDose']): void {
  const { depths, kind } = depthDose;
  const maximum = middleMaximum(depthDose);
  for (let i = 1; i < depths.length; i++) {
    const [from, to] = [depths[i - 1]!, depths[i]!];
    const [largest, where] = from < maximum ? [BUILD_UP_GAP, 'above the maximum'] : [GAP, 'below it'];
    if (to - from > largest) {
      throw new InvalidInputError(
        `${kind}: no row between ${from} and ${to} mm, but ${where} they may be at most ${largest} mm apart. Add rows, best every 2 mm to 20 mm and every 10 mm below.`,
      );
    }
  }
}

function checkOutputFactors(data: BeamData): void {
  const { depthDose, outputFactors } = data;
  const { sides, values, depth } = outputFactors;
  if (sides.length < 2 || values.length !== sides.length) {
    throw new InvalidInputError(
      `output factors: ${sides.length} sides and ${values.length} values, but at least 2 and as many of one as of the other are needed. Give a value per side.`,
    );
  }
  checkAllFinite('output factors: sides', sides);
  checkRising('output factors: sides', sides);
  const [low, high] = [sides[0]!, sides[sides.length - 1]!];
  if (!(low <= 100 && high >= 100)) {
    throw new InvalidInputError(
      `output factors: they reach from ${low} to ${high} mm, but must reach over the 100 mm field. Sides must be millimetres; were they centimetres?`,
    );
  }
  const lacking = leftOutSides(data);
  const fields = fittedFields(data);
  if (fields.length < 3) {
    throw new InvalidInputError(
      `output factors: there is none for the fields of ${lacking.join(', ')} mm of ${depthDose.kind}; they reach from ${low} to ${high} mm, which leaves ${fields.length} of at least 3 fields. Add those field sizes.`,
    );
  }
  for (const value of values) {
    checkPositive('output factors: a value', value);
    checkRange('output factors: a value', value, 1e-6, LARGEST_READING);
  }
  const deepest = depthDose.depths[depthDose.depths.length - 1]!;
  const maximum = middleMaximum(depthDose);
  // At the maximum itself is common practice, and a table's maximum may lie a step deeper than the true one.
  if (!(depth >= 0.7 * maximum && depth <= deepest)) {
    throw new InvalidInputError(
      `output factors: their depth is ${depth} mm, but must lie between the maximum of the depth dose (${maximum} mm) and its end (${deepest} mm). Give it in mm.`,
    );
  }
}

function checkSurface({ surface }: BeamData): void {
  checkRising('surface dose: sides', surface!.sides);
  for (const percent of surface!.percent) {
    if (!(percent > 0 && percent < 100)) {
      throw new InvalidInputError(
        `surface dose: ${percent} is not between 0 and 100 percent of the maximum. Give percent.`,
      );
    }
  }
}

function checkFluence(data: BeamData): void {
  const { radius, value } = data.primaryFluence!;
  checkRadii('primary fluence', radius, value);
  const last = fittedFields(data).pop()!.side;
  // Beyond the table fluence is constant; past half the largest field that would be a guess along the axes too.
  if (radius[radius.length - 1]! < 0.45 * last) {
    throw new InvalidInputError(
      `primary fluence: it ends at ${radius[radius.length - 1]} mm, but the largest field reaches to ${last / 2} mm. Radii must be millimetres and reach so far.`,
    );
  }
}

function checkProfile({ profile }: BeamData): void {
  const { radius, dose, depth, side, angle } = profile!;
  checkRadii('profile', radius, dose);
  checkPositive('profile: depth', depth);
  if (!(angle >= 0 && angle <= 90)) {
    throw new InvalidInputError(
      `profile: the angle is ${angle} degrees, but must be 0 (along X) to 90 (along Y). The diagonal is 45.`,
    );
  }
  if (!(side >= 100 && side <= 600)) {
    throw new InvalidInputError(
      `profile: the field side is ${side} mm, but must be 100 to 600 mm. Scan the largest field.`,
    );
  }
  const edge = edgeOfSquare(side, angle);
  if (radius[radius.length - 1]! < 0.8 * edge) {
    throw new InvalidInputError(
      `profile: it ends at ${radius[radius.length - 1]} mm, but the field reaches to ${edge.toFixed(0)} mm. Radii must be millimetres in the isocentre plane.`,
    );
  }
  radius.forEach((r, i) => {
    if (r > 1.1 * edge && dose[i]! > 0.5 * dose[0]!) {
      throw new InvalidInputError(
        `profile: ${((100 * dose[i]!) / dose[0]!).toFixed(0)} % of the axis at ${r} mm, but along ${angle} degrees the field ends at ${edge.toFixed(0)} mm. Check profile_angle (45 for a diagonal) and profile_side.`,
      );
    }
  });
}

function checkRadii(name: string, radius: readonly number[], value: readonly number[]): void {
  if (radius.length < 2 || value.length !== radius.length) {
    throw new InvalidInputError(
      `${name}: ${radius.length} radii and ${value.length} values, but at least 2 and as many of one as of the other are needed. Give a value per radius.`,
    );
  }
  checkAllFinite(`${name}: radii`, radius);
  checkRising(`${name}: radii`, radius);
  if (radius[0] !== 0) {
    throw new InvalidInputError(
      `${name}: the first radius is ${radius[0]} mm, but must be 0: the axis sets the scale. Begin the table there.`,
    );
  }
  checkPositive(`${name}: the value on the axis`, value[0]!);
  // Zero is what lies behind the primary collimator.
  for (const v of value) {
    checkNonNegative(`${name}: a value`, v);
    checkRange(`${name}: a value`, v, 0, LARGEST_READING);
  }
}

/** Distance from the centre of a square to its edge, along an angle from X, mm. */
export function edgeOfSquare(side: number, angle: number): number {
  const a = (angle * Math.PI) / 180;
  return side / 2 / Math.max(Math.abs(Math.cos(a)), Math.abs(Math.sin(a)));
}
