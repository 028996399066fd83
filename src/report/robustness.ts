/** A robust plan beside the nominal one: a sentence and JSON. */

import { toDecimals, toDigits } from '../core/rounding.js';
import type { Vec3 } from '../geometry/grid.js';
import {
  type BallReport,
  type RobustReport,
  type ScenarioOutcome,
  type Worst,
  worstOfReport,
} from '../plan/evaluation/robustness.js';
import { type RobustSettings, scenarioShifts } from '../plan/problem/scenario.js';
import { roundedValues } from './numbers.js';

const shiftsInWords = ({ distance, shifts }: RobustSettings): string => {
  if (shifts === undefined) return `every shift of up to ${distance} mm`;
  const farthest = Math.max(...shifts.map((s) => Math.hypot(...s)));
  const count = scenarioShifts({ shifts }).length;
  return `${count} stated shift${count === 1 ? '' : 's'} of up to ${toDecimals(farthest, 1)} mm`;
};

/** One sentence: what holds in every scenario, and what that costs in coverage. */
export function robustSentence(report: RobustReport): string {
  const { cord, target, settings, hold, scenarios, nominalPlan, prescription } = report;
  const { own, nominal: other } = worstOfReport(report);
  const percent = (gray: number): string => ((100 * gray) / prescription).toFixed(1);
  const coverage = (outcomes: readonly ScenarioOutcome[], worst: Worst): string =>
    `${percent(outcomes[0]!.targetD95)} %, worst ${percent(worst.targetD95)} %`;
  const against =
    hold === 'cord'
      ? `Robust against ${shiftsInWords(settings)}`
      : `Under ${shiftsInWords(settings)}, the cap soft in all of them as hold is "prescription"`;
  return `${against}: ${cord} D0.03cc worst ${own.cordNearMax.toFixed(2)} Gy (nominal plan: ${other.cordNearMax.toFixed(2)} Gy), ${target} D95 ${coverage(scenarios, own)} (nominal plan: ${coverage(nominalPlan, other)}).`;
}

/** The block `ball`: the worst shift of both plans, and how the caps came to hold under every one. */
function ballBlock({ distance, worst, nominalWorst, searched, held }: BallReport): Record<string, unknown> {
  const shiftOf = (shift: Vec3): number[] => shift.map((s) => toDecimals(s, 4) + 0);
  const outcome = (own: ScenarioOutcome): object => ({ ...roundedValues(own), shift: shiftOf(own.shift) });
  return {
    meaning: `every shift of up to ${distance} mm in any direction, searched continuously for the largest dose of a cord voxel against its cap`,
    searched,
    worst: outcome(worst),
    nominalWorst: outcome(nominalWorst),
    ...(held
      ? {
          howHeld: `${held.added.length} worst shifts became scenarios besides the six along the axes, the optimiser's caps were lowered by ${(100 * (1 - held.margin)).toFixed(2)} %, and the plan was scaled by ${held.scale.toFixed(5)}; the certificate is one under the lowered caps in these scenarios`,
          addedShifts: held.added.map(shiftOf),
          capMargin: toDecimals(held.margin, 4),
          share: toDecimals(held.scale, 6),
        }
      : {}),
  };
}

/** The block `robust` of plan.json. */
export function robustBlock(report: RobustReport): Record<string, unknown> {
  const { settings, hold, scenarios, nominalPlan, worstCase, ball } = report;
  const { own, nominal } = worstOfReport(report);
  const target = {
    nominal: 'coverage counts at the nominal place',
    expected: 'coverage counts in the mean of all scenarios',
    worst: 'coverage counts in the smooth worst case of all scenarios',
  }[settings.target];
  return {
    sentence: robustSentence(report),
    notes: [
      `Shifts are rigid, of the patient against the beams of this course, in LPS mm; dose is computed anew with the isocentre off by the opposite. The prior course stays where it is.`,
      hold === 'cord'
        ? `The cap holds in every voxel of ${report.cord} ${ball ? `under every shift of up to ${ball.distance} mm in any direction` : 'in every scenario'}; ${target}.`
        : `Nothing is hard, as hold is "prescription": the overdose of ${report.cord} counts in the mean of all scenarios; ${target}.`,
      'The nominal plan is that of the same case without robust, computed for this comparison.',
    ],
    scenarios: scenarios.map(roundedValues),
    worst: roundedValues(own),
    nominalPlan: { scenarios: nominalPlan.map(roundedValues), worst: roundedValues(nominal) },
    ...(ball ? { ball: ballBlock(ball) } : {}),
    ...(worstCase
      ? {
          worstCase: {
            value: toDigits(worstCase.value, 6),
            gap: worstCase.gap === null ? null : toDigits(worstCase.gap, 3),
          },
        }
      : {}),
  };
}
