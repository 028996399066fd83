/** Progress of commands that make one plan after the other from the same patient. */
import type { JobProgress, Stage } from '../core/job-progress.js';
import type { ProgressListener } from '../plan/technique/technique-plan.js';
import { PICTURES, READING, toldGap } from '../report/plan-progress.js';

const PLANS = 'plans';
/** What comes before the first plan, in plans: voxels, beams, influence. */
const BEFORE = 3;
/** Reading and drawing cost so much of a plan. */
const [READ, DRAWN] = [0.2, 0.1];
/** Of the optimiser, for a plan that starts from the one before. */
const USUAL_STEPS = 12;
/** Of a plan, what steps can fill. */
const FULLEST = 0.9;

export const sweepStages = (count: number): Stage[] => [
  { name: READING, cost: READ },
  { name: PLANS, cost: count + BEFORE },
  { name: PICTURES, cost: DRAWN },
];

export interface SweepTeller {
  /** A plan is made: what it is of, and what became of it. */
  point(name: string, outcome: string): void;
  readonly onProgress: ProgressListener;
}

/** Begins with what comes before the plans. */
export function sweepTeller(progress: JobProgress, total: number): SweepTeller {
  let [done, steps] = [0, 0];
  const told = { total, unit: 'plans' };
  progress.stage(PLANS);
  return {
    point(name, outcome) {
      done++;
      steps = 0;
      const part = (done + BEFORE) / (total + BEFORE);
      progress.step({ ...told, done, part, case: name, note: outcome });
    },
    onProgress: (technique, step) => {
      steps++;
      const part = (done + BEFORE + FULLEST * Math.min(1, steps / USUAL_STEPS)) / (total + BEFORE);
      progress.step({ ...told, done, part, case: technique, note: `step ${steps}, ${toldGap(step)}` });
    },
  };
}
