/** An RTPLAN as what is computed of it: which fraction group, which beams, with the monitor units of the course. */
import { InvalidInputError, UnsupportedError } from '../../core/errors.js';
import { type FractionGroup, isSetup, type TreatmentBeam, type TreatmentPlan } from '../../io/dicom/treatment-plan.js';
import type { Machine } from '../../machine/machine.js';
import { type TreatedBeam, type TreatedOptions, treatBeam } from './treated-beam.js';

export interface TreatmentChoice extends Omit<TreatedOptions, 'position'> {
  /** Number of the fraction group. @default the only one */
  readonly group?: number | undefined;
  /** Numbers of the beams that are computed. @default all that treat */
  readonly beams?: readonly number[] | undefined;
}

/** What is computed of a plan. */
export interface TreatedPlan {
  readonly plan: TreatmentPlan;
  readonly group: FractionGroup;
  readonly fractions: number;
  readonly beams: readonly TreatedBeam[];
  readonly notes: readonly string[];
}

/** Monitor units of a beam in one fraction beyond which a number is not meant so. */
const MOST_UNITS = 100_000;

/**
 * The fields of a plan, its monitor units times its fractions.
 *
 * @param position of the patient on the CT, where the plan does not say how he lies
 * @throws {UnsupportedError} for brachytherapy, several fraction groups without a choice, and as {@link treatBeam}
 * @throws {InvalidInputError} for a group or beam that there is not, and for missing or absurd fractions and monitor units
 */
export function treatPlan(
  plan: TreatmentPlan,
  machine: Machine,
  position: string,
  { group: wanted, beams: chosen, ...options }: TreatmentChoice = {},
): TreatedPlan {
  if (plan.geometry !== 'PATIENT') {
    throw new UnsupportedError(
      `the plan's geometry is ${plan.geometry}: its isocentres are no places in a patient. Give a plan with RTPlanGeometry PATIENT.`,
    );
  }
  const group = groupOf(plan, wanted);
  const { fractions } = group;
  if (fractions === undefined || !Number.isInteger(fractions) || fractions < 1 || fractions > 100) {
    throw new InvalidInputError(
      `fraction group ${group.number}: NumberOfFractionsPlanned is ${fractions ?? 'missing'}, but must be a whole number from 1 to 100. Export the plan with its fractions.`,
    );
  }
  const notes: string[] = [];
  const beams = beamsOf(plan, group, chosen, notes);
  const treated = beams.map(({ beam, meterset }) =>
    treatBeam(beam, fractions * meterset, machine, { ...options, position }),
  );
  if (treated.some(({ beam }) => beam.position === undefined)) {
    notes.push(`The plan does not say how the patient lies; ${position} of the CT is taken.`);
  }
  const turned = treated.find(({ beam }) => beam.position !== undefined && beam.position !== position);
  if (turned) {
    notes.push(
      `The plan treats the patient ${turned.beam.position}, the CT was taken ${position}: angles are those of the plan.`,
    );
  }
  for (const { beam, notes: own } of treated) {
    for (const note of own) {
      const line = note.startsWith('Leaf') ? note : `Beam ${beam.number} (${beam.name}): ${note}`;
      if (!notes.includes(line)) notes.push(line);
    }
  }
  return { plan, group, fractions, beams: treated, notes };
}

function groupOf({ fractionGroups, brachySetups }: TreatmentPlan, wanted: number | undefined): FractionGroup {
  const numbers = fractionGroups.map(({ number }) => number);
  const group = wanted === undefined ? fractionGroups[0] : fractionGroups.find(({ number }) => number === wanted);
  if (group === undefined) {
    throw new InvalidInputError(
      numbers.length === 0
        ? 'the plan has no fraction group, which holds monitor units and fractions. Export it again.'
        : `the plan has no fraction group ${wanted}. Use one of ${numbers.join(', ')}.`,
    );
  }
  if (wanted === undefined && numbers.length > 1) {
    throw new UnsupportedError(
      `the plan has ${numbers.length} fraction groups, whose doses per fraction may differ. Choose one with --group ${numbers.join(' or ')}.`,
    );
  }
  if (group.brachySetups > 0 || (group.beams.length === 0 && brachySetups > 0)) {
    throw new UnsupportedError(
      'the plan is of brachytherapy, which respine does not compute. Give a plan of photon beams.',
    );
  }
  return group;
}

interface ChosenBeam {
  readonly beam: TreatmentBeam;
  readonly meterset: number;
}

function beamsOf(
  plan: TreatmentPlan,
  group: FractionGroup,
  chosen: readonly number[] | undefined,
  notes: string[],
): ChosenBeam[] {
  const known = plan.beams.map(({ number }) => number);
  const odd = chosen?.find((number) => !known.includes(number));
  if (odd !== undefined) throw new InvalidInputError(`the plan has no beam ${odd}. Use of ${known.join(', ')}.`);
  const out: ChosenBeam[] = [];
  for (const beam of plan.beams) {
    const what = `beam ${beam.number} (${beam.name})`;
    if (chosen !== undefined && !chosen.includes(beam.number)) {
      notes.push(`B${what.slice(1)} is left out, as asked.`);
      continue;
    }
    if (isSetup(beam)) {
      notes.push(`B${what.slice(1)} is of delivery type ${beam.delivery} and is passed over.`);
      continue;
    }
    const given = group.beams.find((one) => one.beam === beam.number);
    if (given === undefined) {
      notes.push(`B${what.slice(1)} is not in fraction group ${group.number} and is passed over.`);
      continue;
    }
    const { meterset } = given;
    if (meterset === undefined || !(meterset > 0 && meterset <= MOST_UNITS)) {
      throw new InvalidInputError(
        `${what}: BeamMeterset is ${meterset ?? 'missing'}, but must be monitor units above 0, at most ${MOST_UNITS}. Calculate the plan before it is exported, or leave the beam out with --beams.`,
      );
    }
    out.push({ beam, meterset });
  }
  if (out.length === 0) {
    throw new InvalidInputError(
      'no beam of the plan is left to compute: all are for setup, or are left out. Give a plan with treatment beams.',
    );
  }
  return out;
}
