/** The influence of a job as a folder that SciPy, Julia and MATLAB read. */
import { join } from 'node:path';
import { InvalidInputError, shownPath } from '../core/errors.js';
import { encodeMatrixMarket } from '../io/matrix-market.js';
import { encodeSparseNpz, MOST_ZIP_BYTES, type SparseColumns } from '../io/npy.js';
import { type InfluenceData, type InfluenceExportOptions, influenceData } from '../plan/exchange/influence-data.js';
import type { PlanJob } from '../plan/patient/plan-job.js';
import { influenceReadme } from '../report/influence-readme.js';
import { beamletTable, problemReport, voxelTable } from '../report/influence-tables.js';
import { readFolderNames, readJson, tryFolder, writeAll } from './files.js';
import { influenceKey } from './influence-key.js';
import type { Content } from './output-set.js';
import { version } from './version.js';

/** What an export holds. */
export interface ExportedInfluence {
  /** Voxels. */
  readonly rows: number;
  /** Beamlets. */
  readonly columns: number;
  readonly entries: number;
  /** SHA-256 of beamlets, patient and dose model, that weights are held against. */
  readonly key: string;
  /**
   * What was cut takes off a row's dose, at most, Gy: `perUnit` with one monitor unit through every beamlet, `reference` with equal
   * weights that give the target's median the prescribed dose; null where no row is of the target.
   */
  readonly truncation: { readonly perUnit: number; readonly reference: number | null };
  /** Names of the files. */
  readonly files: readonly string[];
}

/** Text beyond it is not read by anyone. */
const MOST_TEXT_ENTRIES = 50e6;

/**
 * Writes the influence of a job's IMRT beams, dose = A w, as a sparse matrix with what its rows and columns are, the planning problem
 * as numbers, and a README that says how it is read: all files or none.
 *
 * @param job whose beamlets are the columns
 * @param outDir made if it is not there; of what lies in it only an earlier export is replaced
 * @throws {InvalidInputError} for an option that cannot be, a matrix beyond `maxEntries`, a folder that cannot be written, or one that
 *   holds weights of another case
 * @throws {UnsupportedError} for a robust case, or where a beam misses the patient
 */
export async function exportInfluence(
  job: PlanJob,
  outDir: string,
  options: InfluenceExportOptions = {},
): Promise<ExportedInfluence> {
  const { format = 'npz', cut = 0, precision = 'float32', maxEntries = 125e6 } = options;
  if (format !== 'npz' && format !== 'mtx') {
    throw new InvalidInputError(`influence: format is "${String(format)}". Use "npz" or "mtx".`);
  }
  await tryFolder(outDir);
  const largest = Math.min(maxEntries, format === 'mtx' ? MOST_TEXT_ENTRIES : MOST_ZIP_BYTES / 12);
  const data = influenceData(job, { ...options, maxEntries: Math.floor(largest) });
  const key = influenceKey(job, data.beams, data.model.isocenter);
  await checkOthersKept(outDir, key);
  const matrix = matrixOf(data);
  const entries = matrix.pointers.at(-1)!;
  const { rows, columns } = matrix;
  const perUnit = data.matrix.leftOut.reduce((a, b) => Math.max(a, b), 0);
  const reference = data.referenceWeight === undefined ? undefined : perUnit * data.referenceWeight;
  const { name } = data.model.patient;
  const problem = problemReport(data, job.case, data.model.target);
  const facts = { version, patient: name, key, rows, columns, entries, format, precision, cut };
  const readme = influenceReadme({
    ...facts,
    cutPerUnit: perUnit,
    cutOfReference: reference,
    hasProblem: problem !== undefined,
  });
  const comments = [`dose = A w, Gy per monitor unit; respine ${version}; key ${key}`, 'Not for clinical use.'];
  const text = { [Symbol.iterator]: () => encodeMatrixMarket(matrix, comments) };
  const files = new Map<string, Content>([
    [`influence.${format}`, format === 'npz' ? encodeSparseNpz(matrix) : text],
    ['beamlets.csv', beamletTable(data.beams)],
    ['voxels.csv', { [Symbol.iterator]: () => voxelTable(data) }],
    ['README.txt', readme],
  ]);
  if (problem !== undefined) files.set('problem.json', `${JSON.stringify(problem)}\n`);
  const names = [...files.keys(), 'influence.json'];
  const truncation = { perUnit, reference: reference ?? null };
  const report = reportOf(data, job, { ...facts, truncation, files: names });
  files.set('influence.json', `${JSON.stringify(report, null, 2)}\n`);
  await writeAll(outDir, files, { record: 'influence.json' });
  return { rows, columns, entries, key, truncation, files: names };
}

function matrixOf({ matrix: { parts }, rows }: Pick<InfluenceData, 'matrix' | 'rows'>): SparseColumns {
  const columns = parts.reduce((sum, { counts }) => sum + counts.length, 0);
  const pointers = new Int32Array(columns + 1);
  let c = 0;
  for (const { counts } of parts) {
    for (const count of counts) {
      pointers[c + 1] = pointers[c]! + count;
      c++;
    }
  }
  const [rowIndex, values] = [parts.map((part) => part.rowIndex), parts.map((part) => part.values)];
  return { rows: rows.points.length / 3, columns, pointers, rowIndex, values };
}

type Facts = Pick<ExportedInfluence, 'rows' | 'columns' | 'entries' | 'key' | 'truncation' | 'files'> &
  Required<Pick<InfluenceExportOptions, 'format' | 'precision' | 'cut'>>;

/** The content of influence.json. */
function reportOf(
  { model, beams, rows, referenceWeight }: InfluenceData,
  { case: planCase, machine }: PlanJob,
  facts: Facts,
): object {
  const { prescription, imrt } = planCase;
  const { key, format, precision, cut, truncation, files } = facts;
  return {
    software: `respine ${version}`,
    notice: 'Research software, not for clinical use.',
    key,
    patient: model.patient.name,
    machine: machine.name,
    rows: facts.rows,
    columns: facts.columns,
    entries: facts.entries,
    format,
    precision,
    cut,
    truncation: {
      ...truncation,
      meaning:
        'Gy that what was cut takes off a row, at most: at 1 MU of every beamlet; at equal weights with the prescribed median',
    },
    referenceWeight: referenceWeight ?? null,
    prescription,
    hold: imrt.hold,
    isocenter: model.isocenter,
    beams: beams.map(({ beam: { name, pose }, beamlets }) => {
      const { gantry, collimator, couch } = pose;
      return { name, gantry, collimator, couch, beamlets: beamlets.pixels.length };
    }),
    structures: [...rows.fractions].map(([name, fractions]) => ({
      name,
      role: model.structures.get(name)!.role,
      rows: fractions.reduce((count, fraction) => count + (fraction > 0 ? 1 : 0), 0),
    })),
    files,
  };
}

/** Weights beside an influence are held against that: they must not come to lie beside another. */
async function checkOthersKept(outDir: string, key: string): Promise<void> {
  const names = await readFolderNames(outDir);
  const weights = names.find((name) => /^weights.*\.(npy|csv|txt|json)$/.test(name));
  if (weights === undefined || !names.includes('influence.json')) return;
  const known = (await readJson(join(outDir, 'influence.json')).catch(() => undefined)) as
    | { key?: unknown }
    | undefined;
  if (known?.key === key || typeof known?.key !== 'string') return;
  throw new InvalidInputError(
    `${shownPath(outDir)} holds the influence of another case, and ${weights} that belong to it. Name another folder, or take them away.`,
  );
}
