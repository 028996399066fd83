/** `respine plan CASE.json`: the main job. */

import { InvalidInputError } from '../core/errors.js';
import type { JobProgress } from '../core/job-progress.js';
import { checkStorable } from '../io/dicom/write.js';
import { writeAll } from '../node/files.js';
import { importWeights } from '../node/import-weights.js';
import { type LoadedJob, loadJob } from '../node/load-job.js';
import { checkRemade, type LoadedPlan, loadPlan } from '../node/load-plan.js';
import { checkInputsKept, planFiles } from '../node/plan-files.js';
import { REPORT_FILE, reportFile } from '../node/report-file.js';
import { sha256OfJson } from '../node/sha256.js';
import { Stopwatch, timingReport, timingTable } from '../node/stopwatch.js';
import { version } from '../node/version.js';
import { startWorkerPool } from '../node/worker-pool.js';
import { whyNoPlan } from '../plan/evaluation/evaluate-plan.js';
import type { Technique } from '../plan/input/plan-case.js';
import { type PlanningResult, planOfWeights, remakePlan, runPlan } from '../plan/run-plan.js';
import { askedInFull } from '../report/asked-in-full.js';
import { whyUnproven } from '../report/certificate.js';
import { checkLevels, type DicomOptions } from '../report/dicom-export.js';
import { sensitivitySummary } from '../report/dose-model-sensitivity.js';
import { gridCheckSummary } from '../report/grid-check.js';
import { planToDicom } from '../report/plan-dicom.js';
import { PICTURES, PlanProgress, READING } from '../report/plan-progress.js';
import { planDetails, planReport } from '../report/plan-report.js';
import { summary, wrapped } from '../report/plan-summary.js';
import { bitsOf, isodosesOf, secondsOf } from './dose-options.js';
import { coloursOf, type FigureFlags, figureStyle } from './figure-options.js';
import { type OtherDoses, otherDoses } from './other-doses.js';
import { print } from './output.js';
import { drawPlan } from './plan-pictures.js';
import { commandStages, REPORT, TABLES } from './plan-stages.js';
import { startProgress } from './progress.js';

export interface PlanOptions extends Omit<FigureFlags, 'pixelScale'> {
  readonly technique?: string;
  /** Weights of the case's beamlets, in place of an optimiser's. */
  readonly weights?: string;
  /** Of these: scaled down into the constraints; with the case's own problem solved for a bound. */
  readonly scale?: boolean;
  readonly prove?: boolean;
  /** A plan.json that is made again, in place of a case that is planned. */
  readonly from?: string;
  readonly out: string;
  readonly json?: boolean;
  readonly strict?: boolean;
  /** Everything that is told of the plans, in place of one screen. */
  readonly details?: boolean;
  readonly pictures: boolean;
  /** All of it as one HTML file beside plan.json. */
  readonly report?: boolean;
  /** The plan under uniform water, depth scaling and density scaling. */
  readonly sensitivity?: boolean;
  /** Target and cord computed anew on a grid of 1 mm. */
  readonly gridCheck?: boolean;
  /** What the case asks for, in place of plans. */
  readonly showObjectives?: boolean;
  /** Where every second went. */
  readonly timing?: boolean;
  /** Doses as RTDOSE: bits, or true for the default. */
  readonly dicom?: string | boolean;
  /** Isodose lines in them, Gy, with commas. */
  readonly isodoses?: string;
  /** Seconds of planning, at most. */
  readonly timeLimit?: string;
}

/** @returns the exit code: 1 where a goal fails, there is no plan, or one is not proven, under `--strict` */
export async function planCommand(path: string | undefined, options: PlanOptions): Promise<number> {
  if (options.showObjectives) {
    if (path === undefined) throw new InvalidInputError('plan: --show-objectives needs a CASE.json. Name one.');
    const { case: planCase } = await loadJob(path);
    print(`${JSON.stringify(askedInFull(planCase), null, 2)}\n`);
    return 0;
  }
  const dicom = dicomOptions(options);
  const style = figureStyle(options);
  coloursOf(options.colours);
  const progress = startProgress('plan');
  const watch = new Stopwatch('start, case, patient');
  progress.stage(READING);
  const source = await sourceOf(path, options);
  progress.expect(commandStages(source, options));
  // A plan.json that is made again may be written anew.
  const named = [path, options.weights].filter((name) => name !== undefined);
  await checkInputsKept(options.out, [...named, ...source.job.paths]);
  const { patient } = source.job;
  if (dicom && patient.study === undefined) checkStorable(patient.hounsfield);
  watch.start('threads');
  const { result, sensitivities, gridChecks } = await planned(source, options, progress, watch);
  const proof = source.from && checkRemade(source.from, result);
  watch.start(TABLES);
  progress.stage(TABLES);
  const { files, remake } = await planFiles(result, options.out, source.job.folder);
  // As it was planned: with how it is delivered where the case says nothing of it.
  const report = planReport(
    result,
    { version, inputs: { ...source.job.inputs, case: sha256OfJson(result.case) }, remake },
    sensitivities,
    gridChecks,
  );
  const written = dicom && planToDicom(result, dicom);
  for (const { name, bytes } of written?.files ?? []) files.set(`dicom/${name}`, bytes);
  if (written) report['dicom'] = { structures: written.structures, notes: written.notes };
  if (options.pictures) {
    watch.start(PICTURES);
    progress.stage(PICTURES);
    const look = { colors: coloursOf(options.colours), style };
    for (const [name, bytes] of await drawPlan(result, sensitivities, report, look, progress)) files.set(name, bytes);
  }
  if (options.report) {
    watch.start(REPORT);
    progress.stage(REPORT);
    files.set(REPORT_FILE, await reportFile(result, report));
  }
  const timing = options.timing ? watch.stop() : undefined;
  if (timing) report['timing'] = timingReport(timing);
  report['files'] = [...files.keys(), 'plan.json'];
  const text = `${JSON.stringify(report, null, 2)}\n`;
  files.set('plan.json', text);
  await writeAll(options.out, files, { record: 'plan.json' });
  progress.end();
  if (options.json) print(text);
  else {
    const end = [
      ...(proof === undefined ? [] : [proof]),
      ...(written?.notes ?? []),
      `${files.size} files in ${options.out}${options.details ? '' : '; --details prints all'}`,
    ];
    const extra = [
      ...sensitivities.map((s) => sensitivitySummary(result, s)),
      ...gridChecks.map((check) => `${gridCheckSummary(check)}\n`),
      ...(timing ? [timingTable(timing)] : []),
    ];
    printPlan(result, extra, end, options.details ?? false);
  }
  return options.strict && isMissed(result) ? 1 : 0;
}

/** @throws {InvalidInputError} where levels stand without --dicom, or are none */
function dicomOptions({ dicom, isodoses }: PlanOptions): DicomOptions | undefined {
  const bits = bitsOf(dicom);
  if (bits === undefined) {
    if (isodoses === undefined) return undefined;
    throw new InvalidInputError('plan: --isodoses are structures of --dicom. Give that too, or leave them out.');
  }
  const levels = isodosesOf(isodoses);
  checkLevels(levels ?? []);
  return { bits, version, ...(levels && { isodoses: levels }) };
}

/** One screen, or all; lines of a terminal are as long as it is wide. */
function printPlan(result: PlanningResult, extra: readonly string[], end: readonly string[], isLong: boolean): void {
  const { columns } = process.stdout;
  const width = Math.min(columns ?? 80, 100);
  const last = end.flatMap((line) => wrapped(line, width));
  const height = 30 - last.length;
  const text = [isLong ? planDetails(result) : summary(result, { width, height }), ...extra].join('\n');
  // Of the long text whoever reads it from a file or a pipe wants whole lines.
  const isFree = columns === undefined && (isLong || extra.length > 0);
  const lines = text.trimEnd().split('\n');
  const fitted = isFree
    ? lines
    : lines.flatMap((line) => (line.length <= width ? line : wrapped(line, columns ?? width)));
  print(`${[...fitted, ...last].join('\n')}\n`);
}

/** What is to be done: a case is planned, or weights of its beamlets are; a plan is made again. */
interface Source {
  readonly weights?: Float64Array;
  readonly job: LoadedJob;
  readonly techniques: readonly Technique[];
  /** Seconds */
  readonly timeLimit?: number;
  readonly from?: LoadedPlan;
}

async function sourceOf(path: string | undefined, options: PlanOptions): Promise<Source> {
  const { from, technique } = options;
  if ((path === undefined) === (from === undefined)) {
    throw new InvalidInputError('plan: give either a CASE.json, or --from with the plan.json of an earlier run.');
  }
  checkWeightOptions(options);
  const named = technique === undefined ? undefined : techniquesOf(technique);
  const timeLimit = options.timeLimit === undefined ? undefined : secondsOf('--time-limit', options.timeLimit);
  if (from === undefined) {
    const job = await loadJob(path!);
    return {
      job,
      techniques: named ?? (options.weights === undefined ? ['fcrt', 'imrt'] : ['imrt']),
      ...(options.weights !== undefined && { weights: await importWeights(options.weights, job) }),
      ...(timeLimit !== undefined && { timeLimit }),
    };
  }
  if (timeLimit !== undefined) {
    throw new InvalidInputError('plan: --time-limit is of the optimiser, which --from does not run. Leave it out.');
  }
  const loaded = await loadPlan(from);
  const known = loaded.records.map((record) => record.technique);
  const missing = named?.find((name) => !known.includes(name));
  if (missing !== undefined) {
    throw new InvalidInputError(
      `plan: ${from} holds no ${missing} plan, but ${known.join(' and ')}. Leave --technique out.`,
    );
  }
  return { job: loaded.job, techniques: named ?? known, from: loaded };
}

/** @throws {InvalidInputError} where options of weights stand without them, or with what has none */
function checkWeightOptions({ weights, scale, prove, from, technique, timeLimit }: PlanOptions): void {
  const refuse = (why: string): never => {
    throw new InvalidInputError(`plan: ${why}`);
  };
  if (weights === undefined) {
    if (scale || prove)
      refuse(`--${scale ? 'scale' : 'prove'} is of --weights. Name a file of weights, or leave it out.`);
    return;
  }
  if (from !== undefined) refuse('--weights are of a case, which --from is not. Give the CASE.json that they are for.');
  if (technique !== undefined && technique !== 'imrt') {
    refuse(`--weights are of IMRT beamlets, but --technique is "${technique}". Leave it out.`);
  }
  if (timeLimit !== undefined && !prove) {
    refuse('--time-limit is of the optimiser, which runs with --weights only for --prove. Leave it out.');
  }
}

interface Planned extends OtherDoses {
  readonly result: PlanningResult;
}

async function planned(
  { job, techniques, timeLimit, from, weights }: Source,
  { sensitivity = false, gridCheck = false, scale, prove }: PlanOptions,
  progress: JobProgress,
  watch: Stopwatch,
): Promise<Planned> {
  const executor = await startWorkerPool();
  const told = new PlanProgress(progress);
  const onStage = (stage: string): void => {
    watch.start(stage);
    told.onStage(stage);
  };
  const usual = { techniques, executor, onStage };
  const solving = { ...usual, ...(timeLimit !== undefined && { timeLimit }), onProgress: told.onProgress };
  const made = (): PlanningResult => {
    if (from !== undefined) return remakePlan(job, from.records, usual);
    if (weights === undefined) return runPlan(job, solving);
    return planOfWeights(job, weights, { ...solving, scaleIntoConstraints: scale ?? false, prove: prove ?? false });
  };
  try {
    const result = made();
    return { result, ...otherDoses(result, { sensitivity, gridCheck }, executor, onStage) };
  } finally {
    await executor.close();
  }
}

const isMissed = ({ plans, case: planCase }: PlanningResult): boolean =>
  plans.some(
    ({ goals, plan }) =>
      whyNoPlan(plan, planCase.prescription.dose) !== undefined ||
      whyUnproven(plan.solution) !== undefined ||
      goals.some(({ result: r }) => r === 'fail' || r === 'not evaluable'),
  );

/** @throws {InvalidInputError} unless it is fcrt, imrt or both */
export function techniquesOf(name: string): Technique[] {
  if (name === 'both') return ['fcrt', 'imrt'];
  if (name === 'fcrt' || name === 'imrt') return [name];
  throw new InvalidInputError(`--technique is "${name}". Use fcrt, imrt or both.`);
}
