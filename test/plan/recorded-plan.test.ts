/** A plan made again from its record is the plan: the same bits of dose, the same tables, without an optimiser. */
import { expect, test } from 'vitest';
import { decodeFluence, encodeFluence } from '../../src/io/fluence-file.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput, Technique } from '../../src/plan/input/plan-case.js';
import { createJob } from '../../src/plan/patient/plan-job.js';
import { type PlanningResult, recordsOf, remakePlan, runPlan } from '../../src/plan/run-plan.js';
import type { TechniquePlan } from '../../src/plan/technique/technique-plan.js';
import { dvhTable, planReport } from '../../src/report/plan-report.js';
import { spine } from './spine.js';

const spacing: [number, number, number] = [10, 10, 10];
const parameters = { length: 90 };
const patient = spine({ spacing, target: 'body', parameters });
const twoBeams = [{ gantry: 150 }, { gantry: 210 }];
const jobFor = (more: Partial<PlanCaseInput>) =>
  createJob({
    patient,
    machine: artiste6mv,
    case: parseCase({
      patient: { phantom: 'spine-t8', target: 'body', parameters },
      doseGrid: { spacing, planning: 100 },
      imrt: { delivery: 'fluence', beams: twoBeams, beamlet: 14 },
      fcrt: { beams: twoBeams },
      ...more,
    }),
  });

/** Everything that is told of a result. */
const told = (result: PlanningResult) => ({
  report: planReport(result, { version: '0', inputs: {} }),
  dvh: dvhTable(result),
  records: recordsOf(result).map(encodeFluence),
});

function again(more: Partial<PlanCaseInput>, techniques: readonly Technique[]): [PlanningResult, PlanningResult] {
  const job = jobFor(more);
  const made = runPlan(job, { techniques });
  const read = recordsOf(made).map((record) => decodeFluence(encodeFluence(record)));
  return [made, remakePlan(job, read)];
}

/** What of the plans is more than the dose of fields on the dose grid: what a case is there for must be in it. */
function kindsOf({ plans }: PlanningResult): string[] {
  const some = (of: (plan: TechniquePlan) => boolean): boolean => plans.some(({ plan }) => of(plan));
  const kinds = {
    organs: some(({ voxels }) => voxels.organs.some((organ) => organ.voxels.length > 0)),
    leaks: some(({ fields }) => fields.some(({ aperture, fluence }) => aperture && Math.min(...fluence.weights) > 0)),
    'fine grid': some(({ fineDose }) => fineDose !== undefined),
    ball: some(({ ball }) => ball !== undefined),
    nominal: plans.some(({ nominal }) => nominal !== undefined),
  };
  return Object.entries(kinds).flatMap(([name, is]) => (is ? [name] : []));
}

const bytes = (data: Float32Array | Float64Array): Uint8Array => new Uint8Array(data.buffer.slice(0));

test.each<[string, Partial<PlanCaseInput>, readonly Technique[], (readonly string[])?]>([
  ['both techniques, with a prior course and its defaults', {}, ['fcrt', 'imrt']],
  [
    'FCRT through leaves that leak, beside the cord, turned; a planning grid of its own; no prior course',
    {
      prior: null,
      doseGrid: { spacing, planning: 5 },
      fcrt: {
        beams: [
          { gantry: 140, collimator: 30, couch: 10 },
          { gantry: 220, collimator: -20 },
        ],
        mlc: 'millennium-120',
        transmission: { jaws: 0.01, leaves: 0.02 },
        cordShield: true,
        hold: 'cord',
      },
    },
    ['fcrt'],
    ['leaks', 'fine grid'],
  ],
  [
    'IMRT under a bound of an organ whose voxels are rows',
    {
      retreatment: {
        position: null,
        bounds: [{ structure: 'Esophagus', courses: 'this', eqd2: 12, alphaBeta: 3 }],
      },
    },
    ['imrt'],
    ['organs'],
  ],
  [
    'robust IMRT in a ball of shifts, with the nominal plan beside it',
    {
      imrt: {
        delivery: 'fluence',
        beams: twoBeams,
        beamlet: 20,
        robust: { distance: 2, target: 'worst' },
      },
      retreatment: { position: null },
    },
    ['imrt'],
    ['ball', 'nominal'],
  ],
])('%s', { timeout: 600_000 }, (_, more, techniques, kinds = []) => {
  const [made, remade] = again(more, techniques);
  expect(kindsOf(made)).toEqual(kinds);
  made.plans.forEach(({ plan }, p) => {
    const other = remade.plans[p]!.plan;
    expect(bytes(other.dose.data)).toEqual(bytes(plan.dose.data));
    expect(bytes(other.surfaceDose)).toEqual(bytes(plan.surfaceDose));
    if (plan.fineDose) expect(bytes(other.fineDose!.data)).toEqual(bytes(plan.fineDose.data));
    plan.fields.forEach(({ fluence, monitorUnits }, f) => {
      expect(other.fields[f]!.monitorUnits).toBe(monitorUnits);
      expect(bytes(other.fields[f]!.fluence.weights)).toEqual(bytes(fluence.weights));
      expect(bytes(other.fields[f]!.fluence.grid.x)).toEqual(bytes(fluence.grid.x));
    });
    // Nothing was optimised: there are no weights of an optimiser.
    expect(other.solution.weights).toBeUndefined();
  });
  expect(told(remade)).toEqual(told(made));
});

test('what is recorded is what is there: organ voxels, nominal plan, scale', () => {
  const job = jobFor({ prior: null });
  expect(() => remakePlan(job, [], { techniques: ['imrt'] })).toThrow(/there is no record of imrt/);
});

test('a file that is none, or that is damaged, is refused with the field', () => {
  const record = {
    technique: 'imrt' as const,
    isocenter: [1, 2, 3] as [number, number, number],
    scale: 1,
    fields: [
      {
        name: 'G0',
        gantry: 0,
        collimator: 0,
        couch: 0,
        monitorUnits: 1,
        fluence: { x: [0, 5, 10], y: [0, 5], weights: [1, -0] },
      },
    ],
    organVoxels: [],
    outcome: {
      status: 'reached' as const,
      objective: 1,
      evaluations: 2.5,
      prescriptionDose: 39.6,
      uncovered: [],
      largestDifference: 0,
      certificate: {
        objective: 'f',
        value: 1,
        lowerBound: null,
        gap: null,
        isConvex: true,
        violation: null,
        prices: [],
      },
    },
  };
  const text = encodeFluence(record);
  expect(decodeFluence(text)).toEqual(record);
  expect(Object.is(decodeFluence(text).fields[0]!.fluence!.weights[1], -0)).toBe(true);
  for (const [wrong, said] of [
    ['{', /^f\.json: is not JSON/],
    [text.replace('respine fluence 1', 'respine fluence 9'), /f\.json: format/],
    [text.replace('"gantry": 0', '"gantry": "0"'), /fields\.0\.gantry: is "0", but must be a number/],
    [text.replace('[1,-0]', '[1]'), /field "?G0"? has 1 weights for 2 \w+/],
    [text.replace('"objective": "f"', '"objective": 3'), /certificate: is no certificate/],
  ] as const) {
    expect(wrong).not.toBe(text);
    expect(() => decodeFluence(wrong, 'f.json')).toThrow(said);
  }
});
