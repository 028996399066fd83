/**
 * Every name that the runs of a study point to, looked up before the first plan: phantoms, machines, files, structures. What is
 * built in, as arrangements, was looked up with each case.
 */
import { InvalidInputError, isRespineError } from '../core/errors.js';
import { checkStructureNames } from '../plan/input/case-names.js';
import { describeValues, type Study, type StudyRun } from '../plan/input/study-file.js';
import { JobLookUp } from './look-up-job.js';
import { inputsText } from './study-inputs.js';

/**
 * What is the same for many runs is read once.
 *
 * @returns the runs with the hashes of their inputs
 * @throws {InvalidInputError} naming the run whose name there is not, or a metric on a structure that no run has
 */
export async function resolveStudy(study: Study, runs: readonly StudyRun[]): Promise<StudyRun[]> {
  const known = new JobLookUp(study.path);
  const everywhere = new Set<string>();
  const texts = new Map<string, string>();
  const resolved: StudyRun[] = [];
  for (const run of runs) {
    const { case: planCase, values } = run;
    try {
      const { name, names, unfit, inputs } = await known.of(planCase);
      const text = inputsText(inputs);
      // One text for all that share it.
      if (!texts.has(text)) texts.set(text, text);
      resolved.push({ ...run, inputs: texts.get(text)! });
      for (const structure of names) everywhere.add(structure);
      checkStructureNames(planCase, names, name, unfit);
    } catch (cause) {
      if (!isRespineError(cause)) throw cause;
      throw new InvalidInputError(`${study.path} with ${describeValues(values)}: ${cause.message}`);
    }
  }
  const missing = study.metrics.find(({ structure }) => !everywhere.has(structure));
  if (missing !== undefined) {
    throw new InvalidInputError(
      `${study.path}: metrics: "${missing.structure}" is a structure of no run. There are ${[...everywhere].join(', ')}.`,
    );
  }
  return resolved;
}
