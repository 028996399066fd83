/** Delivery by leaves that move while the beam is on, as a technique asks for it. */
import type { TimeLeft } from '../../core/deadline.js';
import type { LinearOperator } from '../../core/linear-operator.js';
import type { ModulatedBeam } from '../../influence/operator.js';
import type { Machine } from '../../machine/machine.js';
import type { Solution, SolveOptions } from '../../optimize/solver.js';
import type { PlanCase } from '../input/plan-case.js';
import type { PatientModel } from '../patient/patient-model.js';
import { type ArcPoint, arcSettings, checkCrossing } from './arc-fields.js';
import { checkLeaves, type LeafPoint } from './moving-leaves.js';
import { planArc } from './plan-arc.js';
import { type MovingPrice, type PreparedFluence, planWindows } from './plan-windows.js';
import { leafFieldsOf } from './segment-fields.js';
import { unitsOf, type WindowField, windowSettings } from './window-fields.js';

/** Fields of moving leaves, with their units, as a solution of the problem on their own doses. */
export interface MovingDelivery {
  readonly planned: readonly (Pick<WindowField, 'beam' | 'fluence'> & {
    readonly monitorUnits: number;
    readonly controlPoints?: readonly LeafPoint[];
  })[];
  readonly operator: LinearOperator;
  readonly solution: Solution;
  readonly delivery: MovingPrice & { readonly arc?: readonly ArcPoint[] };
}

/** Does a case ask for leaves that move? */
export const movesLeaves = (imrt: Pick<PlanCase['imrt'], 'delivery' | 'beamlet' | 'onAxis'>): boolean =>
  windowSettings(imrt) !== undefined || arcSettings(imrt) !== undefined;

/**
 * Whether leaves that move can deliver what a case asks for, before anything is optimised.
 *
 * @throws {InvalidInputError} where leaves do not fit the beamlets or do not reach
 * @throws {UnsupportedError} for what moving leaves are not optimised for
 */
export function checkMoving(
  planCase: Pick<PlanCase, 'imrt' | 'objectives' | 'priorities'>,
  beams: readonly ModulatedBeam[],
): void {
  const arc = arcSettings(planCase.imrt);
  const settings = arc ?? windowSettings(planCase.imrt);
  if (settings === undefined) return;
  leafFieldsOf(beams, settings.bank);
  checkLeaves(planCase, beams, settings);
  if (arc !== undefined) checkCrossing(beams, arc);
}

/** What leaves deliver of an optimised fluence. */
export function deliverMoving(
  fluence: PreparedFluence,
  planCase: Pick<PlanCase, 'imrt' | 'prescription' | 'doseModel'>,
  model: PatientModel,
  machine: Machine,
  told: Pick<SolveOptions, 'gap' | 'onProgress'> & { readonly timeLeft: TimeLeft },
): MovingDelivery {
  const arc = arcSettings(planCase.imrt);
  if (arc !== undefined) {
    const { points, fields, ...solved } = planArc(fluence, arc, planCase, model, machine, told);
    return { planned: fields, ...solved, delivery: { ...solved.delivery, arc: points } };
  }
  const made = planWindows(fluence, windowSettings(planCase.imrt)!, planCase, model, machine, told);
  const { operator, solution, delivery } = made;
  const planned = made.fields.flatMap((field) => {
    const monitorUnits = unitsOf(field);
    const { beam, points, fluence: given } = field;
    return monitorUnits > 0 ? [{ beam, monitorUnits, fluence: given, controlPoints: points }] : [];
  });
  return { planned, operator, solution, delivery };
}
