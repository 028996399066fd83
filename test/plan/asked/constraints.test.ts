/**
 * What is asked for in CASE.json, in the dose that is reported: constraints hold, prices tell what they cost, objectives move the plan where
 * they should, and how it is written changes nothing.
 */
import { beforeAll, describe, expect, test } from 'vitest';
import { artiste6mv } from '../../../src/machine/artiste-6mv.js';
import { parseConstraints } from '../../../src/plan/asked/asked-constraint.js';
import {
  type ObjectiveInput,
  objectivesInFull,
  readObjectives,
  TISSUE,
} from '../../../src/plan/asked/asked-objective.js';
import { isKept } from '../../../src/plan/asked/asked-value.js';
import { parseCase } from '../../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../../src/plan/input/plan-case.js';
import { modelPatient, type PatientModel } from '../../../src/plan/patient/patient-model.js';
import { ownedRows } from '../../../src/plan/problem/structure-rows.js';
import { heldDvhs } from '../../../src/plan/technique/drawn-dvh.js';
import { planWithinConstraints } from '../../../src/plan/technique/plan-within-constraints.js';
import type { SolvedPlan } from '../../../src/plan/technique/technique-plan.js';
import { WorkingSet } from '../../../src/plan/technique/working-set.js';
import { spine } from '../spine.js';

const patient = spine({ spacing: 6, parameters: { length: 90 } });
const caseOf = (more: Partial<PlanCaseInput> = {}) =>
  parseCase({
    patient: { phantom: 'spine-t8', parameters: { length: 90 } },
    doseGrid: { spacing: [6, 6, 6], planning: 100 },
    prior: null,
    doseModel: { heterogeneity: 'depth', medium: 'engine' },
    imrt: { delivery: 'fluence', beams: 'posterior-3', beamlet: 10 },
    ...more,
  });
let model: PatientModel;
const plan = (more: Partial<PlanCaseInput> = {}, timeLeft?: () => number): SolvedPlan => {
  const planCase = caseOf(more);
  const rows = new WorkingSet(model, planCase, artiste6mv, [], ['imrt']);
  const options = { tolerances: [], rows, ...(timeLeft && { timeLeft }) };
  return planWithinConstraints('imrt', model, planCase, artiste6mv, options);
};
/** Those that a plan does not keep, as the table of goals judges them. */
const brokenOf = (made: SolvedPlan, constraints: string[]): string[] => {
  const planCase = caseOf({ constraints });
  const dvhOf = heldDvhs(model, made);
  return parseConstraints(constraints, planCase.prescription).flatMap((one) =>
    isKept(one, dvhOf(one.structure), planCase) ? [] : [one.text],
  );
};
const objectiveOf = ({ solution }: SolvedPlan): number => solution.certificate.value;
const boundOf = ({ solution }: SolvedPlan): number => solution.certificate.lowerBound!;
const priceOf = ({ solution }: SolvedPlan, limit: string): number =>
  solution.certificate.prices.find((own) => own.limit === limit)!.price;

let free: SolvedPlan;
beforeAll(() => {
  model = modelPatient(patient, caseOf());
  free = plan();
}, 120_000);

describe('constraints', () => {
  const list = [
    'ThecalSac gEUD(a=4) <= 20Gy',
    'Esophagus Mean <= 10%',
    'Esophagus D1cc <= 20Gy',
    'PTV_3960 Max <= 47Gy',
    'PTV_3960 Mean >= 97%',
    'Esophagus Max[EQD2/3] <= 20Gy',
    'Esophagus V18Gy <= 15%',
  ];
  let held: SolvedPlan;
  beforeAll(() => {
    held = plan({ constraints: list });
  }, 120_000);

  test('of every kind hold in the reported dose, which none of them did before', () => {
    expect(brokenOf(free, list)).toEqual([...list.slice(0, 3), ...list.slice(5)]);
    expect(brokenOf(held, list)).toEqual([]);
    expect(held.solution.status).toBe('reached');
    expect(held.held!.map(({ constraint }) => constraint)).toEqual(list);
  });

  test('never make the plan better than what is proven without them', () => {
    expect(objectiveOf(held)).toBeGreaterThan(boundOf(free));
    expect(objectiveOf(held)).toBeGreaterThan(1.02 * objectiveOf(free));
  });

  test('mean the same in whatever order they stand, up to both gaps', { timeout: 120_000 }, () => {
    const some = ['Esophagus Mean <= 10%', 'Esophagus D1cc <= 20Gy', 'PTV_3960 Max <= 47Gy'];
    const [straight, turned] = [plan({ constraints: some }), plan({ constraints: some.toReversed() })];
    expect([...brokenOf(straight, some), ...brokenOf(turned, some)]).toEqual([]);
    const room = objectiveOf(straight) - boundOf(straight) + objectiveOf(turned) - boundOf(turned);
    // Which voxels of a volume are held is told by a plan that is known to its gap.
    expect(Math.abs(objectiveOf(turned) - objectiveOf(straight))).toBeLessThan(room + 0.01 * objectiveOf(straight));
  });

  test('that do not bind cost nothing beyond the gap', { timeout: 60_000 }, () => {
    const loose = plan({ constraints: ['Esophagus Mean <= 30Gy', 'PTV_3960 D98% >= 10Gy', 'ThecalSac Max <= 60Gy'] });
    expect(loose.held!.map(({ factor }) => factor)).toEqual([1, 1, 1]);
    expect(objectiveOf(loose)).toBeLessThan(
      objectiveOf(free) + (objectiveOf(free) - boundOf(free)) + 0.01 * objectiveOf(free),
    );
    // Held by multipliers that are nearly nothing.
    expect(priceOf(loose, 'Esophagus Mean <= 30Gy')).toBeLessThan(1e-3 * objectiveOf(free));
  });

  test.each([
    ['Esophagus Mean <= 4Gy', 'Esophagus Mean <= 4.4Gy', 0.4],
    ['PTV_3960 Mean >= 101%', 'PTV_3960 Mean >= 100.5%', 0.198],
  ])('%s has a price that the plan of %s bears out within 20 %%', { timeout: 60_000 }, (tight, looser, gray) => {
    const [dear, cheap] = [plan({ constraints: [tight] }), plan({ constraints: [looser] })];
    expect([...brokenOf(dear, [tight]), ...brokenOf(cheap, [looser])]).toEqual([]);
    // Convex in its bound: the difference lies between the prices at both ends.
    const difference = (objectiveOf(dear) - objectiveOf(cheap)) / gray;
    const price = (priceOf(dear, tight) + priceOf(cheap, looser)) / 2;
    expect(Math.abs(difference / price - 1)).toBeLessThan(0.2);
  });

  test('that exclude each other in shared voxels are refused before planning, or named', { timeout: 60_000 }, () => {
    expect(() => plan({ constraints: ['PTV_3960 Min >= 36Gy'] })).toThrow(
      /^constraints "PTV_3960 Min >= 36Gy" and "the cap on SpinalCord" contradict each other: .* voxels in common, which would get at least 36 and at most 29.8 Gy/,
    );
    const none = plan({ constraints: ['PTV_3960 D98% >= 36Gy'] });
    expect(none.solution.status).toBe('infeasible');
    expect(none.conflict).toEqual(['PTV_3960 D98% >= 36Gy', 'the cap on SpinalCord']);
  });

  test('that time did not suffice for are not called reached', () => {
    const constraints = ['Esophagus D1cc <= 20Gy'];
    let asked = 0;
    // Enough for the first plan, which is made without what is not convex.
    const stopped = plan({ constraints }, () => (asked++ === 0 ? 1000 : 0));
    expect(brokenOf(stopped, constraints)).toEqual(constraints);
    expect(stopped.solution.status).toBe('time-limit');
    const whole = plan({ constraints });
    expect([brokenOf(whole, constraints), whole.solution.status]).toEqual([[], 'reached']);
    expect(whole.held![0]!.rows).toBeGreaterThan(0);
  });
});

describe('objectives', () => {
  test('of the template, written out in full, give the same dose to the last bit', { timeout: 60_000 }, () => {
    const inFull = objectivesInFull('spine-default', caseOf(), true);
    const own = plan({ objectives: inFull });
    expect(own.dose.data).toEqual(free.dose.data);
    expect(objectiveOf(own)).toBe(objectiveOf(free));
  });

  const kinds: ObjectiveInput[] = [
    { kind: 'overdose', structure: 'Esophagus', dose: 15, weight: 1 },
    { kind: 'mean', structure: 'Esophagus', weight: 1 },
    { kind: 'gEUD', structure: 'ThecalSac', a: 4, dose: 10, weight: 1 },
    { kind: 'maximum', structure: 'PTV_3960', weight: 1 },
    { kind: 'minimum', structure: 'PTV_3960', weight: 1 },
    { kind: 'underdose', structure: 'PTV_3960', dose: '100%', weight: 1 },
    { kind: 'maximum-dvh', structure: 'Esophagus', dose: 15, volume: '20%', weight: 1 },
  ];
  /** What each kind is to lower. */
  const measure = ({ kind, structure }: ObjectiveInput, made: SolvedPlan): number => {
    const dvh = heldDvhs(model, made)(structure!);
    if (kind === 'underdose') {
      const { rows, volumes } = made.voxels.target;
      return rows.reduce((sum, row, q) => sum + volumes[q]! * Math.max(0, 39.6 - made.solution.dose[row]!) ** 2, 0);
    }
    if (kind === 'minimum') return -dvh.min;
    return kind === 'maximum' ? dvh.max : dvh.mean;
  };
  test.each(kinds)('$kind moves $structure its way, the more the heavier it is', { timeout: 60_000 }, (one) => {
    const weights = { mean: 20, maximum: 100, minimum: 100 } as Partial<Record<string, number>>;
    const weight = weights[one.kind] ?? 50;
    const made = plan({ objectives: ['spine-default', { ...one, weight }] });
    expect(made.solution.certificate.isConvex).toBe(one.kind !== 'maximum-dvh');
    expect(measure(one, made)).toBeLessThan(measure(one, free));
    // The rest of the objective cannot have become better than what is proven of it alone.
    expect(objectiveOf(made)).toBeGreaterThan(boundOf(free) - (one.kind === 'minimum' ? 100 * 60 : 0));
  });

  test('in percent and in Gy are one', () => {
    const read = (dose: number | string) =>
      readObjectives([{ kind: 'overdose', structure: TISSUE, dose, weight: 1 }], caseOf(), true)[0]!;
    const { isPercent, ...fraction } = read('50%');
    expect(isPercent).toBe(true);
    expect(fraction).toEqual(read(19.8));
  });
});

test('structures that overlap own together what their union holds', () => {
  const shape = [1, 1, 64] as const;
  const grid = { shape, spacing: [1, 1, 1], origin: [0, 0, 0] } as any;
  const fractions = [1, 2, 3].map((seed) =>
    Float32Array.from({ length: 64 }, (_, i) => Math.max(0, Math.min(1, 1.4 * Math.sin(seed * i + seed)))),
  );
  const names = ['A', 'B', 'C'];
  const masks = new Map(names.map((name, n) => [name, { data: fractions[n]! }])) as any;
  const points = Float64Array.from({ length: 64 * 3 }, (_, i) => (i % 3 === 0 ? i / 3 : 0));
  const structures = new Map(
    names.map((name, n) => [
      name,
      { rows: Int32Array.from({ length: 64 }, (_, i) => i), volumes: Float64Array.from(fractions[n]!) },
    ]),
  );
  const union = fractions[0]!.reduce(
    (sum, _, i) =>
      sum +
      Math.min(
        1,
        fractions.reduce((own, of) => own + of[i]!, 0),
      ),
    0,
  );
  for (const overlap of [names, names.toReversed(), ['B', 'C', 'A']]) {
    const owned = ownedRows(
      { masks, grid },
      { constraints: [], objectives: 'spine-default', priorities: [], overlap },
      structures,
      { points, targets: new Map() },
    );
    const total = names.reduce((sum, name) => sum + owned.get(name)!.volumes.reduce((a, b) => a + b, 0), 0);
    expect(total).toBeCloseTo(union, 5);
    expect(owned.get(overlap[0]!)!.volumes.reduce((a, b) => a + b, 0)).toBeCloseTo(
      structures.get(overlap[0]!)!.volumes.reduce((a, b) => a + b, 0),
      5,
    );
  }
});
