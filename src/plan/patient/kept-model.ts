/** The model of a patient that stays from plan to plan, as long as plans ask for the same one. */
import type { Executor } from '../../core/executor.js';
import type { Patient } from '../../geometry/patient.js';
import type { PlanCase } from '../input/plan-case.js';
import { type ModelledCase, modelPatient, type PatientModel, type StageListener } from './patient-model.js';

/** What a kept model is of: a model depends on no other field, and beams that no plan asks for any more should not be held. */
export type KeptCase = ModelledCase & Pick<PlanCase, 'imrt' | 'fcrt'>;

/**
 * The last model that was asked for. A plan on it is the plan on a model of its own, to the last bit: a model does not change, but for
 * what it remembers of the beams that it has traced.
 */
export class KeptModel {
  private last: { readonly of: Patient['structures']; readonly key: string; readonly model: PatientModel } | undefined;
  private onStage: StageListener | undefined;

  /**
   * As {@link modelPatient}; the executor is that of the first.
   *
   * @param onOther called before another model is made: what hangs on the last one is of no use any more
   */
  of(
    patient: Patient,
    planCase: KeptCase,
    executor?: Executor,
    onStage?: StageListener,
    onOther?: () => void,
  ): PatientModel {
    // A model tells whoever asked for it last.
    this.onStage = onStage;
    const key = modelKey(planCase);
    if (this.last?.of === patient.structures && this.last.key === key) return this.last.model;
    onOther?.();
    this.close();
    const model = modelPatient(patient, planCase, executor, (stage) => this.onStage?.(stage));
    this.last = { of: patient.structures, key, model };
    return model;
  }

  /** Frees what the threads hold of its beams. */
  close(): void {
    this.last?.model.bodyDose.close();
    this.last = undefined;
  }
}

/** All fields that a model is made from or checked against, and the beams: plans of one patient with one key share a model. */
export function modelKey(planCase: KeptCase): string {
  const { target, targets, prescription, cord, isocenter, doseGrid, doseModel, prior, retreatment, goals } = planCase;
  const { objectives, constraints, priorities, overlap, imrt, fcrt } = planCase;
  const made = { target, targets, prescription, cord, isocenter, doseGrid, doseModel, prior, retreatment, goals };
  // A field that a model comes to depend on must stand here: the compiler asks for it.
  const of = { ...made, objectives, constraints, priorities, overlap } satisfies Record<keyof ModelledCase, unknown>;
  return JSON.stringify([of, imrt.beams, imrt.delivery, fcrt.beams]);
}
