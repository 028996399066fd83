/** What all deliveries by leaves have in common: which leaves, what they let through, and what they are not optimised for. */
import type { MovingFluenceOptions } from '../../beam/moving-aperture.js';
import type { Machine } from '../../machine/machine.js';
import { createLeafBank, type LeafBank, uniformLeaves } from '../../machine/mlc.js';
import { smoothnessOf } from '../asked/asked-objective.js';
import { resolveLeafBank } from '../input/check-json.js';
import type { PlanCase } from '../input/plan-case.js';

/** What a delivery reads of a case. */
export type Delivered = Pick<PlanCase, 'imrt' | 'objectives' | 'priorities'>;

/** What a case asks for besides objectives and constraints of a nominal plan, for which alone leaves are optimised. */
export function notNominal({ imrt, objectives, priorities }: Delivered): string | undefined {
  if (imrt.robust !== undefined) return 'imrt.robust';
  if (priorities.length > 0) return 'priorities';
  return smoothnessOf(objectives) === undefined ? undefined : 'smoothness';
}

/** The leaves of a case: those that it names, or as wide as its beamlets, with boundaries where beamlets end. */
export function leavesOf({
  beamlet,
  onAxis,
  mlc,
}: Pick<PlanCase['imrt'], 'beamlet' | 'onAxis'> & {
  readonly mlc?: Parameters<typeof resolveLeafBank>[0] | undefined;
}): LeafBank {
  if (mlc !== undefined) return resolveLeafBank(mlc);
  const bank = uniformLeaves(beamlet);
  if (onAxis !== 'middle') return bank;
  const { boundaries, name, evidence } = bank;
  const shifted = [boundaries[0]! - beamlet / 2, ...boundaries.map((y) => y + beamlet / 2)];
  return createLeafBank(shifted, { name: `${name}, one on the axis`, evidence });
}

/** What closed leaves and jaws let through, as the reader of an RTPLAN has it. */
export const throughOf = (
  {
    bank,
    transmission: { jaws = 0, leaves = bank.transmission },
  }: { readonly bank: LeafBank; readonly transmission: PlanCase['fcrt']['transmission'] },
  machine: Machine,
): MovingFluenceOptions => ({
  jawTransmission: jaws,
  leafTransmission: leaves,
  largestField: machine.range.fieldSide[1],
});
