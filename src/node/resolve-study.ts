/**
 * Every name that the runs of a study point to, looked up before the first plan: phantoms, machines, files, structures. What is
 * built in, as arrangements, was looked up with each case.
 */
import { InvalidInputError, isRespineError } from '../core/errors.js';
import { checkStructureNames } from '../plan/input/case-names.js';
import { describeValues, type Study, type StudyRun } from '../plan/input/study-file.js';
import { structureNamesOf } from './load-job.js';

/**
 * What is the same for many runs is read once.
 *
 * @throws {InvalidInputError} naming the run whose name there is not, or a metric on a structure that no run has
 */
export async function resolveStudy(study: Study, runs: readonly StudyRun[]): Promise<void> {
  const known = new Map<string, readonly string[]>();
  for (const { input, case: planCase, values } of runs) {
    const { patient, machine, prior } = planCase;
    const key = JSON.stringify([patient, machine, prior]);
    try {
      const names = known.get(key) ?? (await structureNamesOf(input, study.path));
      known.set(key, names);
      checkStructureNames(planCase, names, 'phantom' in patient ? patient.phantom : patient.ct);
    } catch (cause) {
      if (!isRespineError(cause)) throw cause;
      throw new InvalidInputError(`${study.path} with ${describeValues(values)}: ${cause.message}`);
    }
  }
  const everywhere = new Set([...known.values()].flat());
  const missing = study.metrics.find(({ structure }) => !everywhere.has(structure));
  if (missing !== undefined) {
    throw new InvalidInputError(
      `${study.path}: metrics: "${missing.structure}" is a structure of no run. There are ${[...everywhere].join(', ')}.`,
    );
  }
}
