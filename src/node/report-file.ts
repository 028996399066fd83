/** The report of a plan as one HTML file, with the script and style that the build made. */
import { readFile } from 'node:fs/promises';
import type { PlanningResult } from '../plan/run-plan.js';
import { type PageAssets, reportPage } from '../report/html/report-page.js';

/** The name that it has beside plan.json. */
export const REPORT_FILE = 'report.html';

/** @param json what `planReport` makes of the result */
export async function reportFile(result: PlanningResult, json: Record<string, unknown>): Promise<string> {
  const assets = JSON.parse(await readFile(new URL('../page/assets.json', import.meta.url), 'utf8')) as PageAssets;
  return reportPage(result, json, assets);
}
