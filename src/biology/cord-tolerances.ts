/**
 * Limits of the literature for the spinal cord in a retreatment, each with what its source states it for.
 *
 * A `criterion` was derived from retreatments and decides; a `comparison` is shown beside it: it was derived from first
 * courses, or is a table that was not read in its source. Limits in a few fractions are turned into EQD2, which a plan in
 * many small fractions meets by extrapolation only: every result says so.
 */
import { checkInteger, checkNonNegative } from '../core/check.js';
import type { Source } from './evidence.js';
import { eqd2, eqd2FromBed } from './linear-quadratic.js';
import { niederAlphaBeta, type SpineLevel } from './risk.js';

export interface CordTolerance {
  readonly name: string;
  readonly title: string;
  /** What the source states it for; `cord` is the structure under the cap, whatever its name. */
  readonly structure: string;
  /** `Max` is a point, as the largest voxel-centre dose; the others in the notation of AAPM TG-263. */
  readonly metric: string;
  /** Of this course, of all together, of the larger, or this course's share of all, in percent. */
  readonly courses: 'this' | 'all' | 'each' | 'share';
  readonly quantity: 'eqd2' | 'bed';
  /** Gy */
  readonly alphaBeta: number;
  /** Gy, or percent for a share. */
  readonly limit: number;
  /** Fractions that the source states it for. */
  readonly fractions?: readonly [number, number];
  readonly role: 'criterion' | 'comparison';
  readonly source: Source;
}

/** [fractions, Gy] of a limit, by rising fractions. */
export type FractionTable = readonly (readonly [fractions: number, dose: number])[];

export const hytecSource: Source = {
  citation: 'HyTEC: Sahgal et al., IJROBP 110 (2021) 124-136',
  doi: '10.1016/j.ijrobp.2019.09.038',
  evidence: 'found',
  note: 'abstract read; point maximum, alpha/beta 2 Gy',
};
export const niederSource: Source = {
  citation: 'Nieder et al., IJROBP 66 (2006) 1446, PMID 17084560',
  evidence: 'found',
  note: 'abstract read; the maximum in the cord is our reading of its dose; interval of at least 6 months',
};
const sahgal2012: Source = {
  citation: 'Sahgal et al., IJROBP 82 (2012) 107-116',
  evidence: 'recalled',
  note: 'abstract read, table recalled; thecal sac, point maximum',
};
const quantec: Source = {
  citation: 'QUANTEC: Kirkpatrick et al., 2010',
  evidence: 'found',
  note: 'myelopathy below 1 % at 54 Gy, below 10 % at 61 Gy in 1.8 to 2 Gy fractions; alpha/beta 0.87 Gy; first courses',
};
const tg101: Source = {
  citation: 'AAPM TG-101, 2010',
  evidence: 'recalled',
  note: 'first courses; point maximum of at most 0.035 cc',
};
const uk: Source = { citation: 'UK SABR consensus 2022 (Diez et al.)', evidence: 'recalled', note: 'first courses' };

/** Point maximum of the cord in a first course for 1 to 5 % myelopathy: lower values, all 44.6 Gy EQD2 (HyTEC). */
export const hytecFirstCourse: FractionTable = [
  [1, 12.4],
  [2, 17],
  [3, 20.3],
  [4, 23],
  [5, 25.3],
];

/** Rows of Sahgal 2012 by the prior course's EQD2 up to which they hold, Gy: point maximum of the thecal sac. */
export const sahgalTable: readonly { readonly priorEqd2: number; readonly doses: FractionTable }[] = [
  {
    priorEqd2: 42.2,
    doses: [
      [1, 9],
      [2, 12.2],
      [3, 14.5],
      [4, 16.2],
      [5, 18],
    ],
  },
  {
    priorEqd2: 43,
    doses: [
      [2, 12.2],
      [3, 14.5],
      [4, 16.2],
      [5, 18],
    ],
  },
  {
    priorEqd2: 50,
    doses: [
      [2, 11],
      [3, 12.5],
      [4, 14],
      [5, 15.5],
    ],
  },
];

const tg101Cord: Readonly<Record<string, FractionTable>> = {
  'D0.035cc': [
    [1, 14],
    [3, 21.9],
    [5, 30],
  ],
  'D0.35cc': [
    [1, 10],
    [3, 18],
    [5, 23],
  ],
  'D1.2cc': [
    [1, 7],
    [3, 12.3],
    [5, 14.5],
  ],
};
const tg101Cauda: Readonly<Record<string, FractionTable>> = {
  'D0.035cc': [
    [1, 16],
    [3, 24],
    [5, 32],
  ],
  D5cc: [
    [1, 14],
    [3, 21.9],
    [5, 30],
  ],
};
const ukCanal = {
  optimal: [
    [1, 10],
    [3, 18],
    [5, 23],
  ],
  mandatory: [
    [1, 14],
    [3, 21.9],
    [5, 30],
  ],
} as const satisfies Readonly<Record<string, FractionTable>>;

/**
 * The EQD2 of a table for a number of fractions: of its own row where there is one; between two rows of the smaller EQD2;
 * beyond the last row of that.
 */
export function eqd2OfTable(table: FractionTable, fractions: number, alphaBeta: number): number {
  checkInteger('limit: fractions', fractions, 1);
  const exact = table.find(([n]) => n === fractions);
  const below = table.filter(([n]) => n < fractions).at(-1);
  const above = table.find(([n]) => n > fractions);
  const rows = exact === undefined ? [below, above] : [exact];
  return Math.min(...rows.flatMap((row) => (row === undefined ? [] : [eqd2(row[1], row[0], alphaBeta)])));
}

export interface ToleranceContext {
  /** Of this course. */
  readonly fractions: number;
  readonly level: SpineLevel;
  /** Largest EQD2 of the prior course in the cord, alpha/beta 2 Gy, Gy; undefined without one. */
  readonly priorEqd2?: number;
  /** Cord, or cauda equina below it. @default 'cord' */
  readonly tissue?: 'cord' | 'cauda';
}

/**
 * The limits that apply to a plan, strictest kind first: criteria, then comparisons.
 *
 * Limits of a retreatment are left out where there is no prior course. Nieder states cumulative limits for cervical and
 * thoracic levels only; TG-101 has other numbers for the cauda equina.
 */
export function cordTolerances(context: ToleranceContext): CordTolerance[] {
  const { priorEqd2, level, tissue = 'cord' } = context;
  if (priorEqd2 !== undefined) checkNonNegative('limits: priorEqd2', priorEqd2);
  const retreatment =
    priorEqd2 === undefined
      ? []
      : [
          ...hytecRetreatment(),
          ...(level === 'lumbar' ? [] : niederTolerances(level)),
          ...sahgalTolerances(context, priorEqd2),
        ];
  return [...retreatment, ...firstCourse(context, tissue)];
}

let names: readonly string[] | undefined;

/** Names of all limits, whatever they apply to. */
export function cordToleranceNames(): readonly string[] {
  names ??= allNames();
  return names;
}

function allNames(): string[] {
  const tissues = ['cord', 'cauda'] as const;
  const all = tissues.flatMap((tissue) => cordTolerances({ fractions: 1, level: 'thoracic', priorEqd2: 0, tissue }));
  return [...new Set(all.map(({ name }) => name))];
}

const few: readonly [number, number] = [1, 5];

function hytecRetreatment(): CordTolerance[] {
  const common = { structure: 'ThecalSac', metric: 'Max', quantity: 'eqd2', alphaBeta: 2, fractions: few } as const;
  const head = { ...common, role: 'criterion', source: hytecSource } as const;
  return [
    { ...head, name: 'hytec-retreatment', title: 'HyTEC, retreatment', courses: 'this', limit: 25 },
    { ...head, name: 'hytec-cumulative', title: 'HyTEC, both courses', courses: 'all', limit: 70 },
    { ...head, name: 'hytec-share', title: 'HyTEC, share of the retreatment', courses: 'share', limit: 50 },
  ];
}

function niederTolerances(level: SpineLevel): CordTolerance[] {
  const common = { structure: 'cord', metric: 'Max', quantity: 'bed', alphaBeta: niederAlphaBeta[level] } as const;
  const head = { ...common, source: niederSource } as const;
  return [
    {
      ...head,
      name: 'nieder-cumulative',
      title: 'Nieder, small risk',
      courses: 'all',
      limit: 135.5,
      role: 'criterion',
    },
    { ...head, name: 'nieder-course', title: 'Nieder, each course', courses: 'each', limit: 98, role: 'criterion' },
    {
      ...head,
      name: 'nieder-none-seen',
      title: 'Nieder, no case seen',
      courses: 'all',
      limit: 120,
      role: 'comparison',
    },
  ];
}

function sahgalTolerances({ fractions }: ToleranceContext, priorEqd2: number): CordTolerance[] {
  const row = sahgalTable.find((candidate) => priorEqd2 <= candidate.priorEqd2 + 1e-9);
  if (row === undefined) return [];
  return [
    {
      name: 'sahgal-2012',
      title: `Sahgal 2012, prior course to ${row.priorEqd2} Gy EQD2`,
      structure: 'ThecalSac',
      metric: 'Max',
      courses: 'this',
      quantity: 'eqd2',
      alphaBeta: 2,
      limit: eqd2OfTable(row.doses, fractions, 2),
      fractions: few,
      role: 'comparison',
      source: sahgal2012,
    },
  ];
}

/** Limits of first courses: for this course alone, and QUANTEC's held against both as if the first had been part of it. */
function firstCourse({ fractions, priorEqd2 }: ToleranceContext, tissue: 'cord' | 'cauda'): CordTolerance[] {
  const common = { structure: 'cord', courses: 'this', quantity: 'eqd2', role: 'comparison' } as const;
  const ofTable = (table: FractionTable) => ({
    ...common,
    alphaBeta: 2,
    limit: eqd2OfTable(table, fractions, 2),
    fractions: few,
  });
  const own = tissue === 'cord' ? tg101Cord : tg101Cauda;
  const stereotactic = Object.entries(own).map(([metric, table]): CordTolerance => {
    return { ...ofTable(table), name: `tg101-${metric}`, title: `TG-101, first course`, metric, source: tg101 };
  });
  if (tissue === 'cauda') return stereotactic;
  const part = { ...common, metric: 'Max', alphaBeta: 0.87, limit: 54, source: quantec } as const;
  return [
    { ...part, name: 'quantec-54', title: 'QUANTEC, below 1 % in a first course' },
    ...(priorEqd2 === undefined
      ? []
      : [{ ...part, name: 'quantec-54-all', title: 'QUANTEC, held against both courses', courses: 'all' } as const]),
    {
      ...ofTable(hytecFirstCourse),
      name: 'hytec-first',
      title: 'HyTEC, first course',
      metric: 'Max',
      source: hytecSource,
    },
    ...stereotactic,
    ...Object.entries(ukCanal).map(([kind, table]): CordTolerance => {
      return {
        ...ofTable(table),
        name: `uk-${kind}`,
        title: `UK, ${kind}, first course`,
        metric: 'D0.1cc',
        source: uk,
      };
    }),
  ];
}

/** A limit in EQD2 with its own alpha/beta, Gy; a share has none. */
export function toleranceEqd2({ quantity, limit, alphaBeta, courses }: CordTolerance): number | undefined {
  if (courses === 'share') return undefined;
  return quantity === 'eqd2' ? limit : eqd2FromBed(limit, alphaBeta);
}
