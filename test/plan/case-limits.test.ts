/** What a case is by default, and how far each of its numbers may go: the last that is taken, the first that is not. */
import { describe, expect, test } from 'vitest';
import { parseCourses } from '../../src/plan/input/courses-file.js';
import { parseFields } from '../../src/plan/input/fields-file.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { type PlanCaseInput, priorsOf } from '../../src/plan/input/plan-case.js';

const patient = { phantom: 'spine-t8' };

test('a case that names a patient alone is the reference case', () => {
  expect(parseCase({ patient })).toEqual({
    patient,
    target: 'PTV_3960',
    prescription: { dose: 39.6, fractions: 22, to: 'D50' },
    prior: { dose: 38, fractions: 19, months: 17.7 },
    retreatment: {
      tolerance: 50,
      recovery: 'none',
      omit: [],
      limits: [],
      position: { search: [3, 3, 3], priorSd: [2.3, 2.3, 2.3], sd: [0.2, 0.2, 0.2] },
      clinical: {},
    },
    alphaBeta: { cord: 2 },
    cordCap: 29.8,
    cordCapOrigin: 'default',
    machine: 'artiste-6mv',
    doseModel: { heterogeneity: 'density', medium: 'engine' },
    doseGrid: { spacing: [2, 2, 2], planning: 2 },
    fcrt: {
      beams: 'posterior-5',
      margin: 6,
      leafWidth: 5,
      conform: 'outside',
      transmission: {},
      cordShield: false,
      hold: 'prescription',
    },
    imrt: { beams: 'posterior-9', beamlet: 5, margin: 5, hold: 'cord' },
    constraints: [],
    objectives: 'spine-default',
    priorities: [],
  });
});

test('a part that is begun has the same defaults in the rest', () => {
  const given = { patient, prescription: {}, alphaBeta: {}, fcrt: {}, imrt: {}, retreatment: { position: {} } };
  const whole = parseCase({ patient });
  const begun = parseCase(given);
  expect(begun).toEqual(whole);
  expect(parseCase({ patient, cordCap: 29.8 }).cordCapOrigin).toBe('case');
  const fields = parseCase({ patient, prior: { dose: 30, fractions: 10, months: 6, fields: {} } }).prior as any;
  expect(fields.fields).toEqual({ beams: 'ap-pa', width: 80, length: 100 });
  expect(priorsOf({ prior: null })).toEqual([]);
  expect(priorsOf({ prior: fields })).toEqual([fields]);
  expect(priorsOf({ prior: [fields, fields] })).toHaveLength(2);
});

type Make = (value: number) => object;
const limit = {
  name: 'l',
  structure: 'SpinalCord',
  courses: 'all',
  alphaBeta: 2,
  limit: 50,
  source: { citation: 'A', evidence: 'found' },
};
const prior = { dose: 30, fractions: 10, months: 6 };
const edges: [name: string, make: Make, taken: readonly number[], refused: readonly number[]][] = [
  ['doseGrid.spacing', (v) => ({ doseGrid: { spacing: [2, 2, v] } }), [0.1, 100], [0.09, 100.5]],
  ['patient.spacing', (v) => ({ patient: { ...patient, spacing: [2, v, 2] } }), [0.1, 100], [0.09, 100.5]],
  ['patient.ptvMargin', (v) => ({ patient: { ...patient, ptvMargin: v } }), [0, 100], [-0.1, 100.5]],
  ['patient.noise.sd', (v) => ({ patient: { ...patient, noise: { sd: v, seed: 1 } } }), [0.001, 1000], [0, 1001]],
  ['prescription.dose', (v) => ({ prescription: { dose: v } }), [0.1, 200], [0, -1, 200.5]],
  ['prescription.fractions', (v) => ({ prescription: { fractions: v } }), [1, 200], [0, 1.5, 201]],
  ['cordCap', (v) => ({ cordCap: v }), [0.1, 200], [0, 201]],
  ['alphaBeta.cord', (v) => ({ alphaBeta: { cord: v } }), [0.1, 100], [0.09, 101]],
  ['alphaBeta.target', (v) => ({ alphaBeta: { target: v } }), [0.1, 100], [0.09, 101]],
  ['isocenter', (v) => ({ isocenter: [0, v, 0] }), [-1e5, 1e5], [-100001, 100001]],
  ['fcrt.leafWidth', (v) => ({ fcrt: { leafWidth: v } }), [1, 100], [0.9, 101]],
  ['fcrt.margin', (v) => ({ fcrt: { margin: v } }), [0, 100], [-1, 101]],
  ['fcrt.transmission.jaws', (v) => ({ fcrt: { transmission: { jaws: v } } }), [0, 0.999], [-0.001, 1]],
  ['fcrt.transmission.leaves', (v) => ({ fcrt: { transmission: { leaves: v } } }), [0, 0.999], [-0.001, 1]],
  ['fcrt.beams.gantry', (v) => ({ fcrt: { beams: [{ gantry: v }] } }), [-360, 360], [-361, 361]],
  ['fcrt.beams.collimator', (v) => ({ fcrt: { beams: [{ gantry: 0, collimator: v }] } }), [-360, 360], [-361, 361]],
  ['fcrt.beams.couch', (v) => ({ fcrt: { beams: [{ gantry: 0, couch: v }] } }), [-360, 360], [-361, 361]],
  ['fcrt.beams', (n) => ({ fcrt: { beams: Array.from({ length: n }, () => ({ gantry: 0 })) } }), [1, 360], [0, 361]],
  ['imrt.beamlet', (v) => ({ imrt: { beamlet: v } }), [1, 100], [0.9, 101]],
  ['imrt.margin', (v) => ({ imrt: { margin: v } }), [0, 100], [-1, 101]],
  ['imrt.robust.distance', (v) => ({ imrt: { robust: { distance: v } } }), [0.1, 20], [0, -1, 20.5]],
  ['imrt.robust.shifts', (v) => ({ imrt: { robust: { shifts: [[v, 0, 1]] } } }), [-20, 0, 20], [-20.5, 20.5]],
  ['imrt.robust.shifts', (n) => ({ imrt: { robust: { shifts: Array(n).fill([1, 0, 0]) } } }), [1, 100], [0, 101]],
  ['retreatment.tolerance', (v) => ({ retreatment: { tolerance: v } }), [0.1, 200], [0, 201]],
  ['position.search', (v) => ({ retreatment: { position: { search: [3, v, 3] } } }), [0, 50], [-1, 51]],
  ['position.sd', (v) => ({ retreatment: { position: { sd: [3, v, 3] } } }), [0, 50], [-1, 51]],
  ['limits.limit', (v) => ({ retreatment: { limits: [{ ...limit, limit: v }] } }), [0.1, 200], [0, 201]],
  [
    'limits, share',
    (v) => ({ retreatment: { limits: [{ ...limit, courses: 'share', limit: v }] } }),
    [0.1, 99.9],
    [100],
  ],
  ['limits.alphaBeta', (v) => ({ retreatment: { limits: [{ ...limit, alphaBeta: v }] } }), [0.1, 100], [0.09, 101]],
  ['limits.fractions', (v) => ({ retreatment: { limits: [{ ...limit, fractions: [1, v] }] } }), [1, 200], [0, 201]],
  [
    'bounds.alphaBeta',
    (v) => ({ retreatment: { bounds: [{ structure: 'SpinalCord', courses: 'all', eqd2: 50, alphaBeta: v }] } }),
    [0.1, 100],
    [0.09, 101],
  ],
  ['retreatment.limits', (n) => ({ retreatment: { limits: Array(n).fill(limit) } }), [0, 200], [201]],
  ['retreatment.omit', (n) => ({ retreatment: { omit: Array(n).fill('hytec-share') } }), [0, 200], [201]],
  [
    'retreatment.bounds',
    (n) => ({
      retreatment: { bounds: Array(n).fill({ structure: 'SpinalCord', courses: 'all', eqd2: 50, alphaBeta: 2 }) },
    }),
    [0, 200],
    [201],
  ],
  [
    'retreatment.recovery.table',
    (n) => ({
      retreatment: { recovery: { convention: 'ang', table: Array.from({ length: n }, (_, i) => [i, 0.5]) } },
    }),
    [1, 100],
    [0, 101],
  ],
  ['goals', (n) => ({ goals: Array(n).fill('SpinalCord Max <= 30Gy') }), [0, 1000], [1001]],
  ['prior.months', (v) => ({ prior: { ...prior, months: v } }), [0, 1200], [-0.5, 1201]],
  ['prior.fields.width', (v) => ({ prior: { ...prior, fields: { width: v } } }), [0.1, 600], [0, 601]],
  ['prior.fields.length', (v) => ({ prior: { ...prior, fields: { length: v } } }), [0.1, 600], [0, 601]],
  ['prior', (n) => ({ prior: Array(n).fill(prior) }), [1, 3], [0]],
  ['prior.gyPerUnit', (v) => ({ prior: { months: 6, file: 'a.nrrd', gyPerUnit: v } }), [1e-9, 1e6], [0, 1e6 + 1]],
  [
    'prior.transform.matrix',
    (n) => ({ prior: { months: 6, file: 'a.nrrd', transform: { matrix: Array(n).fill(0) } } }),
    [16],
    [15, 17],
  ],
];

describe('how far a number may go', () => {
  test.each(edges)('%s', (_, make, taken, refused) => {
    const parse = (value: number) => parseCase({ patient, ...make(value) } as PlanCaseInput);
    for (const value of taken) expect(() => parse(value), String(value)).not.toThrow();
    for (const value of refused) expect(() => parse(value), String(value)).toThrow(/CASE\.json/);
  });
});

describe('what does not go together in a prior course', () => {
  test.each<[string, object, RegExp]>([
    ['a file and a dose', { months: 6, file: 'a.nrrd', dose: 30 }, /prior\.dose.*does not go with "file"/],
    ['a file and a region', { months: 6, file: 'a.nrrd', region: 'PTV' }, /prior\.region/],
    ['no dose', { months: 6, fractions: 10 }, /prior\.dose.*is missing/],
    ['no fractions', { months: 6, dose: 30 }, /prior\.fractions.*is missing/],
    ['fields and a region', { ...prior, fields: {}, region: 'PTV' }, /prior\.region.*does not go with "fields"/],
    ['a transform without a file', { ...prior, transform: 'a.dcm' }, /prior\.transform.*without "file"/],
    ['beyond without a file', { ...prior, beyond: 'zero' }, /prior\.beyond.*without "file"/],
  ])('%s', (_, given, message) => {
    expect(() => parseCase({ patient, prior: given })).toThrow(message);
  });

  test('a file with what belongs to it, and fields without a region, are taken', () => {
    expect(
      parseCase({ patient, prior: { months: 6, file: 'a.nrrd', beyond: 'zero', transform: 'r.dcm' } }).prior,
    ).toMatchObject({
      beyond: 'zero',
    });
    expect(parseCase({ patient, prior: { ...prior, region: 'PTV' } }).prior).toMatchObject({ region: 'PTV' });
  });
});

test('robust needs either a distance or shifts, and a shift that is none is refused', () => {
  const parse = (robust: object) => () => parseCase({ patient, imrt: { robust } } as any);
  expect(parse({ distance: 3 })).not.toThrow();
  expect((parse({ distance: 3 })().imrt.robust as any).target).toBe('nominal');
  expect(parse({})).toThrow(/either "distance" in mm or "shifts"/);
  expect(parse({ distance: 3, shifts: [[1, 0, 0]] })).toThrow(/either/);
  expect(parse({ shifts: [[0, 0, 0]] })).toThrow(/nominal plan/);
  expect(
    parse({
      shifts: [
        [0, 0, 0],
        [0, 0, 1],
      ],
    }),
  ).not.toThrow();
});

describe('a bound is a limit by its name, or all of its numbers', () => {
  const bound = { structure: 'SpinalCord', courses: 'all', eqd2: 50, alphaBeta: 2 };
  const parse = (given: object) => () => parseCase({ patient, retreatment: { bounds: [given] } } as any);
  test.each<[string, object, RegExp | undefined]>([
    ['numbers', bound, undefined],
    ['numbers with a source and Max', { ...bound, source: 'ours', metric: 'Max' }, undefined],
    ['another metric', { ...bound, metric: 'D1cc' }, /metric.*no maximum over voxels/],
    ['no courses', { ...bound, courses: undefined }, /courses.*is missing/],
    ['no eqd2', { ...bound, eqd2: undefined }, /eqd2.*is missing/],
    ['no alphaBeta', { ...bound, alphaBeta: undefined }, /alphaBeta.*is missing/],
    [
      'a name and a number',
      { structure: 'SpinalCord', limit: 'hytec-cumulative', eqd2: 50 },
      /eqd2.*does not go with "limit"/,
    ],
    ['a name and a source', { structure: 'SpinalCord', limit: 'hytec-cumulative', source: 'x' }, /source.*does not go/],
  ])('%s', (_, given, message) => {
    if (message === undefined) expect(parse(given)).not.toThrow();
    else expect(parse(given)).toThrow(message);
  });
});

describe('COURSES.json', () => {
  const uniform = { name: 'first', dose: 30, fractions: 10 };
  const file = { name: 'second', dose: 'a.dcm' };
  const parse = (more: object) => parseCourses({ alphaBeta: 2, courses: [uniform, file], ...more });

  test('the last course with a file is that of reference; the sum is an EQD2 and unknown beyond a grid', () => {
    expect(parse({})).toMatchObject({ quantity: 'eqd2', beyond: 'missing', reference: 'second' });
    expect(parse({ courses: [{ ...file, name: 'a' }, file, uniform] }).reference).toBe('second');
    expect(parse({ courses: [{ ...file, name: 'a' }, file], reference: 'a' }).reference).toBe('a');
    expect(parse({ structures: 's.dcm' }).structures).toEqual(['s.dcm']);
    expect(parse({ structures: ['s.dcm', 't.nrrd'] }).structures).toHaveLength(2);
  });

  test.each<[string, object, RegExp]>([
    ['alpha/beta 0', { alphaBeta: 0 }, /is 0 Gy, but must be > 0/],
    ['alpha/beta 0.09', { alphaBeta: 0.09 }, /alphaBeta/],
    ['alpha/beta 101', { alphaBeta: 101 }, /alphaBeta/],
    ['no alpha/beta', { alphaBeta: undefined }, /the choice decides the answer/],
    ['no course', { courses: [] }, /courses/],
    ['51 courses', { courses: Array.from({ length: 51 }, (_, i) => ({ ...file, name: `c${i}` })) }, /courses/],
    ['an even dose in unknown fractions', { courses: [{ name: 'a', dose: 3 }, file] }, /fractions.*is missing/],
    [
      'an even dose with a transform',
      { courses: [{ ...uniform, transform: 'r' }, file] },
      /transform.*same everywhere/,
    ],
    ['one name twice', { courses: [file, file] }, /"second" is the name of two courses/],
    ['no file', { courses: [uniform] }, /at least one course with a dose file/],
    ['a reference without a file', { reference: 'first' }, /"first" is no course with a dose file; there are second/],
    ['a transform of the reference', { courses: [uniform, { ...file, transform: 'r.dcm' }] }, /is not needed/],
    ['a name of no letters', { courses: [{ ...file, name: '' }] }, /name/],
    ['a name of 101 letters', { courses: [{ ...file, name: 'x'.repeat(101) }] }, /name/],
  ])('%s is refused', (_, more, message) => {
    expect(() => parse(more)).toThrow(message);
  });

  test('at the edges', () => {
    for (const alphaBeta of [0.1, 100]) expect(parse({ alphaBeta }).alphaBeta).toBe(alphaBeta);
    const fifty = Array.from({ length: 50 }, (_, i) => ({ ...file, name: `${i}`.padStart(100, 'x') }));
    expect(parse({ courses: fifty }).courses).toHaveLength(50);
  });
});

describe('FIELDS.json', () => {
  const field = { x1: -10, x2: 10, y1: -20, y2: 20 };
  const beam = { gantry: 0, monitorUnits: 100, field };
  const parse = (more: object, own: object = {}) =>
    parseFields({ patient: { phantom: 'box' }, isocenter: [0, 0, 0], beams: [{ ...beam, ...own }], ...more });

  test('one fraction, no turn and the engine’s dose by default', () => {
    expect(parse({})).toMatchObject({
      machine: 'artiste-6mv',
      fractions: 1,
      transmission: {},
      doseModel: { heterogeneity: 'density', medium: 'engine' },
      beams: [{ gantry: 0, collimator: 0, couch: 0, monitorUnits: 100 }],
    });
  });

  test.each<[string, (value: number) => unknown, readonly number[], readonly number[]]>([
    ['gantry', (v) => parse({}, { gantry: v }), [-360, 360], [-361, 361]],
    ['collimator', (v) => parse({}, { collimator: v }), [-360, 360], [-361, 361]],
    ['monitorUnits', (v) => parse({}, { monitorUnits: v }), [0, 100_000], [-1, 100_001]],
    ['grid', (v) => parse({ grid: { spacing: [v, 2, 2] } }), [0.1, 100], [0.09, 101]],
    ['fractions', (v) => parse({ fractions: v }), [1, 200], [0, 201]],
    ['beams', (n) => parse({ beams: Array(n).fill(beam) }), [1, 1000], [0, 1001]],
    ['jaws', (v) => parse({ transmission: { jaws: v } }), [0, 0.99], [-0.1, 1]],
  ])('%s', (_, make, taken, refused) => {
    for (const value of taken) expect(() => make(value), String(value)).not.toThrow();
    for (const value of refused) expect(() => make(value), String(value)).toThrow(/FIELDS\.json/);
  });

  test('a beam is jaws, leaves or a map, and has its monitor units once', () => {
    const fluence = { spacing: 5, beamlets: [[0, 0, 10]] };
    const aperture = { bank: 'millennium-120', openings: [field] };
    expect(() => parse({}, { field: undefined })).toThrow(/exactly one of .* but has none/);
    expect(() => parse({}, { aperture })).toThrow(/but has field and aperture/);
    expect(() => parse({}, { field: undefined, aperture })).not.toThrow();
    expect(() => parse({}, { field: undefined, aperture: { ...aperture, leaves: [[0, 1]] } })).toThrow(
      /"leaves" or "openings"/,
    );
    expect(() => parse({}, { field: undefined, aperture: { bank: 'millennium-120' } })).toThrow(
      /"leaves" or "openings"/,
    );
    expect(() => parse({}, { monitorUnits: undefined })).toThrow(/needs "monitorUnits"/);
    expect(() => parse({}, { field: undefined, fluence })).toThrow(/beside "fluence"/);
    expect(() => parse({}, { field: undefined, fluence, monitorUnits: undefined })).not.toThrow();
  });
});
