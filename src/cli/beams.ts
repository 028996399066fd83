/** `respine beams CASE.json --choose 9`: beam angles out of a set of candidates, with the distance from the best that is proven. */
import { dirname, relative, resolve } from 'node:path';
import type { BeamAngles } from '../beam/arrangement.js';
import { arrangementAngles } from '../beam/arrangement.js';
import { InvalidInputError } from '../core/errors.js';
import { readJson, writeAll } from '../node/files.js';
import { type LoadedJob, loadJob } from '../node/load-job.js';
import { renderPictures } from '../node/pictures.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { beams as beamsSchema, checkJson } from '../plan/input/check-json.js';
import { caseInput } from '../plan/input/parse-case.js';
import type { PlanCaseInput } from '../plan/input/plan-case.js';
import { type BeamChoice, chooseBeams } from '../plan/sweep/choose-beams.js';
import { beamFigure, beamReport, beamSummary, beamTable } from '../report/beam-choice.js';
import { patientNoteLines, patientNotes } from '../report/patient-notes.js';
import { PICTURES, PlanProgress, READING } from '../report/plan-progress.js';
import { countOf, listOf, numberOf, secondsOf } from './dose-options.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface BeamsCommandOptions {
  readonly choose: string;
  readonly curve?: string;
  readonly candidates: string;
  readonly couch?: string;
  readonly out: string;
  /** Seconds of the search, at most. */
  readonly timeLimit?: string;
  readonly json?: boolean;
}

/** In seconds of a case of 3 mm and 36 candidates. */
const BEAM_STAGES = [
  { name: READING, cost: 1 },
  { name: 'structures and voxels', cost: 1.2 },
  { name: 'beams: influence of all candidates', cost: 5 },
  { name: 'beams: level', cost: 1.5 },
  { name: 'beams: search', cost: 13 },
  { name: 'beams: bound of all candidates', cost: 15 },
  { name: 'beams: plans of what was found', cost: 2 },
  { name: PICTURES, cost: 0.5 },
];

/** @returns the exit code */
export async function beamsCommand(path: string, options: BeamsCommandOptions): Promise<number> {
  const chosen = countOf('--choose', options.choose);
  const choose = options.curve === undefined ? chosen : [...rangeOf(options.curve), chosen];
  const couch =
    options.couch === undefined ? undefined : listOf('--couch', options.couch).map((part) => numberOf('--couch', part));
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  const candidates = await candidatesOf(options.candidates);
  const progress = startProgress('beams');
  progress.expect(BEAM_STAGES);
  progress.stage(READING);
  const job = await loadJob(path);
  const executor = await startWorkerPool();
  let choice: BeamChoice;
  try {
    choice = chooseBeams(job, {
      choose,
      candidates,
      executor,
      ...(couch && { couch }),
      ...(timeLimit !== undefined && { timeLimit }),
      onStage: new PlanProgress(progress).onStage,
    });
  } finally {
    await executor.close();
  }
  progress.stage(PICTURES);
  const { beams } = choice.points.find((point) => point.beams.length === chosen)!;
  const title = `${job.patient.name}: choice of beams`;
  const files = new Map<string, Uint8Array | string>([
    ['CASE.json', `${JSON.stringify(chosenCase(job, beams, path, options.out), null, 2)}\n`],
    ['beams.csv', beamTable(choice)],
  ]);
  for (const [name, png] of await renderPictures(new Map([['beams', beamFigure(choice, title)]]))) {
    files.set(`${name}.png`, png);
  }
  await writeAll(options.out, files);
  progress.end();
  print(
    options.json
      ? `${JSON.stringify({ ...beamReport(choice), notes: patientNotes(job.patient) }, null, 2)}\n`
      : `${beamSummary(choice)}${patientNoteLines(job.patient)}${files.size} files in ${options.out}; plan it with respine plan ${options.out}/CASE.json\n`,
  );
  return 0;
}

/** `36`, or a file with a list of angles or the name of an arrangement. */
async function candidatesOf(given: string): Promise<number | readonly BeamAngles[]> {
  if (/^[-+.\d]+$/.test(given)) return countOf('--candidates', given);
  const remedy = 'Give a JSON list of { "gantry", "collimator", "couch" } in degrees.';
  const read = checkJson(beamsSchema, await readJson(given), given, remedy);
  return typeof read === 'string' ? arrangementAngles(read) : read;
}

/** `3-15` as numbers. */
function rangeOf(given: string): number[] {
  const [, from, to] = /^(\d+)-(\d+)$/.exec(given) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === undefined || !(first >= 1 && last > first && last <= 100)) {
    throw new InvalidInputError(`--curve is "${given}", but must be two numbers of beams from 1 to 100, as 3-15.`);
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

/** The case with the beams chosen; what it names relative to its own folder is named relative to the new one. */
function chosenCase(job: LoadedJob, beams: readonly BeamAngles[], path: string, outDir: string): PlanCaseInput {
  const input = caseInput(job.case);
  const read = new Set(job.paths);
  const moved = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(moved);
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, moved(part)]));
    }
    if (typeof value !== 'string' || !read.has(resolve(dirname(path), value))) return value;
    return relative(resolve(outDir), resolve(dirname(path), value));
  };
  const { patient, machine, prior } = input;
  return {
    ...input,
    ...(moved({ patient, machine, prior }) as Pick<PlanCaseInput, 'patient' | 'machine' | 'prior'>),
    imrt: { ...input.imrt, beams: beams.map((angles) => ({ ...angles })) },
  };
}
