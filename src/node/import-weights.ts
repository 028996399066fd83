/** Weights that another program wrote, held against the case that they are for. */
import { basename, dirname, join } from 'node:path';
import { InvalidInputError, shownPath } from '../core/errors.js';
import { type DecodedWeights, decodeWeights } from '../io/weights-file.js';
import { checkWeightCount, checkWeights } from '../plan/exchange/given-fields.js';
import { modelPatient } from '../plan/patient/patient-model.js';
import { checkJob, type PlanJob } from '../plan/patient/plan-job.js';
import { modulatedBeams } from '../plan/technique/imrt.js';
import { BEAMLET_COLUMNS, beamletRows } from '../report/influence-tables.js';
import { readBytes, readFolderNames, readJson } from './files.js';
import { influenceKey } from './influence-key.js';

/** Bytes of a file of weights: a case has 8,000 beamlets at most. */
const MOST_BYTES = 16e6;

/**
 * Reads weights and checks that they are of a job: one finite number >= 0 per beamlet, and of no other case as far as the files tell.
 *
 * What tells is the key of a JSON file, the columns of a copy of beamlets.csv, and the influence.json that {@link exportInfluence} wrote
 * beside the file. A list of numbers alone tells its length.
 *
 * @param from path of a .npy, .json, .csv or text file; or the weights themselves, monitor units, one per beamlet
 * @param job whose beamlets they are for
 * @returns monitor units over the course, one per beamlet, for `planOfWeights`
 * @throws {InvalidInputError} for weights of another case, another number of them, or one that is not finite or negative
 * @throws {FormatError} if the file holds no weights
 */
export async function importWeights(from: string | ArrayLike<number>, job: PlanJob): Promise<Float64Array> {
  checkJob(job);
  const isFile = typeof from === 'string';
  const of = isFile ? `weights of ${shownPath(from)}` : 'weights';
  if (!isFile) checkWeights(of, from);
  const read: DecodedWeights = isFile
    ? decodeWeights(await readBytes(from, MOST_BYTES), from)
    : { weights: Float64Array.from(from) };
  checkWeights(of, read.weights);
  const beside = isFile ? await keyBeside(from) : undefined;
  const { case: planCase, patient, machine } = job;
  const model = modelPatient(patient, planCase);
  try {
    const beams = modulatedBeams(model, planCase.imrt, machine);
    checkKeys(of, { ...(read.key !== undefined && { 'its key': read.key }), ...beside }, () =>
      influenceKey(job, beams, model.isocenter),
    );
    checkWeightCount(of, read.weights.length, beams);
    if (read.columns !== undefined && isFile) checkBeamlets(from, read.columns, beamletRows(beams));
    return read.weights;
  } finally {
    model.bodyDose.close();
  }
}

/** The key of the influence that lies beside a file. */
async function keyBeside(path: string): Promise<Record<string, string>> {
  const folder = dirname(path);
  if (!(await readFolderNames(folder)).includes('influence.json')) return {};
  const { software, key } = Object(await readJson(join(folder, 'influence.json')));
  if (typeof software !== 'string' || !software.startsWith('respine') || typeof key !== 'string') return {};
  return { 'the influence.json beside it': key };
}

function checkKeys(of: string, keys: Readonly<Record<string, string>>, own: () => string): void {
  const known = Object.entries(keys);
  if (known.length === 0) return;
  const wanted = own();
  const wrong = known.find(([, key]) => key !== wanted);
  if (wrong === undefined) return;
  throw new InvalidInputError(
    `plan: ${of} are of another case: ${wrong[0]} says ${wrong[1].slice(0, 12)}, this case's is ${wanted.slice(0, 12)} (patient, machine, dose model and beamlets). Plan the case that they are of, or export this one's influence and solve anew.`,
  );
}

/** mm and degrees: a table that has gone through another program may have lost a digit. */
const SAME = 2e-3;

/** @throws {InvalidInputError} where a table of beamlets is not that of the case */
function checkBeamlets(
  path: string,
  columns: NonNullable<DecodedWeights['columns']>,
  rows: ReturnType<typeof beamletRows>,
): void {
  BEAMLET_COLUMNS.forEach((title, c) => {
    const given = columns.get(title);
    if (given === undefined) return;
    const row = given.findIndex((value, r) => !(Math.abs(value - rows[r]![c]!) <= SAME));
    if (row < 0) return;
    throw new InvalidInputError(
      `plan: ${shownPath(basename(path))}: in row ${row} ${title} is ${given[row]}, but the case's beamlet ${row} has ${rows[row]![c]}. These weights are of another case, or in another order: keep the rows of beamlets.csv.`,
    );
  });
}
