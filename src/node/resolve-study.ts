/**
 * Every name that the runs of a study point to, looked up before the first plan: phantoms, machines, files, structures. What is
 * built in, as arrangements, was looked up with each case.
 */
import { InvalidInputError, isRespineError } from '../core/errors.js';
import { checkStructureNames } from '../plan/input/case-names.js';
import { describeValues, type Study, type StudyRun } from '../plan/input/study-file.js';
import { type KnownJob, lookUpJob } from './load-job.js';
import { inputsText } from './study-inputs.js';

/**
 * What is the same for many runs is read once.
 *
 * @returns the runs with the hashes of their inputs
 * @throws {InvalidInputError} naming the run whose name there is not, or a metric on a structure that no run has
 */
export async function resolveStudy(study: Study, runs: readonly StudyRun[]): Promise<StudyRun[]> {
  const known = new Map<string, KnownJob>();
  const resolved: StudyRun[] = [];
  for (const run of runs) {
    const { input, case: planCase, values } = run;
    const { patient, machine, prior } = planCase;
    const key = JSON.stringify([patient, machine, prior]);
    try {
      const job = known.get(key) ?? (await lookUpJob(input, study.path));
      known.set(key, job);
      resolved.push({ ...run, inputs: inputsText(job.inputs) });
      checkStructureNames(planCase, job.names, 'phantom' in patient ? patient.phantom : patient.ct);
    } catch (cause) {
      if (!isRespineError(cause)) throw cause;
      throw new InvalidInputError(`${study.path} with ${describeValues(values)}: ${cause.message}`);
    }
  }
  const everywhere = new Set([...known.values()].flatMap(({ names }) => names));
  const missing = study.metrics.find(({ structure }) => !everywhere.has(structure));
  if (missing !== undefined) {
    throw new InvalidInputError(
      `${study.path}: metrics: "${missing.structure}" is a structure of no run. There are ${[...everywhere].join(', ')}.`,
    );
  }
  return resolved;
}
