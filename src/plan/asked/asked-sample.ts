/**
 * `sample` of STUDY.json: numbers of a case that are drawn from stated distributions, the same on every machine.
 *
 * Every field has a stream of random numbers of its own, seeded by the study's seed and the field's path, and takes one of them for
 * each draw, by the inverse of its distribution function. So the k-th draw of a field follows from seed, path, distribution and k
 * alone: more draws, or another field, change none of those that there are. A draw whose values all came before is passed over, since
 * it would be the same plan: draws are without repetition.
 */
import * as z from 'zod/mini';
import { described } from '../../core/described.js';
import { InvalidInputError } from '../../core/errors.js';
import { normalProbability, normalQuantile } from '../../core/normal.js';
import { createRandom } from '../../core/random.js';
import { toDigits } from '../../core/rounding.js';

/** More draws than this are a slip. */
const MOST_DRAWS = 10_000_000;
/** Of the probability of a distribution, what lies between its bounds must be at least this: else they are a slip. */
const LEAST_KEPT = 1e-6;
/** Digits of a value that is drawn, so that tables hold what was planned. */
const DIGITS = 6;
/** Beyond 6 standard deviations nothing is drawn. */
const TAIL = 1e-9;

const notANumber = ({ input }: { readonly input?: unknown }): string =>
  `is ${input === undefined ? 'missing' : JSON.stringify(input)}, but must be a number`;
const finite = z.number({ error: notANumber });
const aboveZero = (what: string) =>
  finite.check(z.positive({ error: (issue) => `is ${String(issue.input)}, but ${what} must be > 0` }));
const bounds = {
  min: described('Nothing below is drawn: the distribution is truncated.', z.optional(finite)),
  max: described('Nothing above is drawn.', z.optional(finite)),
};

const uniform = z.strictObject({
  uniform: described(
    'Least and largest; all between is as likely.',
    z
      .tuple([finite, finite])
      .check(
        z.refine(([low, high]) => low < high, { error: 'must be [least, largest] with the least below the largest' }),
      ),
  ),
});
const normal = z.strictObject({
  normal: described(
    'With `min` or `max` a truncated one.',
    z
      .strictObject({
        mean: described('Of the distribution before it is truncated.', finite),
        sd: described('Standard deviation, the same.', aboveZero('a standard deviation')),
        ...bounds,
      })
      .check(
        z.refine(({ mean, sd, min, max }) => isKept((min ?? -Infinity) - mean, (max ?? Infinity) - mean, sd), {
          error: 'has bounds between which next to nothing of it lies: give min below max, and both near the mean',
        }),
      ),
  ),
});
const logNormal = z.strictObject({
  logNormal: described(
    'Its logarithm is normal; with `min` or `max` truncated.',
    z
      .strictObject({
        median: described('Half of it lies below.', aboveZero('a median of a log-normal distribution')),
        sd: described(
          'Standard deviation of the natural logarithm; 0.3 is about 30 %.',
          aboveZero('a standard deviation'),
        ),
        ...bounds,
      })
      .check(
        z.refine(({ median, sd, min, max }) => isKept(logOf(min, 0, median), logOf(max, Infinity, median), sd), {
          error: 'has bounds between which next to nothing of it lies: give min below max, and both near the median',
        }),
      ),
  ),
});
const choice = z
  .strictObject({
    choice: described(
      'One of these.',
      z.array(finite).check(z.minLength(1, { error: 'holds no value' }), z.maxLength(1000)),
    ),
    weights: described(
      'How likely each is beside the others. By default all alike.',
      z.optional(z.array(finite.check(z.minimum(0))).check(z.maxLength(1000))),
    ),
  })
  .check(
    z.refine(({ choice: values, weights }) => weights === undefined || weights.length === values.length, {
      error: 'must have a weight for each value',
    }),
    z.refine(({ weights }) => weights === undefined || weights.some((w) => w > 0), {
      error: 'has no weight above 0',
    }),
  );

const distribution = z.union([uniform, normal, logNormal, choice], {
  error:
    'must be { "uniform": [least, largest] }, { "normal": { "mean", "sd", "min", "max" } }, { "logNormal": { "median", "sd" } } or { "choice": [values] }',
});
type Distribution = z.output<typeof distribution>;

/** `sample` of a study whose fields are named by `path`. */
export const askedSample = <P extends z.core.$ZodType<string, string>>(path: P) =>
  askedDraws(path).check(
    z.superRefine(({ draws, fields }, context) => {
      const different = combinationsOf(fields as Readonly<Record<string, Distribution>>);
      if (draws <= different) return;
      const message = `is ${draws}, but the choices drawn have ${different} combinations, and none is drawn twice: ask for ${different} at most, draw from more values, or list them in "vary"`;
      context.addIssue({ code: 'custom', message, path: ['draws'] });
    }),
  );

const askedDraws = <P extends z.core.$ZodType<string, string>>(path: P) =>
  z.strictObject({
    draws: described(
      'How many times all fields are drawn; each is a case.',
      z
        .number({ error: (issue) => `is ${String(issue.input)}, but must be a whole number` })
        .check(
          z.int({ error: (issue) => `is ${String(issue.input)}, but must be a whole number` }),
          z.minimum(1, { error: (issue) => `is ${String(issue.input)}, but at least one draw makes a study` }),
          z.maximum(MOST_DRAWS, { error: (issue) => `is ${String(issue.input)}, more than ${MOST_DRAWS}` }),
        ),
    ),
    seed: described('The same seed gives the same draws.', z.number().check(z.int())),
    fields: described(
      'A distribution by dotted path in CASE.json; a number in a list by its place, from 0: `isocenter.2`.',
      z
        .record(path, distribution)
        .check(z.refine((given) => Object.keys(given).length > 0, { error: 'is empty: name one field at least' })),
    ),
  });
export type AskedSample = z.output<ReturnType<typeof askedSample<z.ZodMiniString<string>>>>;

/** How many different draws there are, where all that is drawn are choices; else Infinity. */
function combinationsOf(fields: Readonly<Record<string, Distribution>>): number {
  let count = 1;
  for (const own of Object.values(fields)) {
    if (!('choice' in own)) return Number.POSITIVE_INFINITY;
    count *= new Set(own.choice.filter((_, i) => own.weights?.[i] !== 0)).size;
  }
  return count;
}

/**
 * All draws, one after the other: of each, the values by path; no two are the same in all of them.
 *
 * @param path of the study, for the message
 * @throws {InvalidInputError} where the distributions, to six digits and by their weights, hardly give so many that differ
 */
export function* drawSample(
  { draws, seed, fields }: AskedSample,
  path = 'study',
): Generator<Readonly<Record<string, number>>> {
  const streams = Object.entries(fields).map(([name, own]) => ({
    name,
    own,
    random: createRandom(seedOf(seed, name)),
  }));
  const seen = new Set<string>();
  // The last of so many alike ones comes within this many draws but once in 10^8.
  const patience = 1000 + 20 * Math.min(combinationsOf(fields), 20 * draws);
  for (let passed = 0; seen.size < draws; ) {
    const drawn = Object.fromEntries(streams.map(({ name, own, random }) => [name, valueAt(own, random.uniform())]));
    const text = streams.map(({ name }) => drawn[name]).join(' ');
    if (seen.has(text)) {
      if (++passed <= patience) continue;
      throw new InvalidInputError(
        `${path}: sample: after ${seen.size} draws, ${passed} in a row were as one before, as there are few values or rare ones. Ask for ${seen.size} draws, or draw from more values.`,
      );
    }
    passed = 0;
    seen.add(text);
    yield drawn;
  }
}

/** FNV-1a of seed and path. */
function seedOf(seed: number, path: string): number {
  let hash = 0x811c9dc5;
  for (const character of `${seed}\n${path}`) hash = Math.imul(hash ^ character.codePointAt(0)!, 0x01000193);
  return hash >>> 0;
}

/** The value of a distribution below which `u` of it lies, 0 <= u < 1. */
function valueAt(own: Distribution, u: number): number {
  if ('choice' in own) return chosen(own, u);
  if ('uniform' in own) {
    const [low, high] = own.uniform;
    return within(low + u * (high - low), low, high);
  }
  if ('normal' in own) {
    const { mean, sd, min = -Infinity, max = Infinity } = own.normal;
    return within(mean + sd * standardAt(u, (min - mean) / sd, (max - mean) / sd), min, max);
  }
  const { median, sd, min = 0, max = Infinity } = own.logNormal;
  const [low, high] = [logOf(min, 0, median) / sd, logOf(max, Infinity, median) / sd];
  return within(median * Math.exp(sd * standardAt(u, low, high)), min, max);
}

/** Of the standard normal distribution between two bounds. */
function standardAt(u: number, low: number, high: number): number {
  const below = normalProbability(low);
  const p = below + u * (normalProbability(high) - below);
  return normalQuantile(Math.min(1 - TAIL, Math.max(TAIL, p)));
}

function chosen({ choice: values, weights = values.map(() => 1) }: z.output<typeof choice>, u: number): number {
  const aim = u * weights.reduce((sum, w) => sum + w, 0);
  let sum = 0;
  const at = weights.findIndex((w) => {
    sum += w;
    return aim < sum;
  });
  return values[at < 0 ? weights.findLastIndex((w) => w > 0) : at]!;
}

const within = (value: number, min: number, max: number): number =>
  Math.min(max, Math.max(min, toDigits(value, DIGITS)));

/** The logarithm of a bound over the median; of what is not positive, none. */
function logOf(bound: number | undefined, otherwise: number, median: number): number {
  const value = bound ?? otherwise;
  return value > 0 ? Math.log(value / median) : -Infinity;
}

/** Whether something lies between two bounds, given as distances from the mean. */
const isKept = (low: number, high: number, sd: number): boolean =>
  low < high && normalProbability(high / sd) - normalProbability(low / sd) >= LEAST_KEPT;
