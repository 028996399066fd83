/**
 * Whether steps still bring a plan nearer to its proof, and how near to it they aim.
 */

/** So many steps may bring neither complementarity nor gap down by the fraction of {@link PROGRESS} before the solver gives up. */
export const PATIENCE = 8;
const PROGRESS = 0.05;
/** Least complementarity that is aimed at, fraction of the gap that is wanted; and where residuals keep the proof short of it all the same. */
export const AIM = 0.5;
const LOWER_AIM = 0.25;
/** A step of at least this length leaves nothing to wait for. */
const WHOLE = 0.95;

export class Progress {
  private complementarity = Infinity;
  private gap = Infinity;
  private moves = 0;
  private idle = 0;
  /** Least complementarity to aim at, fraction of the gap that is wanted. */
  aim = AIM;

  constructor(private readonly patience = PATIENCE) {}

  /** After a step; a level that has moved begins anew. */
  hasEnded(complementarity: number, gap: number, levelMoves: number): boolean {
    if (levelMoves !== this.moves) {
      this.moves = levelMoves;
      this.complementarity = this.gap = Infinity;
    }
    const falls = (now: number, least: number): boolean => now < (now > 0 ? 1 - PROGRESS : 1) * least;
    const isNearer = falls(complementarity, this.complementarity) || falls(gap, this.gap);
    this.complementarity = Math.min(this.complementarity, complementarity);
    this.gap = Math.min(this.gap, gap);
    this.idle = isNearer ? 0 : this.idle + 1;
    return this.idle >= this.patience;
  }

  /** Whole steps at what is aimed at have left the proof short: what residuals add to the gap is made up for. */
  lowerAim(taken: number, complementarity: number): void {
    if (taken > WHOLE && complementarity < 1.1 * AIM) this.aim = LOWER_AIM;
  }
}
