/**
 * Built-in protocols for the retreatment of the spinal cord.
 *
 * Every number names its source and how it is known. None is a recommendation: the limits rest on few patients, and a
 * dose in many small fractions extrapolates those that were derived from one to five.
 */
import { hytecSource, niederSource } from '../biology/cord-tolerances.js';
import { InvalidInputError } from '../core/errors.js';
import { createProtocol, type GoalSource, type Protocol, type ProtocolInput } from './protocol.js';

const hytec: GoalSource = {
  ...hytecSource,
  note: 'abstract read; point maximum of the thecal sac, EQD2 with alpha/beta 2 Gy, retreatment in 1 to 5 fractions',
};
const hytecCord: GoalSource = {
  ...hytec,
  evidence: 'assumed',
  note: "HyTEC's limit for the thecal sac on a structure within it, where it is weaker than it was meant: ours, not HyTEC's",
};
const nieder: GoalSource = {
  ...niederSource,
  note: 'abstract read; BED of the cord with alpha/beta 2 Gy, cervical and thoracic; the maximum in the cord is our reading of its dose',
};

const inputs: readonly ProtocolInput[] = [
  {
    name: 'hytec-retreatment',
    title: 'Thecal sac and cord in a retreatment, after HyTEC',
    warning:
      'HyTEC states these limits for the thecal sac and a stereotactic retreatment in 1 to 5 fractions; in more fractions they are an extrapolation by the linear-quadratic model.',
    items: [
      {
        goal: 'ThecalSac Max[EQD2/2] <= 25Gy',
        priority: 1,
        source: hytec,
        statedFor: { structure: 'ThecalSac', fractions: [1, 5] },
      },
      {
        goal: 'ThecalSac Max[EQD2/2] <= 70Gy',
        courses: 'all',
        priority: 1,
        source: hytec,
        statedFor: { structure: 'ThecalSac', fractions: [1, 5] },
      },
      {
        goal: 'ThecalSac Max[EQD2/2] <= 50%',
        courses: 'share',
        priority: 2,
        source: hytec,
        statedFor: { structure: 'ThecalSac', fractions: [1, 5] },
      },
      { intervalMonths: 5, priority: 2, source: hytec },
      {
        goal: 'SpinalCord Max[EQD2/2] <= 25Gy',
        priority: 1,
        source: hytecCord,
        statedFor: { structure: 'ThecalSac', fractions: [1, 5] },
      },
      {
        goal: 'SpinalCord Max[EQD2/2] <= 70Gy',
        courses: 'all',
        priority: 1,
        source: hytecCord,
        statedFor: { structure: 'ThecalSac', fractions: [1, 5] },
      },
    ],
  },
  {
    name: 'nieder-retreatment',
    title: 'Cervical and thoracic cord in a retreatment, after Nieder',
    warning:
      'No myelopathy was seen up to a cumulative BED of 120 Gy2, and a small risk up to 135.5 Gy2, where the interval was at least 6 months and no course above 98 Gy2. Lumbar levels use alpha/beta 4 Gy, for which no cumulative limit is stated.',
    items: [
      { goal: 'SpinalCord Max[BED/2] <= 120Gy', variation: '135.5Gy', courses: 'all', priority: 1, source: nieder },
      { goal: 'SpinalCord Max[BED/2] <= 98Gy', courses: 'each', priority: 1, source: nieder },
      { intervalMonths: 6, priority: 1, source: nieder },
    ],
  },
];

export const protocolNames: readonly string[] = inputs.map(({ name }) => name);

/** @throws {InvalidInputError} for a name outside {@link protocolNames} */
export function builtInProtocol(name: string): Protocol {
  const input = inputs.find((candidate) => candidate.name === name);
  if (input === undefined) {
    throw new InvalidInputError(`protocol "${name}" is not one of ${protocolNames.join(', ')}.`);
  }
  return createProtocol(input);
}
