/** `respine report PLAN.json`: the report of an earlier run, its doses made again. */
import { stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { InvalidInputError, shownPath } from '../core/errors.js';
import { tryFile, writeFileAtomic } from '../node/files.js';
import { checkRemade, type LoadedPlan, loadPlan } from '../node/load-plan.js';
import { doseHash, planFiles } from '../node/plan-files.js';
import { REPORT_FILE, reportFile } from '../node/report-file.js';
import { sha256OfJson } from '../node/sha256.js';
import { version } from '../node/version.js';
import { startWorkerPool } from '../node/worker-pool.js';
import type { Technique } from '../plan/input/plan-case.js';
import { type PlanningResult, remakePlan } from '../plan/run-plan.js';
import { PlanProgress, planStages, READING } from '../report/plan-progress.js';
import { planReport } from '../report/plan-report.js';
import { type OtherDoses, otherDoses } from './other-doses.js';
import { print } from './output.js';
import { otherStages } from './plan-stages.js';
import { startProgress } from './progress.js';

const WRITING = 'writing the report';

export interface ReportOptions {
  /** @default report.html beside the plan.json */
  readonly out?: string;
}

export async function reportCommand(path: string, { out }: ReportOptions): Promise<number> {
  const isFolder = (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
  const plan = isFolder ? join(path, 'plan.json') : path;
  const file = out ?? join(dirname(plan), REPORT_FILE);
  if (!/\.html?$/i.test(file)) {
    throw new InvalidInputError(`report: --out ${shownPath(file)} is no name of a page. End it in .html.`);
  }
  const progress = startProgress('report');
  progress.stage(READING);
  const loaded = await loadPlan(plan);
  await tryFile(file);
  const { job, records } = loaded;
  const techniques = records.map(({ technique }) => technique);
  progress.expect([
    { name: READING, cost: 1 },
    ...planStages({ case: job.case, techniques, isOptimised: false }),
    ...otherStages(loaded.asked, techniques.length),
    { name: WRITING, cost: 2 },
  ]);
  const { result, sensitivities, gridChecks } = await remade(loaded, techniques, new PlanProgress(progress));
  const isSame = checkRemade(loaded, result);
  if (result.plans.some((own) => doseHash(own.plan.dose) !== loaded.doses.get(own.plan.technique))) {
    throw new InvalidInputError(`report: ${isSame} Make the report with that version, or plan the case anew.`);
  }
  progress.stage(WRITING);
  const { inputs, folder } = job;
  const { remake } = await planFiles(result, dirname(plan), folder);
  // The doses are those of the version that planned; all that is told of them is told by this one.
  const origin = { version, inputs: { ...inputs, case: sha256OfJson(result.case) }, remake };
  const json = planReport(result, origin, sensitivities, gridChecks);
  const page = await reportFile(result, json);
  await writeFileAtomic(file, page);
  progress.end();
  print(`${isSame}\n${shownPath(file)}: ${(page.length / 1e6).toFixed(1)} MB\n`);
  return 0;
}

async function remade(
  { job, records, asked }: LoadedPlan,
  techniques: readonly Technique[],
  { onStage }: PlanProgress,
): Promise<OtherDoses & { readonly result: PlanningResult }> {
  const executor = await startWorkerPool();
  try {
    const result = remakePlan(job, records, { executor, techniques, onStage });
    return { result, ...otherDoses(result, asked, executor, onStage) };
  } finally {
    await executor.close();
  }
}
