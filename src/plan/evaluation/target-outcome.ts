/** What every target of a case that has several received of the dose that it is asked for. */
import { type Dvh, doseAtVolume } from '../../evaluate/dvh.js';
import type { SeveralTargets } from '../patient/several-targets.js';

/** From this fraction of the dose asked for on a target is said to be off. */
const OFF = 0.02;

/** @internal In the order of `targetsOf`, as `PlanEvaluation.targets` has them. */
export const targetOutcomes = ({ all }: Pick<SeveralTargets, 'all'>, dvhs: ReadonlyMap<string, Dvh>) =>
  all.map(({ name, dose, fraction }) => {
    const dvh = dvhs.get(name);
    const reached = dvh === undefined ? null : doseAtVolume(dvh, fraction * dvh.volumeCc).value;
    const isOff = reached === null || Math.abs(reached / dose - 1) > OFF;
    return { structure: name, dose, to: fraction === 0.95 ? ('D95' as const) : ('D50' as const), reached, isOff };
  });
