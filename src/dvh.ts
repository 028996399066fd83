// biome-ignore-all assist/source/organizeImports: the order is the reader's, not the alphabet's.
/** What a dose is in structures: DVHs that say how good they are, metrics, goals, conformity, gamma. */

// DVHs: of a structure as it is drawn, or of its voxels.
export { createStructureDvh, type StructureDvhOptions } from './evaluate/structure-dvh.js';
export { createDvh, type DvhOptions, type Dvh, cumulativeCurve, type DvhCurve } from './evaluate/dvh.js';
export { StructureCells } from './evaluate/structure-cells.js';

// Metrics in the notation of AAPM TG-263, with their bound.
export { parseMetric } from './evaluate/metric-parser.js';
export { formatMetric, type Metric, type MetricUnit, type DoseScale } from './evaluate/metric.js';
export { evaluateMetric, type MetricContext, type MetricValue } from './evaluate/metric-value.js';
export { metricBound } from './evaluate/metric-bound.js';
export type { ErrorBound } from './evaluate/error-bound.js';

// Goals.
export { parseGoal, type Goal, evaluateGoal, type GoalContext, type GoalResult } from './evaluate/goal.js';
export type { ProtocolRow } from './evaluate/protocol.js';

// The dose around a target.
export { conformity, type ConformityOptions, type Conformity } from './evaluate/conformity.js';
export type { DoseFallOff } from './evaluate/fall-off.js';

// Two doses beside each other.
export { gammaIndex, type GammaCriteria, type GammaResult } from './evaluate/gamma.js';
