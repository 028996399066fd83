/**
 * Two doses, or two plans, of one patient side by side: difference, gamma, DVHs and metrics.
 *
 * The reference is what is trusted or what was before; everything is evaluated - reference. The doses may lie on any grids,
 * but must mean the same.
 */
import type { DoseVolume } from '../geometry/volume.js';
import { type DoseDifference, doseDifference } from './dose-difference.js';
import type { Dvh } from './dvh.js';
import { type DvhBand, type DvhDistance, dvhBand, dvhDistance } from './dvh-band.js';
import { type GammaCriteria, type GammaResult, gammaIndex } from './gamma.js';
import { formatMetric, type Metric, type MetricUnit } from './metric.js';
import { evaluateMetric, type MetricContext, whyNoValue } from './metric-value.js';

/** One side of a comparison. */
export interface ComparedDose {
  /** Total dose, Gy. */
  readonly dose: DoseVolume;
  /** By structure name; structures in both sides are compared. */
  readonly dvhs?: ReadonlyMap<string, Dvh>;
}

export interface CompareOptions extends MetricContext {
  /** @default 3 % global, 3 mm, threshold 10 %; null for no gamma */
  readonly gamma?: GammaCriteria | null;
  /** Percent of the reference maximum from which voxels count in the difference. @default 10 */
  readonly threshold?: number;
  /** Metrics of every structure. */
  readonly metrics?: readonly Metric[];
}

export interface MetricComparison {
  /** Canonical notation. */
  readonly metric: string;
  readonly unit: MetricUnit;
  /** null, with the reason, where a metric cannot be evaluated. */
  readonly reference: number | null;
  readonly evaluated: number | null;
  readonly difference: number | null;
  readonly reason?: string;
}

export interface StructureComparison {
  readonly name: string;
  /** Volumes on the two grids, cc. */
  readonly referenceVolumeCc: number;
  readonly evaluatedVolumeCc: number;
  readonly metrics: readonly MetricComparison[];
  readonly distance: DvhDistance;
  readonly band: DvhBand;
}

export interface DoseComparison {
  readonly difference: DoseDifference;
  readonly gamma?: GammaResult;
  readonly structures: readonly StructureComparison[];
  /** Structures of one side only. */
  readonly unmatched: readonly string[];
}

/**
 * @throws {InvalidInputError} if the doses differ in meaning, do not overlap, or a criterion makes no sense
 */
export function compareDoses(
  reference: ComparedDose,
  evaluated: ComparedDose,
  options: CompareOptions = {},
): DoseComparison {
  const { gamma = { dose: 3, distance: 3 }, threshold = 10, metrics = [] } = options;
  const difference = doseDifference(reference.dose, evaluated.dose, { threshold });
  const [before, after] = [reference.dvhs ?? new Map<string, Dvh>(), evaluated.dvhs ?? new Map<string, Dvh>()];
  const structures = [...before].flatMap(([name, dvh]) => {
    const other = after.get(name);
    return other === undefined ? [] : [compareStructure(name, dvh, other, metrics, options)];
  });
  const unmatched = [
    ...[...before.keys()].filter((n) => !after.has(n)),
    ...[...after.keys()].filter((n) => !before.has(n)),
  ];
  return {
    difference,
    ...(gamma === null ? {} : { gamma: gammaIndex(reference.dose, evaluated.dose, gamma) }),
    structures,
    unmatched,
  };
}

function compareStructure(
  name: string,
  reference: Dvh,
  evaluated: Dvh,
  metrics: readonly Metric[],
  context: MetricContext,
): StructureComparison {
  return {
    name,
    referenceVolumeCc: reference.volumeCc,
    evaluatedVolumeCc: evaluated.volumeCc,
    metrics: metrics.map((metric) => compareMetric(metric, reference, evaluated, context)),
    distance: dvhDistance(reference, evaluated),
    band: dvhBand([reference, evaluated]),
  };
}

function compareMetric(metric: Metric, reference: Dvh, evaluated: Dvh, context: MetricContext): MetricComparison {
  const head = { metric: formatMetric(metric), unit: metric.unit };
  const why = whyNoValue(metric, reference, context) ?? whyNoValue(metric, evaluated, context);
  if (why !== undefined) return { ...head, reference: null, evaluated: null, difference: null, reason: why };
  const a = evaluateMetric(metric, reference, context);
  const b = evaluateMetric(metric, evaluated, context);
  const flag = a.flag ?? b.flag;
  return {
    ...head,
    reference: a.value,
    evaluated: b.value,
    difference: b.value - a.value,
    ...(flag === undefined ? {} : { reason: flag }),
  };
}
