/** What every target of a case that has several received of the dose that it is asked for. */
import { type Dvh, doseAtVolume } from '../../evaluate/dvh.js';
import type { SeveralTargets } from '../patient/several-targets.js';

/** A target of several: the dose that it is asked for, and the dose that it received. */
export interface TargetOutcome {
  readonly structure: string;
  /** Total of the course, Gy. */
  readonly dose: number;
  /** What it is the value of. */
  readonly to: 'D50' | 'D95';
  /** The same of the structure as it is drawn, in the reported dose, Gy; null where it has no DVH. */
  readonly reached: number | null;
  /** Whether that misses the dose asked for by more than 2 %. */
  readonly isOff: boolean;
}

/** From this fraction of the dose asked for on a target is said to be off. */
const OFF = 0.02;

/** @internal In the order of `targetsOf`. */
export function targetOutcomes({ all }: Pick<SeveralTargets, 'all'>, dvhs: ReadonlyMap<string, Dvh>): TargetOutcome[] {
  return all.map(({ name, dose, fraction }): TargetOutcome => {
    const dvh = dvhs.get(name);
    const reached = dvh === undefined ? null : doseAtVolume(dvh, fraction * dvh.volumeCc).value;
    const isOff = reached === null || Math.abs(reached / dose - 1) > OFF;
    return { structure: name, dose, to: fraction === 0.95 ? 'D95' : 'D50', reached, isOff };
  });
}
