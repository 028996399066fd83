/** Progress of commands that make one plan after the other from the same patient. */
import type { JobProgress, Stage } from '../core/job-progress.js';
import { PICTURES, READING } from '../report/plan-progress.js';

const PLANS = 'plans';
/** What comes before the first plan, in plans: voxels, beams, influence. */
const BEFORE = 3;
/** Reading and drawing cost so much of a plan. */
const [READ, DRAWN] = [0.2, 0.1];

export const sweepStages = (count: number): Stage[] => [
  { name: READING, cost: READ },
  { name: PLANS, cost: count + BEFORE },
  { name: PICTURES, cost: DRAWN },
];

/** Begins with the plans, with the first of them as they are told: what it is, and what became of it. */
export function sweepTeller(progress: JobProgress, count: number): (name: string, outcome: string) => void {
  let done = 0;
  progress.stage(PLANS);
  return (name, outcome) => {
    done++;
    const part = (done + BEFORE) / (count + BEFORE);
    progress.step({ done, total: count, unit: 'plans', part, case: name, note: outcome });
  };
}
