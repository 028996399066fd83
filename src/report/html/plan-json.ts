/** Of a plan.json what a report shows: every figure in the page is one of these, as it stands there. */
import type { StructureReport } from '../../plan/evaluation/evaluate-plan.js';
import type { PriorityOutcome } from '../../plan/evaluation/priority-outcome.js';
import type { RetreatmentAssessment } from '../../plan/evaluation/retreatment.js';
import type { ModelName } from '../../plan/sweep/dose-model-sensitivity.js';

export interface PlanJson {
  readonly software: string;
  readonly notice: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly patient: string;
  readonly case: Readonly<Record<string, unknown>> & {
    readonly prescription: { readonly dose: number; readonly fractions: number; readonly to: string };
  };
  readonly target: string;
  readonly cord: string;
  readonly isocenter: readonly number[];
  readonly doseGrid: string;
  readonly planningGrid?: { readonly grid: string; readonly points: number };
  readonly gap: { readonly targetToCordMm: number | null; readonly overlapCc: number };
  readonly assumptions: readonly string[];
  readonly notes: readonly string[];
  readonly plans: readonly PlanEntry[];
}

export interface PlanEntry {
  readonly technique: string;
  readonly status: string;
  readonly gaveWay?: string;
  readonly given?: { readonly meaning?: string };
  readonly prescriptionDose: number;
  readonly certificate: CertificateEntry;
  readonly delivery?: DeliveryEntry;
  readonly constraints: readonly ConstraintEntry[];
  readonly fields: readonly FieldEntry[];
  readonly structures: readonly StructureReport[];
  readonly goals: readonly GoalEntry[];
  readonly conformity: Readonly<Record<string, number | null>>;
  readonly cumulativeCordEqd2?: unknown;
  readonly retreatment?: RetreatmentEntry;
  readonly targets?: readonly TargetEntry[];
  readonly robust?: RobustEntry;
  readonly priorities?: readonly PriorityEntry[];
  readonly asked?: readonly AskedEntry[];
  readonly modelSensitivity?: ModelEntry;
  readonly gridCheck?: GridEntry;
  readonly warning?: string;
  readonly fluence?: { readonly file: string; readonly sha256: string };
  readonly dose?: { readonly file: string; readonly sha256: string };
}

/** One of several targets. */
export interface TargetEntry {
  readonly structure: string;
  readonly dose: number;
  readonly to: string;
  readonly reached: number | null;
  readonly percent: number | null;
  readonly isOff: boolean;
}

/** A plan with the patient off its place. */
export interface ShiftedEntry {
  /** LPS, mm. */
  readonly shift?: readonly number[];
  readonly cordMax: number;
  readonly cordNearMax: number;
  readonly targetD95: number;
  readonly targetV95: number;
}

export interface RobustEntry {
  readonly sentence: string;
  readonly notes: readonly string[];
  readonly scenarios: readonly ShiftedEntry[];
  readonly worst: ShiftedEntry;
  readonly nominalPlan: { readonly scenarios: readonly ShiftedEntry[]; readonly worst: ShiftedEntry };
  readonly ball?: { readonly worst: ShiftedEntry; readonly nominalWorst: ShiftedEntry };
}

export interface PriorityEntry {
  readonly list: number;
  readonly status: PriorityOutcome['status'];
  readonly goals: readonly {
    readonly goal: string;
    readonly reported: {
      readonly value: number | null;
      readonly unit: string;
      readonly errorBound?: number | null;
      readonly result: string;
    };
    readonly optimised?: { readonly trades: readonly { readonly of: string; readonly cost: number }[] };
  }[];
}

/** A constraint that the case asks for, on a whole structure. */
export interface AskedEntry {
  readonly constraint: string;
  readonly value: number | null;
  readonly unit: string;
  readonly result: string;
  readonly errorBound?: number | null;
  readonly reason?: string;
  readonly force: string;
  readonly price: number | null;
}

export interface ModelEntry {
  readonly planned: ModelName;
  readonly models: readonly {
    readonly model: ModelName;
    readonly structures: readonly { readonly name: string; readonly metrics: Readonly<Record<string, number>> }[];
  }[];
}

export interface GridEntry {
  readonly spacing: number;
  readonly points: number;
  readonly metrics: readonly {
    readonly structure: string;
    readonly metric: string;
    readonly planned: number;
    readonly errorBound: number;
    readonly recomputed: number;
    readonly isWithinBound: boolean;
  }[];
}

export interface GoalEntry {
  readonly goal: string;
  readonly unit: string;
  readonly value: number | null;
  readonly result: string;
  readonly margin: number | null;
  readonly errorBound?: number | null;
  readonly courses: string;
  readonly warnings: readonly string[];
  readonly reason?: string;
}

export interface CertificateEntry {
  readonly of: string;
  readonly largestDifference: number;
  readonly objective: string;
  readonly value: number;
  readonly lowerBound: number | null;
  readonly gap: number | null;
  readonly isProven: boolean;
  readonly isConvex: boolean;
  readonly problem: string;
  readonly shadowPrices: readonly {
    readonly limit: string;
    readonly objectivePerGy: number;
    readonly active: readonly unknown[];
  }[];
}

export interface ConstraintEntry {
  readonly name: string;
  readonly force: string;
  readonly field: string;
  readonly basis: string;
  readonly voxels: number;
  readonly strictest: number;
}

export interface DeliveryEntry {
  readonly kind: string;
  readonly segments: number;
  readonly monitorUnits: number;
  readonly monitorUnitsPerFraction: number;
  readonly monitorUnitsPerGray: number;
  readonly meanAreaCm2: number | null;
  readonly complexity: number | null;
  readonly beamOnSeconds: number;
  readonly secondsPerFraction: number;
  readonly at: Readonly<Record<string, number>>;
  readonly price?: number | null;
}

export interface FieldEntry {
  readonly name: string;
  readonly gantry: number;
  readonly collimator: number;
  readonly couch: number;
  readonly monitorUnits: number;
  readonly segments?: number;
  readonly meanAreaCm2?: number | null;
  readonly complexity?: number | null;
  readonly secondsPerFraction?: number;
}

export interface RetreatmentEntry {
  readonly sentence: string;
  readonly cord: string;
  readonly level: string;
  readonly prior: { readonly description: string; readonly months: number; readonly notes: readonly string[] };
  readonly maximum: RetreatmentAssessment['maximum'];
  readonly cumulativeNearMax: number | null;
  readonly position?: {
    readonly search: readonly number[];
    readonly worst: number;
    readonly worstInside: number;
    readonly expected: number;
    readonly percentile95: number;
    readonly notes: readonly string[];
  };
  readonly limits: readonly LimitEntry[];
  readonly recovery: readonly {
    readonly name: string;
    readonly title: string;
    readonly cumulative: number;
    readonly tolerance: number;
    readonly allowed: number;
    readonly source: SourceEntry;
  }[];
  readonly risk: {
    readonly nieder: { readonly points: number; readonly group: string; readonly source: SourceEntry } | null;
    readonly schultheiss: {
      readonly thisCourse: number;
      readonly cumulative: number | null;
      readonly source: SourceEntry;
    };
    readonly lyman: { readonly cumulative: number; readonly source: SourceEntry };
  };
}

export interface SourceEntry {
  readonly citation: string;
  readonly doi?: string;
  readonly evidence: string;
}

export interface LimitEntry {
  readonly title: string;
  readonly structure: string;
  readonly metric: string;
  readonly courses: string;
  readonly scale: string;
  readonly limit: number;
  readonly role: string;
  readonly source: SourceEntry;
  readonly value: number | null;
  readonly result: string;
  readonly room: number | null;
  readonly warnings: readonly string[];
}
