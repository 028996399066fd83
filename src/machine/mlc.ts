/**
 * Multileaf collimators as data: where the leaves lie, how far they travel, what they let through.
 *
 * Leaves travel along the collimator's IEC X; leaf pair n covers y in [boundary n, boundary n + 1], counted from -Y
 * upward, in the isocentre plane, as DICOM (300A,00BE) lists them. Each number carries its evidence: `found` names where
 * it was read, `recalled` is common knowledge that we could not check, `assumed` is ours. Only the first is a citation;
 * all can be replaced by {@link createLeafBank}. Leaf ends are flat and sides straight: no rounded tip, no tongue and
 * groove, no gap between closed leaves.
 */

import { checkCount } from '../core/budget.js';
import { checkFinite, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { own } from '../core/own.js';

export interface LeafBank {
  readonly name: string;
  /** Sides of the leaf pairs along IEC Y in the isocentre plane, mm, rising: one more than there are pairs. */
  readonly boundaries: readonly number[];
  /** Farthest position of a leaf end from the axis, mm. */
  readonly reach: number;
  /** How far a leaf end may cross the axis, mm; undefined where it is not known, and then not checked. */
  readonly overtravel?: number;
  /** How far apart the ends of leaves on one carriage may stand, mm; undefined where it is not known, and then not checked. */
  readonly span?: number;
  /** Fluence under a closed leaf as a fraction of the open fluence: the mean of leaf bodies and the lines between them. */
  readonly transmission: number;
  /** Evidence of each number. */
  readonly evidence: { readonly boundaries: string; readonly travel: string; readonly transmission: string };
}

export interface LeafBankOptions {
  /** @default 'leaves of the case' */
  readonly name?: string | undefined;
  /** mm. @default 200: half of the largest field of the usual machines */
  readonly reach?: number | undefined;
  /** mm. @default not checked */
  readonly overtravel?: number | undefined;
  /** mm, > 0. @default not checked */
  readonly span?: number | undefined;
  /** Fraction of the open fluence, 0 to below 1. @default 0 */
  readonly transmission?: number | undefined;
  readonly evidence?: Partial<LeafBank['evidence']> | undefined;
}

/** No machine has more, nor leaves farther from its axis, mm. */
const MOST_LEAVES = 1000;
const FARTHEST_LEAF = 500;

/**
 * A leaf bank of any boundaries.
 *
 * @param boundaries mm along IEC Y in the isocentre plane, rising
 * @throws {InvalidInputError} unless they rise by at least 1 mm each and the other numbers are in range
 */
export function createLeafBank(boundaries: readonly number[], options: LeafBankOptions = {}): LeafBank {
  const { name = 'leaves of the case', reach = 200, overtravel, span, transmission = 0, evidence } = options;
  if (boundaries.length < 2) {
    throw new InvalidInputError(
      `leaf bank ${name}: ${boundaries.length} boundaries, but at least 2 are needed. Give one more than leaf pairs.`,
    );
  }
  checkCount(`leaf bank ${name}: boundaries`, boundaries.length, MOST_LEAVES, 'Give one more than leaf pairs.');
  boundaries.forEach((y, n) => {
    checkFinite(`leaf bank ${name}: boundary ${n + 1}`, y);
    const width = n === 0 ? Infinity : y - boundaries[n - 1]!;
    if (width < 1) {
      throw new InvalidInputError(
        `leaf bank ${name}: boundary ${n + 1} is ${y} mm after ${boundaries[n - 1]} mm, but each leaf must be at least 1 mm wide. Give millimetres in rising order.`,
      );
    }
  });
  checkPositive(`leaf bank ${name}: reach`, reach);
  if (overtravel !== undefined) checkFinite(`leaf bank ${name}: overtravel`, overtravel);
  if (span !== undefined) checkPositive(`leaf bank ${name}: span`, span);
  const ends = { reach, overtravel: overtravel ?? 0, first: boundaries[0]!, last: boundaries.at(-1)! };
  for (const [what, mm] of Object.entries(ends)) {
    if (Math.abs(mm) > FARTHEST_LEAF) {
      throw new InvalidInputError(
        `leaf bank ${name}: ${what} is ${mm} mm, more than ${FARTHEST_LEAF} mm from the axis. Give millimetres in the isocentre plane.`,
      );
    }
  }
  checkTransmission(`leaf bank ${name}: transmission`, transmission);
  return {
    name,
    boundaries: [...boundaries],
    reach,
    ...(overtravel === undefined ? {} : { overtravel }),
    ...(span === undefined ? {} : { span }),
    transmission,
    evidence: { boundaries: 'given', travel: 'given', transmission: 'given', ...evidence },
  };
}

/** @throws {InvalidInputError} unless the value is a fraction from 0 to below 1 */
export function checkTransmission(name: string, value: number): number {
  if (!(value >= 0 && value < 1)) {
    throw new InvalidInputError(
      `${name} is ${value}, but must be a fraction of the open fluence from 0 to below 1. Give 1.5 % as 0.015.`,
    );
  }
  return value;
}

/** Leaves of one width with a boundary on the axis, out to 200 mm or just beyond; they let nothing through. */
export function uniformLeaves(width = 5): LeafBank {
  if (checkPositive('uniform leaves: width', width) < 1 || width > 200) {
    throw new InvalidInputError(`uniform leaves: width is ${width} mm, but must be 1 to 200. Use for example 5.`);
  }
  const half = Math.ceil(200 / width - 1e-9);
  const boundaries = Array.from({ length: 2 * half + 1 }, (_, n) => (n - half) * width);
  const evidence = { boundaries: 'assumed', travel: 'assumed', transmission: 'assumed: none' };
  return createLeafBank(boundaries, { name: `uniform ${width} mm`, evidence });
}

/** Boundaries of [count, width] groups from -Y upward, centred on the axis. */
function boundariesOf(...groups: readonly (readonly [count: number, width: number])[]): number[] {
  const total = groups.reduce((sum, [count, width]) => sum + count * width, 0);
  const out = [-total / 2];
  for (const [count, width] of groups) for (let n = 0; n < count; n++) out.push(out[out.length - 1]! + width);
  return out;
}

const generic = 'assumed: the 2 % that DoseCUDA gives the leaves of its TrueBeam model';

const banks: readonly LeafBank[] = [
  createLeafBank(boundariesOf([10, 10], [40, 5], [10, 10]), {
    name: 'millennium-120',
    transmission: 0.015,
    evidence: {
      boundaries: 'found: DoseCUDA mlc_geometry.csv, pymedphys A_LEAF_TYPE',
      travel: 'recalled: 400 mm field',
      transmission: 'recalled: mean 1.4 to 1.7 % at 6 MV',
    },
  }),
  createLeafBank(boundariesOf([14, 5], [32, 2.5], [14, 5]), {
    name: 'hd-120',
    transmission: 0.012,
    evidence: {
      boundaries: 'found: in the leaf model of a public TypeScript code',
      travel: 'recalled: 400 mm along the leaves',
      transmission: 'recalled: mean 1.1 to 1.3 % at 6 MV',
    },
  }),
  createLeafBank(boundariesOf([80, 5]), {
    name: 'agility',
    transmission: 0.004,
    evidence: {
      boundaries: 'found: DoseCUDA, pymedphys, OpenGATE',
      travel: 'recalled: 400 mm field',
      transmission: 'found: mean 0.4 % (AAPM 2013, SU-E-T-261)',
    },
  }),
  createLeafBank(boundariesOf([40, 10]), {
    name: 'mlci2',
    transmission: 0.018,
    evidence: {
      boundaries: 'found: in the leaf model of a public TypeScript code',
      travel: 'recalled: 400 mm field',
      transmission: 'recalled: 1.5 to 2 %, without the backup diaphragm',
    },
  }),
  createLeafBank(boundariesOf([80, 5]), {
    name: 'siemens-160',
    transmission: 0.005,
    evidence: {
      boundaries: 'recalled',
      travel: 'recalled: 400 mm field',
      transmission: 'recalled: 0.4 to 0.6 %',
    },
  }),
  createLeafBank(boundariesOf([40, 2.5]), {
    name: 'moduleaf',
    reach: 60,
    overtravel: 55,
    transmission: 0.02,
    evidence: { boundaries: 'recalled', travel: 'recalled: 120 x 100 mm, overtravel 55 mm', transmission: generic },
  }),
  createLeafBank(boundariesOf([3, 5.5], [3, 4.5], [14, 3], [3, 4.5], [3, 5.5]), {
    name: 'brainlab-m3',
    reach: 51,
    transmission: 0.02,
    evidence: {
      boundaries: 'found: pymedphys mlctypes.py',
      travel: 'assumed: as wide along X as along Y',
      transmission: generic,
    },
  }),
];

/** Leaf banks by name. */
export const leafBanks: Readonly<Record<string, LeafBank>> = Object.fromEntries(banks.map((bank) => [bank.name, bank]));

/** @throws {InvalidInputError} for an unknown name; the message lists those there are */
export function leafBank(name: string): LeafBank {
  const bank = own(leafBanks, name);
  if (bank === undefined) {
    throw new InvalidInputError(
      `leaf bank "${name}" is unknown. Use one of ${Object.keys(leafBanks).join(', ')}, or give boundaries.`,
    );
  }
  return bank;
}
