import { describe, expect, it } from 'vitest';
import { centredCurvatures } from '../../src/optimize/centrality.js';

describe('centrality corrections', () => {
  const mu = 0.5;
  // Products after the whole step: 4, 0.01, 1000, -3 and 5 exactly, of which [0.05, 5] may stay.
  const x = Float64Array.of(1, 1, 10, 1, 2);
  const dx = Float64Array.of(1, -0.9, 90, -2, 0);
  const y = Float64Array.of(1, 1, 5, 2, 2);
  const dy = Float64Array.of(1, -0.9, 5, 1, 0.5);
  const bends = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5);
  const corrected = centredCurvatures(
    bends,
    { values: x, step: dx, length: 1 },
    { values: y, step: dy, length: 1 },
    mu,
  );

  it('leaves pairs alone that stay near mu', () => {
    expect(corrected[0]).toBe(0.1);
    expect(corrected[4]).toBe(0.5);
  });

  it('asks small products back to a tenth of mu', () => {
    expect(corrected[1]).toBeCloseTo(0.2 - (0.05 - 0.01), 12);
    expect(corrected[3]).toBeCloseTo(0.4 - (0.05 + 3), 12);
  });

  it('asks for no more than ten mu less of large ones', () => {
    expect(corrected[2]).toBeCloseTo(0.3 + 5, 12);
  });

  it('looks where the step is tried', () => {
    const still = centredCurvatures(bends, { values: x, step: dx, length: 0 }, { values: y, step: dy, length: 0 }, mu);
    expect(still).toEqual(Float64Array.of(0.1, 0.2, 0.3 + 5, 0.4, 0.5));
  });
});
