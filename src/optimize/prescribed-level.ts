/**
 * The level of the target's objectives, which moves by prescribed / reached until a plan has the dose that is prescribed.
 */
import { weightedUpperQuantile } from '../core/quantile.js';
import type { Prescription } from './problem.js';

/** How often a level that stood still may be set right. */
const LEVEL_CHANGES = 8;
/** A level that is held back moves by so many times what the dose is off, at most. */
const MOST_LAG = 2;
/** A level stays within these fractions of the prescribed dose. */
const LEVELS = [0.8, 1.2] as const;

export class PrescribedLevel {
  /** Without a prescription from the start. */
  isFixed: boolean;
  /** How often it has moved. */
  moves = 0;
  private changes = 0;
  private last: { readonly level: number; readonly reached: number } | undefined;

  constructor(
    private readonly prescription: Prescription | undefined,
    /** That the objectives follow; there is one where there is a prescription. */
    private readonly level: { value: number } | undefined,
    /** Relative error of the prescribed dose at which it is met. */
    private readonly tolerance: number,
    /** Whether the dose follows the level only in part, as goals hold it too: then the level moves by as much more. */
    private readonly isHeldBack = false,
  ) {
    this.isFixed = prescription === undefined;
  }

  /** Gy; undefined without a prescription. */
  get value(): number | undefined {
    return this.level?.value;
  }

  /** The dose that is prescribed, as a plan has it, Gy; NaN without a prescription. */
  doseOf(dose: Float64Array): number {
    if (!this.prescription) return Number.NaN;
    const { rows, volumes, fraction, read } = this.prescription;
    if (read !== undefined) return read(dose);
    return weightedUpperQuantile(
      Float64Array.from(rows, (row) => dose[row]!),
      volumes,
      fraction,
    );
  }

  isMet(reached: number): boolean {
    return !this.prescription || Math.abs(reached / this.prescription.dose - 1) < this.tolerance;
  }

  /**
   * Moves it by prescribed / reached; near the end it stays where the prescription is met, or as high as it may be.
   *
   * @returns whether it has moved: then the objectives have, too
   */
  move(reached: number, isNearEnd: boolean): boolean {
    const { dose } = this.prescription!;
    const level = this.level!;
    if (isNearEnd && this.isMet(reached)) {
      this.isFixed = true;
      return false;
    }
    const ratio = Math.min(
      1.25,
      Math.max(0.8, (dose / reached) ** (isNearEnd && this.isHeldBack ? this.lag(reached) : 1)),
    );
    const next = Math.min(LEVELS[1] * dose, Math.max(LEVELS[0] * dose, level.value * ratio));
    if (isNearEnd && (next === level.value || ++this.changes > LEVEL_CHANGES)) this.isFixed = true;
    if (next === level.value) return false;
    this.last = { level: level.value, reached };
    level.value = next;
    this.moves++;
    return true;
  }

  /** By how much more the level has moved than the dose, since it moved last. */
  private lag(reached: number): number {
    if (this.last === undefined) return 1;
    const { level, reached: before } = this.last;
    const followed = Math.log(reached / before) / Math.log(this.level!.value / level);
    return followed > 0 ? Math.min(MOST_LAG, Math.max(1, 1 / followed)) : 1;
  }

  /** Whether one that stood still has to move once more, as the plan has moved since. */
  isOff(reached: number): boolean {
    return !this.isMet(reached) && this.changes < LEVEL_CHANGES;
  }
}
