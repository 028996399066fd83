/** FCRT: conformal fields whose weights are fitted. */
import type { Aperture } from '../../beam/aperture.js';
import { anglesOnPatient } from '../../beam/arrangement.js';
import { type Beam, createBeam } from '../../beam/beam.js';
import { type Block, blockedFluence, shadowBlock } from '../../beam/block.js';
import type { CollimatedFluenceOptions } from '../../beam/collimated-fluence.js';
import { fitCollimator } from '../../beam/collimator-fit.js';
import { conformAperture } from '../../beam/conform.js';
import { type BeamModifiers, shapedFluence } from '../../beam/shaped-fluence.js';
import { effectiveAttenuation } from '../../beam/wedge.js';
import { forever } from '../../core/deadline.js';
import { InvalidInputError } from '../../core/errors.js';
import type { FluenceField } from '../../dose/beam-view.js';
import { ColumnOperator } from '../../influence/field-operator.js';
import type { Machine } from '../../machine/machine.js';
import { uniformLeaves } from '../../machine/mlc.js';
import { type Solution, type SolveProgress, solve } from '../../optimize/solver.js';
import { wedgesOf } from '../asked/asked-wedge.js';
import { nestFields } from '../delivery/field-in-field.js';
import { leastUnits, usedFields } from '../delivery/field-wedges.js';
import { fluenceOfSegments, type SegmentField } from '../delivery/segment-fields.js';
import { resolveLeafBank } from '../input/check-json.js';
import type { PlanCase } from '../input/plan-case.js';
import { type PatientModel, targetMaskOf } from '../patient/patient-model.js';
import { constrainedVoxels, uniformMaxima } from '../problem/constrained-voxels.js';
import { posePrescribed } from '../problem/drawn-prescription.js';
import type { PlanningProblem } from '../problem/planning-problem.js';
import type { PlanningVoxels } from '../problem/planning-voxels.js';
import { rowMaxima } from '../problem/row-maxima.js';
import { finish } from './finish-plan.js';
import { posedGoals, settleConstraints, solveByPriorities } from './ordered-plan.js';
import {
  beamsOf,
  type PlannedField,
  type PlannedPriority,
  type PlanningOptions,
  type PosedCase,
  type SolvedPlan,
} from './technique-plan.js';

/** A conformal field before it has a weight. */
export interface ConformalField extends BeamModifiers {
  readonly beam: Beam;
  /** Index of its direction: a field is open or has a wedge. */
  readonly of: number;
  readonly aperture: Aperture;
  /** Of the open aperture behind wedge and block, per monitor unit. */
  readonly open: FluenceField;
}

/**
 * The fields of a case's FCRT: one aperture per beam, conformed to all targets; where there are wedges, the open field is followed by the
 * same with each of them.
 *
 * @throws {InvalidInputError} where nothing is open beside a block, or the profile of a wedge ends within a field
 */
export function conformalFields(
  model: PatientModel,
  { beams, margin, leafWidth, mlc, conform: mode, transmission, cordShield, ...shaped }: PlanCase['fcrt'],
  machine: Machine,
): ConformalField[] {
  const bank = mlc === undefined ? uniformLeaves(leafWidth) : resolveLeafBank(mlc);
  const through = transmissionOf(transmission, machine);
  const target = targetMaskOf(model);
  const cord = model.masks.get(model.cord)!;
  const conformed = { margin, bank, mode, ...(cordShield && { shield: cord }) };
  const angles = anglesOnPatient(beams, model.patient.position);
  const { collimator, cordBlock, wedges } = shaped;
  const all = wedges ? [undefined, ...wedgesOf(wedges, effectiveAttenuation(machine))] : [undefined];
  return beamsOf(beams, model, machine).flatMap((given, of) => {
    const isFitted = collimator === 'fit' && angles[of]!.collimator === undefined;
    const beam = isFitted ? fitCollimator(given, machine, target, conformed) : given;
    const aperture = conformAperture(beam.frame, target, conformed);
    const block = cordBlock && shadowBlock(beam.frame, cord, { name: model.cord, ...cordBlock });
    if (block !== undefined) checkOpenBeside(block, aperture, beam.name);
    return all.map((wedge): ConformalField => {
      const modifiers = { ...(wedge && { wedge }), ...(block && { block }) };
      const named = wedge ? createBeam(machine, beam.pose, `${beam.name} ${wedge.name} ${wedge.orientation}`) : beam;
      return { beam: named, of, aperture, open: shapedFluence(aperture, modifiers, through), ...modifiers };
    });
  });
}

/** @throws {InvalidInputError} where a block covers the whole field */
function checkOpenBeside(block: Block, aperture: Aperture, name: string): void {
  const { weights } = shapedFluence(aperture, { block }, { jawTransmission: 0, leafTransmission: 0 });
  if (weights.some((open) => open === 1)) return;
  throw new InvalidInputError(
    `case: fcrt.cordBlock: nothing of field ${name} is open beside the block over ${block.name}. Give it a smaller margin, or leave that beam out.`,
  );
}

/** What leaves and jaws of a case let through, and how far. */
export function transmissionOf(
  transmission: PlanCase['fcrt']['transmission'],
  machine: Machine,
): CollimatedFluenceOptions {
  return {
    jawTransmission: transmission.jaws,
    leafTransmission: transmission.leaves,
    largestField: machine.range.fieldSide[1],
  };
}

/** Dose of every field at the optimiser's voxels, per monitor unit. */
export function conformalColumns(
  model: PatientModel,
  voxels: PlanningVoxels,
  fields: readonly ConformalField[],
): Float64Array[] {
  return model.bodyDose.columnsAt(
    fields.map(({ beam, open }) => ({ beam, fluence: open })),
    voxels.places,
  );
}

/** Conformal fields with their monitor units. */
export function weighedFields(fields: readonly ConformalField[], weights: Float64Array): PlannedField[] {
  return fields.map(({ beam, aperture, open: { grid, weights: open }, wedge, block }, f): PlannedField => {
    const monitorUnits = weights[f]!;
    const fluence = { grid, weights: open.map((o) => o * monitorUnits) };
    return { beam, aperture, monitorUnits, fluence, ...(wedge && { wedge }), ...(block && { block }) };
  });
}

/** Fields with smaller ones in them, each direction delivered shape by shape. */
function nestedFields(
  conformal: readonly ConformalField[],
  fields: readonly SegmentField[],
  weights: Float64Array,
  transmission: PlanCase['fcrt']['transmission'],
  machine: Machine,
): PlannedField[] {
  return conformal.flatMap(({ beam, aperture: { bank }, block }, of): PlannedField[] => {
    const segments = fields.flatMap((field, n) =>
      field.of === of && weights[n]! > 0 ? [{ aperture: field.aperture, monitorUnits: weights[n]! }] : [],
    );
    if (segments.length === 0) return [];
    const monitorUnits = segments.reduce((sum, segment) => sum + segment.monitorUnits, 0);
    const open = fluenceOfSegments(segments, { bank, transmission }, machine);
    const fluence = block === undefined ? open : blockedFluence(open, block);
    return [{ beam, monitorUnits, fluence, segments, ...(block && { block }) }];
  });
}

/**
 * FCRT: one aperture per beam, conformed to the target; the weights of the fields are fitted.
 *
 * @param voxels with rows of the structures besides the cord that have maxima
 */
export function planConformal(
  model: PatientModel,
  voxels: PlanningVoxels,
  planCase: PosedCase & Pick<PlanCase, 'fcrt'>,
  machine: Machine,
  {
    onProgress,
    maxima = uniformMaxima(voxels, planCase),
    organs = [],
    held = [],
    further,
    lists,
    prior,
    start,
    timeLeft = forever,
  }: PlanningOptions = {},
): SolvedPlan {
  const { hold, fieldInField, wedges, transmission } = planCase.fcrt;
  model.onStage('fcrt: apertures, beams, columns');
  const fields = conformalFields(model, planCase.fcrt, machine);
  const columns = fieldInField === undefined ? conformalColumns(model, voxels, fields) : [];
  model.onStage('fcrt: weights');
  const sets = constrainedVoxels(voxels, maxima, organs);
  const [, ...organMaxima] = sets.map((set) => set.maxima);
  const posed = posePrescribed(model, voxels, planCase, hold, { maxima, organMaxima, held, further, prior });
  const onStep = (p: SolveProgress) => onProgress?.('fcrt', p);
  const limited = () => ({ onProgress: onStep, timeLimit: timeLeft() });
  const solveOn: SolveOn = (own, from) => {
    const problem = { operator: new ColumnOperator(own), ...posed };
    if (lists === undefined)
      return { problem, solution: solve(problem, { ...limited(), ...(from && { start: from }) }) };
    const of = rowMaxima(voxels, model.cord, maxima, organs);
    const byGoals = posedGoals(lists, voxels, model, planCase, of);
    const options = { ...limited(), start: from, executor: model.executor };
    return { problem, ...solveByPriorities(problem, byGoals, options) };
  };
  const choose = (): ChosenFields => {
    if (fieldInField !== undefined) {
      const options = { count: fieldInField, through: transmissionOf(transmission, machine), timeLeft, onStep };
      const { fields: nested, operator, solution } = nestFields(fields, voxels, posed, planCase, model, options);
      const made = (weights: Float64Array) => nestedFields(fields, nested, weights, transmission, machine);
      return { problem: { operator, ...posed }, solution, made };
    }
    if (wedges !== undefined) return chooseWedges(fields, columns, solveOn, planCase.prescription.fractions);
    return { ...solveOn(columns, start), made: (weights) => weighedFields(fields, weights) };
  };
  const { problem, solution: first, priorities, made } = choose();
  const again = (interior: Float64Array) => solve(problem, { ...limited(), interior });
  const { solution, conflict } = settleConstraints(problem, first, again, timeLeft);
  const planned = { technique: 'fcrt', hold, fields: made(solution.weights) } as const;
  return finish(model, planCase, { ...planned, voxels, maxima, organs, held, problem, solution, priorities, conflict });
}

/** Rounds in which fields that deliver too little leave, at most. */
const LEAVING_ROUNDS = 5;

/** Of each direction the open field and the wedge that serves best. */
function chooseWedges(
  fields: readonly ConformalField[],
  columns: readonly Float64Array[],
  solveOn: SolveOn,
  fractions: number,
): ChosenFields {
  let used = fields.map((_, n) => n);
  const usedOf = <T>(all: readonly T[]): T[] => used.map((n) => all[n]!);
  let solved = solveOn(columns);
  for (let round = 0; round < LEAVING_ROUNDS; round++) {
    const { weights } = solved.solution;
    const stay = usedFields(usedOf(fields), weights, leastUnits(weights, fractions));
    if (stay.length === 0 || stay.length === used.length) break;
    used = stay.map((q) => used[q]!);
    const from = Float64Array.from(stay, (q) => weights[q]!);
    solved = solveOn(usedOf(columns), from);
  }
  const kept = usedOf(fields);
  return { ...solved, made: (weights) => weighedFields(kept, weights) };
}

/** The technique's problem solved on some columns. */
type SolveOn = (columns: readonly Float64Array[], from?: Float64Array) => Solved;

/** What a technique's problem on some columns came to. */
interface Solved {
  readonly problem: PlanningProblem & { readonly operator: ColumnOperator };
  readonly solution: Solution;
  readonly priorities?: readonly PlannedPriority[];
}

/** The same with the fields that its weights are of. */
interface ChosenFields extends Solved {
  made(weights: Float64Array): PlannedField[];
}
