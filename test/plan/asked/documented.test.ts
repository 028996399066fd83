/**
 * What docs/optimisation.md shows is planned, on a small case: every objective moves what it is on, every constraint holds in the dose
 * that is reported. Values are taken from the formulas in the reported dose, not from the optimiser's rows.
 */
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { artiste6mv } from '../../../src/machine/artiste-6mv.js';
import { askedCourse, parseConstraints } from '../../../src/plan/asked/asked-constraint.js';
import {
  type AskedObjective,
  askedObjectives,
  readObjectives,
  TISSUE,
} from '../../../src/plan/asked/asked-objective.js';
import { isKept } from '../../../src/plan/asked/asked-value.js';
import { parseCase } from '../../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../../src/plan/input/plan-case.js';
import { modelPatient, type PatientModel } from '../../../src/plan/patient/patient-model.js';
import type { PlanningVoxels } from '../../../src/plan/problem/planning-voxels.js';
import { poseObjective } from '../../../src/plan/problem/posed-objective.js';
import { noPrior } from '../../../src/plan/problem/prior-at-rows.js';
import { heldDvhs } from '../../../src/plan/technique/drawn-dvh.js';
import { planWithinConstraints } from '../../../src/plan/technique/plan-within-constraints.js';
import type { SolvedPlan } from '../../../src/plan/technique/technique-plan.js';
import { WorkingSet } from '../../../src/plan/technique/working-set.js';
import { codeBlocks } from '../../docs/markdown.js';
import { spine } from '../spine.js';

const page = readFileSync(new URL('../../../docs/optimisation.md', import.meta.url), 'utf8');
const shown = codeBlocks(page)
  .filter(({ language }) => language === 'json')
  .map(({ code }) => JSON.parse(code) as PlanCaseInput);
const lists = shown.flatMap(({ objectives }) => (Array.isArray(objectives) ? [objectives] : []));
const constraints = shown.flatMap(({ constraints: list, priorities }) => (priorities ? [] : [...(list ?? [])]));

const small = {
  patient: { phantom: 'spine-t8', parameters: { length: 90 } },
  doseGrid: { spacing: [7, 7, 6], planning: 100 },
  prior: null,
  doseModel: { heterogeneity: 'depth', medium: 'engine' },
  imrt: { delivery: 'fluence', beams: 'posterior-5', beamlet: 10 },
} satisfies PlanCaseInput as PlanCaseInput;
const caseOf = (more: Partial<PlanCaseInput> = {}) => parseCase({ ...small, ...more });
let model: PatientModel;
let free: SolvedPlan;
beforeAll(() => {
  const organs = ['Heart', 'Lung_L', 'Lung_R'];
  model = modelPatient(spine({ spacing: [7, 7, 6], parameters: { length: 90 }, and: organs }), caseOf());
  free = plan();
}, 120_000);

function plan(more: Partial<PlanCaseInput> = {}): SolvedPlan {
  const planCase = caseOf(more);
  const rows = new WorkingSet(model, planCase, artiste6mv, [], ['imrt']);
  return planWithinConstraints('imrt', model, planCase, artiste6mv, { tolerances: [], rows });
}

/** Of one objective without its weight, in all voxels of the reported dose. */
function ownValue(asked: AskedObjective, made: SolvedPlan): number {
  if (asked.kind === 'smoothness') return roughness(made);
  const target = wholeOf(model.target);
  const body = model.body.index;
  const share = model.masks.get(model.target)!.data;
  const outside = body.filter((voxel) => share[voxel]! < 1);
  const tissue = {
    rows: outside,
    volumes: Float64Array.from(outside, (voxel) => 1 - share[voxel]!),
    distance: Float64Array.from(outside, (voxel) => model.targetDistance()[voxel]!),
  };
  const own = asked.structure === TISSUE ? tissue : wholeOf(asked.structure!);
  const voxels = { target, tissue, owned: new Map([[asked.structure!, own]]) } as unknown as PlanningVoxels;
  const site = { voxels, target, level: { value: asked.dose }, planCase: caseOf(), priorOf: noPrior };
  const { ofLevel: _, ...still } = asked;
  const dose = Float64Array.from(made.dose.data);
  return poseObjective({ ...still, weight: 1 }, site).evaluate(dose, new Float64Array(dose.length));
}

function wholeOf(structure: string) {
  const { data } = model.masks.get(structure)!;
  const rows = Int32Array.from(data.keys()).filter((voxel) => data[voxel]! > 0);
  return { rows, volumes: Float64Array.from(rows, (voxel) => data[voxel]!) };
}

/** Mean squared difference of neighbouring pixels, MU^2. */
function roughness({ fields }: SolvedPlan): number {
  let [sum, pairs] = [0, 0];
  for (const { fluence } of fields) {
    const nx = fluence.grid.x.length - 1;
    fluence.weights.forEach((w, i) => {
      for (const next of [(i + 1) % nx === 0 ? -1 : i + 1, i + nx]) {
        const other = fluence.weights[next];
        if (other === undefined || !(w > 0) || !(other > 0)) continue;
        sum += (w - other) ** 2;
        pairs++;
      }
    });
  }
  return sum / pairs;
}

describe('objectives', () => {
  test('of every kind are shown', () => {
    const kinds = lists.flat().flatMap((one) => (typeof one === 'string' ? [] : [one.kind]));
    expect([...new Set(kinds)].sort()).toEqual([
      'deviation',
      'fall-off',
      'gEUD',
      'maximum',
      'maximum-dvh',
      'mean',
      'minimum',
      'minimum-dvh',
      'overdose',
      'smoothness',
      'underdose',
    ]);
    for (const list of lists) expect(askedObjectives.safeParse(list).success).toBe(true);
  });

  test.each(lists.map((list, n) => ({ n, list })))(
    'of list $n each lower what they are on',
    { timeout: 60_000 },
    ({ list }) => {
      const made = plan({ objectives: list });
      const own = readObjectives(
        list.filter((one) => typeof one !== 'string'),
        caseOf(),
        true,
      );
      expect(own.length).toBeGreaterThan(3);
      for (const asked of own)
        expect(ownValue(asked, made), `${asked.kind} ${asked.structure}`).toBeLessThan(ownValue(asked, free));
    },
  );
});

describe('constraints', () => {
  test('shown hold, four of which the plan without them breaks', { timeout: 60_000 }, () => {
    const made = plan({ constraints });
    const planCase = caseOf({ constraints });
    const brokenOf = (of: SolvedPlan): string[] => {
      const dvhOf = heldDvhs(model, of);
      return parseConstraints(constraints, askedCourse(planCase)).flatMap((one) =>
        isKept(one, dvhOf(one.structure), planCase) ? [] : [one.text],
      );
    };
    expect(constraints.length).toBe(10);
    expect(brokenOf(free).length).toBeGreaterThan(3);
    expect(brokenOf(made)).toEqual([]);
    expect(made.solution.status).toBe('reached');
  });
});
