/** Every line of the validation table is met: slabs with the project's own data, the rest where the reference folder is. */
import { describe, expect, test } from 'vitest';
import { referenceReader } from '../../src/node/reference.js';
import { type Comparison, comparisonTable, isMet, marginOf } from '../../src/validate/comparison.js';
import { validateClinicalDvh } from '../../src/validate/dvh-clinical.js';
import { validateDepthDoses, validateProfiles } from '../../src/validate/measured.js';
import { validatePeer } from '../../src/validate/peer.js';
import { validateSlabs } from '../../src/validate/slabs.js';
import { validateDivergentWater, validateThorax } from '../../src/validate/thorax.js';
import { hasShared, noteSkipped } from '../shared.js';

const read = referenceReader();

function expectMet(comparisons: readonly Comparison[], count: number): void {
  expect(comparisons.length).toBe(count);
  expect(comparisons.filter((c) => !isMet(c)).map((c) => `${c.quantity}: ${c.value} ${c.unit}`)).toEqual([]);
}

test('slabs of water, lung and bone', { timeout: 60_000 }, () => {
  const comparisons = validateSlabs(read);
  expectMet(comparisons, 14);
  expect(comparisonTable(comparisons).split('\n').length).toBe(16);
  // Every line of them says what was fitted to these simulations.
  const scaled = comparisons.filter((c) => c.quantity.endsWith('density scaling'));
  expect(scaled.length).toBe(11);
  for (const c of comparisons) expect(c.fitted).toContain(scaled.includes(c) ? 'ranges' : 'kernel');
});

test('a missed limit is said, and a number without a limit is not judged', () => {
  const line: Comparison = { quantity: 'q', reference: 'r', value: -3, limit: 2, unit: '%' };
  expect(isMet(line)).toBe(false);
  expect(comparisonTable([line])).toContain('**missed**');
  expect(isMet({ ...line, limit: null })).toBe(true);
});

test('the margin is a share of the limit, and what was fitted to the same data is said', () => {
  const line: Comparison = { quantity: 'q', reference: 'r', value: -1.9, limit: 2, unit: '%', fitted: 'its ranges' };
  expect(marginOf(line)).toBeCloseTo(5, 12);
  expect(marginOf({ ...line, value: 3 })).toBeCloseTo(-50, 12);
  expect(marginOf({ ...line, limit: null })).toBeNull();
  expect(marginOf({ ...line, value: 0, limit: 0 })).toBeNull();
  expect(comparisonTable([line]).split('\n')[2]).toBe('| q | r | -1.9 % | 2 % | 5 % | its ranges |  |');
  expect(comparisonTable([{ ...line, value: 3 }])).toContain('| **missed** -50 % |');
  expect(comparisonTable([{ ...line, limit: null }])).toContain('| information |  | its ranges |');
});

describe.skipIf(!hasShared)('with the reference folder', () => {
  test('other machines: depth doses, penumbra, tails', { timeout: 60_000 }, () => {
    expectMet([...validateDepthDoses(read), ...validateProfiles(read)], 7);
  });
  test('divergent water and the thoracic phantom', { timeout: 120_000 }, async () => {
    expectMet([...validateDivergentWater(read), ...(await validateThorax(read))], 23);
  });
  test("the peer's machine in water and on the C-shape phantom", { timeout: 180_000 }, async () => {
    expectMet(await validatePeer(read), 3);
  });
  test('means of treated patients lie among those of other systems, or the end slices and bins say why', {
    timeout: 60_000,
  }, () => {
    const comparisons = validateClinicalDvh(read);
    expect(comparisons.filter((c) => c.limit !== null).map((c) => [c.quantity, isMet(c)])).toEqual([
      [expect.stringContaining('eclipse-prostate'), true],
      [expect.stringContaining('neither end slices nor bins'), true],
    ]);
  });
});
noteSkipped('the validation against measurements, Monte Carlo in 3-D and the peer');
