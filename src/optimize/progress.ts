/** Whether the steps of a solve still lead anywhere. */

/** So many steps may bring neither complementarity nor gap down by the fraction of {@link PROGRESS} before the solver gives up. */
const PATIENCE = 8;
const PROGRESS = 0.05;

/** Whether steps still bring a plan nearer to its proof. */
export class Progress {
  private complementarity = Infinity;
  private gap = Infinity;
  private moves = 0;
  private idle = 0;

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
    return this.idle >= PATIENCE;
  }
}
