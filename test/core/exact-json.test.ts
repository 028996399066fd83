/** JSON that holds every number to its last bit. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { exactJson } from '../../src/core/exact-json.js';

const bits = (values: readonly number[]): BigUint64Array => new BigUint64Array(Float64Array.from(values).buffer);

test('any finite Float64 is read as it was written, bit for bit (seed 20)', () => {
  const finite = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(finite, (values) => {
      const text = exactJson({ plain: values, typed: Float64Array.from(values), deep: [{ one: values[0] }] });
      const read = JSON.parse(text);
      expect(bits(read.plain)).toEqual(bits(values));
      expect(bits(read.typed)).toEqual(bits(values));
      expect(bits([read.deep[0].one])).toEqual(bits([values[0]!]));
    }),
    { seed: 20, numRuns: 500 },
  );
  const edge = [-0, 0, 5e-324, Number.MAX_VALUE, -Number.MIN_VALUE, 0.1 + 0.2, 1 / 3, 2 ** 53 + 2, 1e21, 1e-7];
  expect(bits(JSON.parse(exactJson(edge)))).toEqual(bits(edge));
});

test('what JSON reads is what was given; what it has no number for is refused', () => {
  const value = { a: [1, 'two', true, null], b: {}, c: [], d: [{ e: [[1, 2], [3]] }], 'f"': 'line\nbreak' };
  expect(JSON.parse(exactJson({ ...value, left: undefined }))).toEqual(value);
  expect(exactJson({ x: [1, 2], y: 3 })).toBe('{\n "x": [1,2],\n "y": 3\n}');
  for (const none of [Number.NaN, Infinity, -Infinity]) {
    expect(() => exactJson({ x: Float64Array.of(1, none) })).toThrow(`JSON: ${none} is no number that JSON can hold.`);
  }
});
