/**
 * A finished plan as its record, and made again from it: the same fields through the same engine, without optimising.
 *
 * The fields are recorded as the optimiser left them, with the scale that the whole plan was scaled by, as the engine computed
 * them before it was scaled: only so is the dose the same to the last bit. What was proven of the plan is taken from the record.
 */
import { type Aperture, createAperture } from '../../beam/aperture.js';
import { createBeam } from '../../beam/beam.js';
import { checkBlock } from '../../beam/block.js';
import { shapedFluence } from '../../beam/shaped-fluence.js';
import { checkWedge, type WedgeTransmission } from '../../beam/wedge.js';
import { InvalidInputError } from '../../core/errors.js';
import { voxelCount } from '../../geometry/grid.js';
import type { RecordedField, RecordedOutcome, RecordedPlan } from '../../io/fluence-file.js';
import type { AskedFields } from '../asked/asked-structures.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import type { PlanJob } from '../patient/plan-job.js';
import { choosePlanningVoxels, type PlanningVoxels } from '../problem/planning-voxels.js';
import { type RobustSettings, scenarioShifts, withScenarios } from '../problem/scenario.js';
import { transmissionOf } from '../technique/fcrt.js';
import { reportedDoses, scaledFields } from '../technique/finish-plan.js';
import type { PlannedField, PlannedPriority, TechniquePlan } from '../technique/technique-plan.js';

/** What {@link planFromRecord} makes the plan of again. */
export function recordOf({ isocenter }: Pick<PatientModel, 'isocenter'>, plan: TechniquePlan): RecordedPlan {
  const { technique, scale, solved, solution, voxels, largestDifference, worstCase, ball, held, aims, ...more } = plan;
  const { delivery } = more;
  const { conflict, priorities, reachedAlone } = more;
  const { weights: _, dose: __, uncovered, given, ...ended } = solution;
  const outcome: RecordedOutcome = {
    ...ended,
    ...(given && { given: { ...given, broken: given.broken.map((own) => ({ ...own })) } }),
    uncovered: [...uncovered],
    largestDifference,
    ...(aims && { aims: aims.map((own) => ({ ...own })) }),
    ...(held && { held: held.map((own) => ({ ...own })) }),
    ...(conflict && { conflict: [...conflict] }),
    ...(priorities && { priorities: priorities.map(recordedPriority) }),
    ...(reachedAlone !== undefined && { reachedAlone }),
    ...(worstCase && { worstCase }),
    ...(delivery && { delivery: recordedDelivery(delivery) }),
    ...(ball && { ball: { ...ball, added: ball.added.map(tripleOf), found: foundOf(ball.found) } }),
  };
  return {
    technique,
    isocenter: tripleOf(isocenter),
    scale,
    fields: solved.map(recordedField),
    organVoxels: voxels.organs.map(({ name, voxels: own }) => ({ structure: name, runs: runsOf(own) })),
    outcome,
  };
}

function recordedDelivery({ arc, ...told }: NonNullable<TechniquePlan['delivery']>) {
  if (arc === undefined) return told;
  const shapes = arc.map(({ gantry, aperture, monitorUnits }) => ({
    ...recordedShape(aperture),
    monitorUnits,
    gantry,
  }));
  return { ...told, arc: { bank: recordedBank(arc[0]!.aperture.bank), shapes } };
}

function deliveryOf({
  arc,
  ...told
}: NonNullable<RecordedOutcome['delivery']>): NonNullable<TechniquePlan['delivery']> {
  if (arc === undefined) return told;
  const bank = bankOf(arc.bank);
  const points = arc.shapes.map(({ gantry, leaves, jaws, monitorUnits }) => {
    return { gantry, aperture: createAperture(bank, leaves, jaws), monitorUnits };
  });
  return { ...told, arc: points };
}

const recordedPriority = ({ goals, ...step }: PlannedPriority) => ({
  ...step,
  goals: goals.map(({ trades, ...goal }) => ({ ...goal, trades: trades.map((trade) => ({ ...trade })) })),
});

const tripleOf = ([x, y, z]: readonly [number, number, number]): [number, number, number] => [x, y, z];

const foundOf = ({ shift, value }: NonNullable<TechniquePlan['ball']>['found']) => ({ shift: tripleOf(shift), value });

const recordedBank = ({ boundaries, evidence, ...bank }: Aperture['bank']) => ({
  ...bank,
  boundaries: [...boundaries],
  evidence: { ...evidence },
});

const recordedShape = ({ leaves, jaws }: Aperture) => ({
  leaves: leaves.map(([x1, x2]): [number, number] => [x1, x2]),
  ...(jaws && { jaws: { ...jaws } }),
});

const recordedModifiers = ({ wedge, block }: PlannedField): Pick<RecordedField, 'wedge' | 'block'> => ({
  ...(wedge && { wedge: { ...wedge, transmission: recordedTransmission(wedge.transmission) } }),
  ...(block && { block: { ...block, corners: block.corners.map(([x, y]): [number, number] => [x, y]) } }),
});

const recordedTransmission = (given: WedgeTransmission): NonNullable<RecordedField['wedge']>['transmission'] =>
  given.kind === 'virtual'
    ? { ...given }
    : { kind: 'physical', profile: given.profile.map(([s, value]): [number, number] => [s, value]) };

function recordedField(field: PlannedField): RecordedField {
  const { beam, monitorUnits, aperture, fluence, segments, controlPoints } = field;
  const { gantry, collimator, couch } = beam.pose;
  const head = { name: beam.name, gantry, collimator, couch, monitorUnits, ...recordedModifiers(field) };
  if (aperture === undefined) {
    const { grid, weights } = fluence;
    return {
      ...head,
      fluence: { x: [...grid.x], y: [...grid.y], weights: [...weights] },
      ...(segments && {
        segments: {
          bank: recordedBank(segments[0]!.aperture.bank),
          shapes: segments.map((own) => ({ ...recordedShape(own.aperture), monitorUnits: own.monitorUnits })),
        },
      }),
      ...(controlPoints && {
        controlPoints: {
          bank: recordedBank(controlPoints[0]!.aperture.bank),
          shapes: controlPoints.map((own) => ({ ...recordedShape(own.aperture), monitorUnits: own.monitorUnits })),
        },
      }),
    };
  }
  return { ...head, aperture: { bank: recordedBank(aperture.bank), ...recordedShape(aperture) } };
}

/** Of rising numbers, each run of neighbours as its first and its length. */
function runsOf(voxels: Int32Array): [number, number][] {
  const runs: [number, number][] = [];
  for (const voxel of voxels) {
    const last = runs.at(-1);
    if (last !== undefined && voxel === last[0] + last[1]) last[1]++;
    else runs.push([voxel, 1]);
  }
  return runs;
}

const voxelsOf = (runs: readonly (readonly [number, number])[]): Int32Array =>
  Int32Array.from(runs.flatMap(([first, count]) => Array.from({ length: count }, (_, i) => first + i)));

/**
 * The plan that a record is of: its dose is the engine's, computed anew.
 *
 * @param isNominal whether it is the plan that a robust one is compared with, made as if the case asked for no robustness
 */
export function planFromRecord(
  record: RecordedPlan,
  model: PatientModel,
  { case: planCase, machine, patient }: PlanJob,
  isNominal = false,
): TechniquePlan {
  const { technique, scale, outcome, isocenter } = record;
  model.onStage(`${technique}: dose`);
  const solved = record.fields.map(({ name, gantry, collimator, couch, ...field }): PlannedField => {
    const beam = createBeam(machine, { isocenter, gantry, collimator, couch, position: patient.position }, name);
    return { beam, ...shapeOf(field, planCase.fcrt.transmission, machine) };
  });
  const { dose: total, ...beyond } = model.bodyDose.total(solved.map(({ beam, fluence }) => ({ beam, fluence })));
  const { fractions } = planCase.prescription;
  const { medium } = planCase.doseModel;
  const doses = reportedDoses(model, total, scale, { quantity: 'physical', fractions, medium });
  const { largestDifference, worstCase, ball, held, aims, conflict, priorities, reachedAlone, uncovered, ...left } =
    outcome;
  const { level, given, delivery, ...ended } = left;
  return {
    technique,
    hold: planCase[technique].hold,
    solved,
    fields: scaledFields(solved, scale),
    ...doses,
    solution: {
      ...ended,
      ...(level === undefined ? {} : { level }),
      ...(given && { given }),
      uncovered: Int32Array.from(uncovered),
    },
    voxels: rowsOf(record, model, planCase, isNominal ? undefined : planCase.imrt.robust),
    scale,
    largestDifference,
    beyondRange: beyond.beyondRange,
    beyondDensity: beyond.beyondDensity,
    ...(aims && { aims }),
    ...(held && { held }),
    ...(conflict && { conflict }),
    ...(priorities && { priorities }),
    ...(reachedAlone !== undefined && { reachedAlone }),
    ...(worstCase && { worstCase }),
    ...(delivery && { delivery: deliveryOf(delivery) }),
    ...(ball && { ball }),
  };
}

function bankOf({ overtravel, span, ...bank }: NonNullable<RecordedField['aperture']>['bank']): Aperture['bank'] {
  return { ...bank, ...(overtravel !== undefined && { overtravel }), ...(span !== undefined && { span }) };
}

function shapeOf(
  {
    monitorUnits,
    aperture: given,
    fluence,
    segments,
    controlPoints,
    wedge,
    block,
  }: Omit<RecordedField, 'name' | 'gantry' | 'collimator' | 'couch'>,
  transmission: PlanCase['fcrt']['transmission'],
  machine: PlanJob['machine'],
): Omit<PlannedField, 'beam'> {
  const modifiers = { ...(wedge && { wedge: checkWedge(wedge) }), ...(block && { block: checkBlock(block) }) };
  if (given === undefined) {
    const { x, y, weights } = fluence!;
    const grid = { x: Float64Array.from(x), y: Float64Array.from(y) };
    const shapesIn = (recorded: NonNullable<RecordedField['segments']>) =>
      recorded.shapes.map((shape) => ({
        aperture: createAperture(bankOf(recorded.bank), shape.leaves, shape.jaws),
        monitorUnits: shape.monitorUnits,
      }));
    return {
      monitorUnits,
      fluence: { grid, weights: Float64Array.from(weights) },
      ...(segments && { segments: shapesIn(segments) }),
      ...(controlPoints && { controlPoints: shapesIn(controlPoints) }),
      ...modifiers,
    };
  }
  const aperture = createAperture(bankOf(given.bank), given.leaves, given.jaws);
  const { grid, weights: open } = shapedFluence(aperture, modifiers, transmissionOf(transmission, machine));
  return { monitorUnits, aperture, fluence: { grid, weights: open.map((o) => o * monitorUnits) }, ...modifiers };
}

/** The optimiser's rows, which reports name places and numbers of. */
function rowsOf(
  { technique, organVoxels, outcome }: RecordedPlan,
  model: PatientModel,
  planCase: AskedFields,
  robust: RobustSettings | undefined,
): PlanningVoxels {
  const organs = organVoxels.map(({ structure, runs }) => ({ name: structure, voxels: voxelsOf(runs) }));
  const cells = voxelCount(model.grid);
  for (const { name, voxels } of organs) {
    if (model.masks.has(name) && (voxels.at(-1) ?? 0) < cells) continue;
    throw ofAnother(technique, `it has voxels of "${name}" that the patient has not`);
  }
  const nominal = choosePlanningVoxels(model, organs, planCase);
  const isNominal = technique === 'fcrt' || robust === undefined;
  const voxels = isNominal
    ? nominal
    : withScenarios(nominal, scenarioShifts(robust), robust.target, outcome.ball?.added);
  const rows = voxels.points.length / 3;
  const { violation, prices } = outcome.certificate;
  const named = [...outcome.uncovered, violation?.row ?? 0, ...prices.flatMap((p) => p.active.map(({ row }) => row))];
  const beyond = named.find((row) => row >= rows);
  if (beyond !== undefined) throw ofAnother(technique, `it names row ${beyond} of ${rows}`);
  return voxels;
}

const ofAnother = (technique: string, why: string): InvalidInputError =>
  new InvalidInputError(`plan: the record of ${technique} is of another case or patient (${why}). Plan the case anew.`);
