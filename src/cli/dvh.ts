/** `respine dvh`: volumes, metrics and curves of structures in an imported dose. */

import { InvalidInputError } from '../core/errors.js';
import type { Dvh } from '../evaluate/dvh.js';
import { defaultMetrics, evaluateDose, type StructureEvaluation } from '../evaluate/evaluate-dose.js';
import type { Metric } from '../evaluate/metric.js';
import { parseMetric } from '../evaluate/metric-parser.js';
import { targetReport } from '../evaluate/target-coverage.js';
import { writeAll } from '../node/files.js';
import { version } from '../node/version.js';
import { curvesCsv, doseReport, metricsCsv } from '../report/dose-evaluation.js';
import { shownBound } from '../report/numbers.js';
import { columns } from '../report/table.js';
import { targetSummary } from '../report/target-coverage.js';
import {
  checkFit,
  describeEndRule,
  endRuleOf,
  loadDoseAndStructures,
  pickStructures,
  type StructureFlags,
} from './dose-and-structures.js';
import { doseOf, doseOptions } from './dose-options.js';
import { print } from './output.js';

export interface DvhCommandOptions extends StructureFlags {
  readonly metrics?: readonly string[];
  readonly roi?: readonly string[];
  readonly target?: string;
  readonly cord?: string;
  readonly out?: string;
  readonly csv?: boolean;
  readonly json?: boolean;
}

export async function dvhCommand(options: DvhCommandOptions): Promise<number> {
  const metrics = metricsOf(options.metrics);
  const prescription = options.prescription === undefined ? undefined : doseOf('--prescription', options.prescription);
  const { dose, structures, notes } = await loadDoseAndStructures(options, doseOptions(options));
  const evaluated = evaluateDose(dose.dose, pickStructures(structures, options.roi), {
    metrics,
    partial: options.partial ?? false,
    ...(prescription === undefined ? {} : { prescription }),
  });
  if (options.cord !== undefined && options.target === undefined) {
    throw new InvalidInputError('--cord asks for the fall-off from a target. Add --target.');
  }
  checkFit('--target', options.target === undefined ? [] : [options.target], structures.unfit);
  checkFit('--cord', options.cord === undefined ? [] : [options.cord], structures.unfit);
  const target =
    options.target === undefined
      ? undefined
      : targetReport(dose.dose, structures.structures, {
          target: options.target,
          ...(prescription === undefined ? {} : { prescription }),
          ...(options.cord === undefined ? {} : { cord: options.cord }),
        });
  const report = {
    software: `respine ${version}`,
    inputs: { dose: dose.hash, structures: structures.hash },
    ...(prescription === undefined ? {} : { prescription }),
    ...doseReport(dose.dose, evaluated, [describeEndRule(endRuleOf(options.endSlices))]),
    ...(target === undefined ? {} : { target }),
    notes,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (options.out !== undefined) {
    const dvhs = new Map<string, Dvh>();
    for (const { name, dvh } of evaluated) if (dvh !== undefined) dvhs.set(name, dvh);
    const files = { 'dvh.json': json, 'metrics.csv': metricsCsv(evaluated), 'dvh.csv': curvesCsv(dvhs) };
    await writeAll(options.out, new Map(Object.entries(files)));
  }
  const text = table(evaluated, notes) + (target === undefined ? '' : targetSummary(target));
  print(options.json ? json : options.csv ? metricsCsv(evaluated) : text);
  return 0;
}

/** Metrics one by one or with commas between. */
export function metricsOf(texts: readonly string[] | undefined): readonly Metric[] {
  if (texts === undefined) return defaultMetrics;
  return texts.flatMap((text) => text.split(',')).map((text) => parseMetric(text));
}

function table(evaluated: readonly StructureEvaluation[], notes: readonly string[]): string {
  const names = Object.keys(evaluated[0]?.metrics ?? {});
  const cell = (value: number | null, bound: number | undefined): string =>
    value === null ? '-' : `${value.toFixed(2)} ±${bound === undefined ? '?' : shownBound(bound)}`;
  const rows = evaluated.map(({ name, volumeCc, metrics, errorBounds }) => [
    name,
    volumeCc.toFixed(volumeCc < 10 ? 3 : 1),
    ...names.map((metric) => cell(metrics[metric]!, errorBounds[metric]?.total)),
  ]);
  const bounds = evaluated.flatMap(({ errorBounds }) => Object.values(errorBounds));
  const legend = [
    ...(bounds.some((bound) => bound !== null) ? ['After ±: how far off a value may be.\n'] : []),
    ...(bounds.some((bound) => bound === null) ? ['±?: no bound is known, as the structure is a mask.\n'] : []),
  ].join('');
  const remarks = evaluated.flatMap(({ name, remarks }) => remarks.map((remark) => `${name}: ${remark}\n`));
  return `${columns([['structure', 'cc', ...names], ...rows])}${legend}${remarks.join('')}${notes.map((n) => `${n}\n`).join('')}`;
}
