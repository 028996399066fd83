/**
 * erf and the integrals of a Gaussian that a beam's geometry needs.
 */

/**
 * Error function, to 1.2e-16 absolute near zero and 1e-15 elsewhere.
 *
 * Series 2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!! below 3, continued fraction of erfc above.
 *
 * @see Abramowitz and Stegun 7.1.6 and 7.1.14
 */
export function erf(x: number): number {
  const a = Math.abs(x);
  if (a > 6) return Math.sign(x);
  if (a < 3) {
    let term = a;
    let sum = a;
    for (let n = 1; n < 80; n++) {
      term *= (2 * a * a) / (2 * n + 1);
      sum += term;
      if (term < 1e-17 * sum) break;
    }
    return Math.sign(x) * (2 / Math.sqrt(Math.PI)) * Math.exp(-a * a) * sum;
  }
  let fraction = 0;
  for (let n = 60; n > 0; n--) fraction = n / 2 / (a + fraction);
  return Math.sign(x) * (1 - Math.exp(-a * a) / Math.sqrt(Math.PI) / (a + fraction));
}

/** Integral of a normal density of standard deviation `sigma` (0 allowed: a step) over [low, high]. */
export function gaussianInterval(low: number, high: number, sigma: number): number {
  if (sigma === 0) return stepAt(high) - stepAt(low);
  const k = 1 / (Math.SQRT2 * sigma);
  return 0.5 * (erf(high * k) - erf(low * k));
}

const stepAt = (x: number): number => (x > 0 ? 1 : x < 0 ? 0 : 0.5);
