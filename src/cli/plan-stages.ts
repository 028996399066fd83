/** The stages of `respine plan`, from reading the case to the last file. */
import type { Stage } from '../core/job-progress.js';
import type { PlanCase, Technique } from '../plan/input/plan-case.js';
import { PICTURES, planStages, READING } from '../report/plan-progress.js';

/** As `--timing` names them too. */
export const TABLES = 'tables, packed doses';
export const OTHER_MODELS = 'other dose models';
export const FINER_GRID = 'finer grid';
export const REPORT = 'report';

interface Asked {
  readonly job: { readonly case: PlanCase };
  readonly techniques: readonly Technique[];
  readonly from?: object;
  readonly weights?: object;
}

interface Flags {
  readonly prove?: boolean;
  readonly sensitivity?: boolean;
  readonly gridCheck?: boolean;
  readonly pictures: boolean;
  readonly report?: boolean;
}

const some = (isAsked: boolean | undefined, name: string, cost: number): Stage[] => (isAsked ? [{ name, cost }] : []);

/** Of the doses that are asked for beside so many plans. */
export const otherStages = (asked: Pick<Flags, 'sensitivity' | 'gridCheck'>, plans: number): Stage[] => [
  ...some(asked.sensitivity, OTHER_MODELS, 6 * plans),
  ...some(asked.gridCheck, FINER_GRID, 6 * plans),
];

export function commandStages({ job, techniques, from, weights }: Asked, flags: Flags): Stage[] {
  const isOptimised = from === undefined && (weights === undefined || (flags.prove ?? false));
  const plans = techniques.length;
  return [
    { name: READING, cost: 1 },
    ...planStages({ case: job.case, techniques, isOptimised }),
    ...otherStages(flags, plans),
    { name: TABLES, cost: 0.3 },
    ...some(flags.pictures, PICTURES, 1.5 + 0.9 * plans),
    ...some(flags.report, REPORT, 2),
  ];
}
