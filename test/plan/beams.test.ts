/** The choice of beams: what is proven of every choice, and the laws that any choice obeys. */
import { describe, expect, test } from 'vitest';
import type { BeamAngles } from '../../src/beam/arrangement.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { createJob, type PlanJob, withCase } from '../../src/plan/patient/plan-job.js';
import { runPlan } from '../../src/plan/run-plan.js';
import { equispacedCandidates, opposedPairs, orderedCandidates } from '../../src/plan/sweep/beam-candidates.js';
import { chooseBeams } from '../../src/plan/sweep/choose-beams.js';
import { spine } from './spine.js';

const options = { parameters: { length: 90 } };
const jobOf = (
  target: 'horseshoe' | 'body-pedicle' = 'horseshoe',
  side: 'left' | 'right' = 'left',
  more = {},
): PlanJob => {
  const sided = target === 'body-pedicle' ? { side } : {};
  return createJob({
    case: parseCase({
      patient: { phantom: 'spine-t8', target, ...sided, ...options },
      doseGrid: { spacing: [8, 8, 8], planning: 100 },
      prior: null,
      imrt: { delivery: 'fluence', beamlet: 12 },
      ...more,
    }),
    patient: spine({ spacing: 8, target, ...sided, ...options }),
    machine: artiste6mv,
  });
};
const job = jobOf();
const at = (...gantries: number[]): BeamAngles[] => gantries.map((gantry) => ({ gantry }));
const gantries = (beams: readonly BeamAngles[]): number[] => beams.map(({ gantry }) => gantry);
const TWELVE = at(0, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 330);
const level = 39.6;
const made = chooseBeams(job, { choose: [2, 3, 4, 12], candidates: TWELVE, compare: [at(0, 90, 180, 270)], level });
/** Proven of a plan, fraction. */
const GAP = 0.006;

describe('laws of a choice', () => {
  const beams = at(60, 150, 240);
  const own = withCase(job, {
    imrt: { delivery: 'fluence', beamlet: 12, beams: beams.map((angles) => ({ ...angles })) },
  });
  const some = TWELVE.slice(2, 9);
  const choiceOf = (candidates: readonly BeamAngles[]) =>
    chooseBeams(own, { choose: 3, candidates, compare: [beams], level });
  const ofSome = choiceOf(some);

  test('no plan lies below what is proven of all candidates, nor one of its beams below what is proven of those', () => {
    for (const point of [...made.points, ...made.compared]) {
      expect(made.all.lowerBound!).toBeLessThanOrEqual(point.objective);
      expect(point.lowerBound!).toBeLessThanOrEqual(point.objective);
      expect(point.lowerBound!).toBeGreaterThan((1 - GAP) * point.objective);
      expect(point.distance).toBeCloseTo(point.objective / made.all.lowerBound! - 1, 12);
    }
    expect(made.all.lowerBound!).toBeGreaterThan((1 - GAP) * made.all.objective);
  });

  test('more beams are never worse', () => {
    const values = made.points.map(({ objective }) => objective);
    expect(made.points.map(({ beams }) => beams.length)).toEqual([2, 3, 4, 12]);
    for (let p = 1; p < values.length; p++) expect(values[p]!).toBeLessThanOrEqual(values[p - 1]!);
    expect(values[0]!).toBeGreaterThan(1.05 * values[2]!);
  });

  test('choosing all returns all, and their plan', () => {
    expect(made.points.at(-1)!.beams).toEqual(TWELVE);
    expect(made.points.at(-1)!.objective).toBe(made.all.objective);
  });

  test('what is chosen is better than the same number all around', () => {
    const [box] = made.compared;
    expect(made.points[2]!.objective).toBeLessThanOrEqual(box!.objective);
  });

  test('what is chosen is never worse than as many beams of the case, where they are candidates', () => {
    expect(ofSome.points[0]!.objective).toBeLessThanOrEqual(ofSome.compared[0]!.objective);
  });

  test('of few candidates the choice is the best of all sets, each planned', () => {
    const candidates = at(0, 70, 140, 200);
    const pairs = candidates.flatMap((a, i) => candidates.slice(i + 1).map((b) => [a, b]));
    const small = chooseBeams(job, { choose: 2, candidates, compare: pairs, level });
    const best = Math.min(...small.compared.map(({ objective }) => objective));
    expect(small.points[0]!.objective).toBeLessThanOrEqual((1 + GAP) * best);
    expect(small.points[0]!.objective).toBeGreaterThanOrEqual((1 - GAP) * best);
  });

  test('a superset of candidates never has a worse bound', () => {
    const fewer = chooseBeams(job, { choose: 2, candidates: TWELVE.filter((_, b) => b % 2 === 0), level });
    expect(made.all.lowerBound!).toBeLessThanOrEqual(fewer.all.objective);
    expect(made.all.objective).toBeLessThanOrEqual((1 + GAP) * fewer.all.objective);
  });

  test('the order of the candidates changes nothing', () => {
    expect(choiceOf([...some].reverse())).toEqual(ofSome);
  });

  test('a mirrored patient gets the mirrored choice, or one as good', () => {
    const candidates = at(20, 100, 180, 260, 340);
    const choice = (side: 'left' | 'right') =>
      chooseBeams(jobOf('body-pedicle', side), { choose: 3, candidates, level });
    const [left, right] = [choice('left').points[0]!, choice('right').points[0]!];
    const mirrored = gantries(left.beams).map((gantry) => (360 - gantry) % 360);
    const isMirrored = JSON.stringify(mirrored.sort()) === JSON.stringify(gantries(right.beams).sort());
    expect(isMirrored || Math.abs(left.objective / right.objective - 1) < 0.02).toBe(true);
  });
});

test('a search that is cut short says so, and its set is planned and proven all the same', () => {
  const cut = chooseBeams(job, { choose: 3, candidates: TWELVE.slice(2, 9), level, timeLimit: 1e-3 });
  expect([cut.isCutShort, made.isCutShort]).toEqual([true, false]);
  const [point] = cut.points;
  expect(point!.beams).toHaveLength(3);
  expect(point!.status).toBe('reached');
  expect(point!.objective).toBeGreaterThanOrEqual(cut.all.lowerBound!);
});

test('the chosen case is planned by the ordinary way, keeps the cap, and lies above the bound', () => {
  const { beams } = made.points[2]!;
  const chosen = withCase(job, { imrt: { delivery: 'fluence', beamlet: 12, beams: beams.map((own) => ({ ...own })) } });
  const { plan } = runPlan(chosen, { techniques: ['imrt'] }).plans[0]!;
  expect(plan.solution.certificate.violation!.amount).toBeLessThanOrEqual(1e-6);
  // Its level meets the prescription and is its own, a little off the common one.
  expect(plan.solution.objective).toBeGreaterThan(made.all.lowerBound!);
  expect(Math.abs(plan.solution.objective / made.points[2]!.objective - 1)).toBeLessThan(0.1);
});

describe('candidates', () => {
  test('all around at each couch angle; what looks along the turned couch is the same beam and comes once', () => {
    const found = equispacedCandidates(8, [0, 30]);
    expect(found).toHaveLength(14);
    expect(found.filter(({ couch }) => couch === 30).map(({ gantry }) => gantry)).toEqual([45, 90, 135, 225, 270, 315]);
    expect(equispacedCandidates(36)).toHaveLength(36);
  });

  test('one order, and pairs that look at each other', () => {
    const ordered = orderedCandidates([
      { gantry: 270 },
      { gantry: 90 },
      { gantry: 10, couch: 20 },
      { gantry: -90, couch: 5 },
    ]);
    expect(ordered).toEqual([{ gantry: 90 }, { gantry: 270 }, { gantry: -90, couch: 5 }, { gantry: 10, couch: 20 }]);
    expect(opposedPairs(ordered)).toEqual([[0, 1]]);
  });
});

test.each([
  [
    'more beams than candidates',
    { choose: 4, candidates: at(0, 90, 180) },
    /4 beams are to be chosen, but there are only 3 candidates/,
  ],
  ['none', { choose: 0 }, /number of beams to choose is 0/],
  ['half a beam', { choose: 2.5 }, /2\.5, but must be a whole number/],
  ['one angle twice', { choose: 1, candidates: at(40, 100, 400 - 360) }, /G40 and G40 are one beam/],
  ['one beam by two names', { choose: 1, candidates: [{ gantry: -90 }, { gantry: 270 }] }, /are one beam/],
  [
    'one beam, half a turn of couch apart',
    {
      choose: 1,
      candidates: [
        { gantry: 0, couch: 30 },
        { gantry: 0, collimator: 330 },
      ],
    },
    /are one beam/,
  ],
  ['an angle that is none', { choose: 1, candidates: at(Number.NaN) }, /angle of a candidate is NaN/],
  ['no candidate', { choose: 1, candidates: [] }, /there are no candidates/],
  ['couch angles with a list', { choose: 1, candidates: at(0), couch: [10] }, /go with a number of candidates/],
  [
    'a set of others',
    { choose: 1, candidates: at(0, 90), compare: [at(45)] },
    /G45 of a set .* is none of the 2 candidates/,
  ],
  ['no time', { choose: 1, timeLimit: 0 }, /time limit in seconds is 0/],
  ['a level that is none', { choose: 1, level: 0 }, /level in Gy is 0/],
])('bad input: %s', (_, given, message) => {
  expect(() => chooseBeams(job, given)).toThrow(message);
});

test('the isocentre lies outside the patient, or the case is robust: one sentence', () => {
  const far = jobOf('horseshoe', 'left', { isocenter: [0, 0, 900] });
  expect(() => chooseBeams(far, { choose: 1, candidates: at(0, 90) })).toThrow(/isocenter .* lies outside the patient/);
  const robust = jobOf('horseshoe', 'left', { imrt: { delivery: 'fluence', beamlet: 12, robust: { distance: 3 } } });
  expect(() => chooseBeams(robust, { choose: 1 })).toThrow(/has imrt.robust/);
});
