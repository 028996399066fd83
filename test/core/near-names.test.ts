import { expect, test } from 'vitest';
import { nearNames } from '../../src/core/near-names.js';

test.each([
  ['spinal cord', ['SpinalCord', 'SpinalCanal'], ['SpinalCord']],
  ['tabel', ['table', 'convention'], ['table']],
  ['abc', ['bca', 'acb', 'abd', 'ab', 'abcd', 'xyz'], ['acb', 'abd', 'ab', 'abcd']],
  ['lenght', ['length', 'width'], ['length']],
  ['fraction', ['fractions', 'fractionation'], ['fractions']],
  ['zork', ['cord'], []],
])('%s among %j: %j', (name, known, near) => {
  expect(nearNames(name, known)).toEqual(near);
});
