/** The elementary functions of the tab are those of Node 20, to the last bit. */
import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  acos,
  atan,
  atan2,
  cbrt,
  cos,
  exp,
  expm1,
  log,
  log2,
  log10,
  sin,
  tan,
  tanh,
} from '../../app/src/planning/same-math.js';
import { pow } from '../../app/src/planning/same-pow.js';
import { createRandom } from '../../src/core/random.js';

/** V8 11, whose functions these are: elsewhere the engine has others, and what is tested is that these stay. */
const isNode20 = process.versions.v8.startsWith('11.');
if (!isNode20) console.warn('skipped: this is not Node 20, so its Math is not what the tab repeats');

const ODD = [0, -0, 1, -1, 0.5, -0.5, 2, 3, 5e-324, 1e-310, 1.7e308, 710, -746, Infinity, -Infinity, NaN];
const COUNT = 5000;

/** Arguments of every size that a plan meets, and odd ones. */
function argumentsOf(seed: number): number[] {
  const random = createRandom(seed);
  return [
    ...ODD,
    ...Array.from({ length: COUNT }, () => (random.uniform() - 0.5) * pow(10, 12 * random.uniform() - 8)),
  ];
}

const same = { exp, expm1, log, log2, log10, tanh, cbrt, sin, cos, tan, atan, acos };
type Name = keyof typeof same;
const NAMES = Object.keys(same) as Name[];
const inDomain = (name: Name, x: number): number =>
  name.startsWith('log') ? Math.abs(x) : name === 'acos' ? x % 1 : x;

describe('of Node 20', () => {
  test.skipIf(!isNode20).each(NAMES)('%s', (name) => {
    const wrong = argumentsOf(3)
      .map((x) => inDomain(name, x))
      .filter((x) => !Object.is(same[name](x), Math[name](x)));
    expect(wrong).toEqual([]);
  });

  test.skipIf(!isNode20)('atan2 and pow, of two arguments', () => {
    const [first, second] = [argumentsOf(5), argumentsOf(7)];
    const wrong = first.flatMap((x, i) => {
      const y = second[i]!;
      const exponent = Number.isFinite(y) ? y % 20 : y;
      return [
        ...(Object.is(atan2(x, y), Math.atan2(x, y)) ? [] : [['atan2', x, y]]),
        ...(Object.is(pow(Math.abs(x), exponent), Math.abs(x) ** exponent) ? [] : [['pow', Math.abs(x), exponent]]),
        ...(Object.is(pow(x, Math.round(exponent)), x ** Math.round(exponent))
          ? []
          : [['pow', x, Math.round(exponent)]]),
      ];
    });
    expect(wrong).toEqual([]);
    const odd = ODD.flatMap((x) => ODD.filter((y) => !Object.is(pow(x, y), x ** y)).map((y) => [x, y]));
    expect(odd).toEqual([]);
  });
});

test('the same in every engine: the digest of many values', () => {
  const values = argumentsOf(11).flatMap((x) =>
    NAMES.filter((n) => !/sin|cos$|tan$/.test(n)).map((n) => same[n](inDomain(n, x))),
  );
  const digest = createHash('sha256')
    .update(Float64Array.from(values.filter(Number.isFinite)))
    .digest('hex');
  expect(digest.slice(0, 16)).toBe('aeae467e30100b34');
});
