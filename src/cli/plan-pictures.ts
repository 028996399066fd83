/** The picture files of `respine plan`. */
import type { JobProgress } from '../core/job-progress.js';
import { figureFiles, startPictureThread } from '../node/pictures.js';
import { version } from '../node/version.js';
import type { PlanningResult } from '../plan/run-plan.js';
import type { ModelSensitivity } from '../plan/sweep/dose-model-sensitivity.js';
import { aboutPicture } from '../render/about.js';
import type { DoseColors } from '../render/colour.js';
import { doseUnits } from '../render/dose-legend.js';
import type { FigureStyle } from '../render/figure-format.js';
import { sensitivityFigure } from '../report/dose-model-sensitivity.js';
import { planPictures } from '../report/plan-figures.js';

/** @param report of the plans, which says what they rest on */
export async function drawPlan(
  result: PlanningResult,
  sensitivities: readonly ModelSensitivity[],
  report: Record<string, unknown>,
  { colors, style }: { readonly colors: DoseColors; readonly style: FigureStyle },
  progress: JobProgress,
): Promise<Map<string, Uint8Array | string>> {
  const thread = style.formats.includes('png') ? startPictureThread() : undefined;
  const pictures = planPictures(result, { colors });
  for (const s of sensitivities) pictures.set(`sensitivity_${s.technique}`, sensitivityFigure(result, s));
  return figureFiles(pictures, {
    ...style,
    thread,
    about: aboutPlan(result, report),
    onPicture: (name, done) => progress.step({ done, total: pictures.size, unit: 'pictures', case: name }),
  });
}

/** What the pictures say of themselves. */
function aboutPlan(
  { plans }: PlanningResult,
  { inputs, assumptions }: Record<string, unknown>,
): Record<string, string> {
  return aboutPicture({
    version,
    inputs: inputs as Record<string, string>,
    quantity: plans[0] ? doseUnits(plans[0].plan.dose) : 'Gy',
    assumptions: assumptions as readonly string[],
  });
}
