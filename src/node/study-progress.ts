/**
 * How far a study is, by what its plans cost: those that are over tell what those like them will take.
 *
 * Like is what has the same technique on the same dose grid. Of a kind that has not come yet the mean of all is taken.
 */
import type { StudyRun } from '../plan/input/study-file.js';

type Kind = Pick<StudyRun, 'technique' | 'case'>;

const kindOf = ({ technique, case: planCase }: Kind): string => `${technique} ${planCase.doseGrid.spacing.join(' ')}`;

export class StudyProgress {
  private readonly left = new Map<string, number>();
  private readonly spent = new Map<string, { plans: number; seconds: number }>();
  private readonly begun = new Map<string, number>();

  /** @param runs that are to be made */
  constructor(runs: readonly (Kind & Pick<StudyRun, 'key'>)[]) {
    for (const run of runs) this.left.set(kindOf(run), (this.left.get(kindOf(run)) ?? 0) + 1);
  }

  /** A plan begins, at a time in seconds. */
  begin({ key }: Pick<StudyRun, 'key'>, now: number): void {
    this.begun.set(key, now);
  }

  /**
   * A plan has ended.
   *
   * @param took seconds, where whoever made it knows them. @default since it began
   */
  end(run: Kind & Pick<StudyRun, 'key'>, now: number, took = now - (this.begun.get(run.key) ?? now)): void {
    const kind = kindOf(run);
    this.left.set(kind, this.left.get(kind)! - 1);
    const known = this.spent.get(kind) ?? { plans: 0, seconds: 0 };
    this.spent.set(kind, { plans: known.plans + 1, seconds: known.seconds + took });
  }

  /** Of the seconds of all plans, the fraction that is spent, 0 to 1. */
  get fraction(): number {
    const all = [...this.spent.values()];
    const seconds = all.reduce((sum, own) => sum + own.seconds, 0);
    if (seconds === 0) return 0;
    const mean = seconds / all.reduce((sum, { plans }) => sum + plans, 0);
    let toCome = 0;
    for (const [kind, count] of this.left) {
      const own = this.spent.get(kind);
      toCome += count * (own === undefined ? mean : own.seconds / own.plans);
    }
    return seconds / (seconds + toCome);
  }
}
