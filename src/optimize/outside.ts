/**
 * How far outside its limits an interior-point method is, which started there.
 *
 *     s = b - C A w + e,    e >= 0,    C A dw + ds = -e
 *
 * Every slack is positive, and the excess e is what it is too large by. A step of length t leaves (1 - t) e of it, of all half-spaces alike;
 * a whole one leaves nothing. Where limits cannot be kept steps become short, and the excess stays.
 *
 * @see Wright, Primal-Dual Interior-Point Methods (1997), chapter 6 (infeasible-interior-point methods)
 */
import type { HalfSpaces } from './half-spaces.js';

/** A slack begins at this fraction of its bound at least, or of the largest bound where it has hardly any. */
const LEAST = 0.02;
const LEAST_OF_LARGEST = 1e-3;
/** The method is inside once every slack without the excess has this fraction of what it has with it. */
const INSIDE = 0.5;

export class Outside {
  private readonly excess: Float64Array;
  /** What is left of it. */
  private part = 1;

  /** @param slacks of the start as they are, some below zero */
  constructor({ bounds, planes }: HalfSpaces, slacks: Float64Array) {
    const all = [...bounds, ...planes.map(({ bound }) => bound)];
    const largest = all.reduce((a, b) => Math.max(a, Math.abs(b)), 0) || 1;
    this.excess = slacks.map((slack, k) => {
      const least = Math.max(LEAST * Math.abs(all[k]!), LEAST_OF_LARGEST * largest);
      return Math.max(0, Math.max(least, -slack) - slack);
    });
  }

  /** Adds what is left of the excess to slacks as they are. @returns false where they need it no more: they are left as they are */
  widen(slacks: Float64Array): boolean {
    const { excess, part } = this;
    if (slacks.every((slack, k) => slack > 0 && slack >= INSIDE * (slack + part * excess[k]!))) return false;
    this.addTo(slacks);
    return true;
  }

  /** Adds what is left of the excess: to what the half-spaces see of a step. */
  addTo(sides: Float64Array): void {
    const { excess, part } = this;
    for (let k = 0; k < sides.length; k++) sides[k]! += part * excess[k]!;
  }

  /** Adds l / s times what is left of the excess to the forces of half-spaces. */
  addForces({ slacks, multipliers }: Record<'slacks' | 'multipliers', Float64Array>, forces: Float64Array): void {
    const { excess, part } = this;
    for (let k = 0; k < forces.length; k++) forces[k]! += (multipliers[k]! / slacks[k]!) * part * excess[k]!;
  }

  /** After a step of so much of its length. */
  lessen(length: number): void {
    this.part *= 1 - length;
  }
}
