/** A plan's structures in its dose: which have a DVH, how a course is converted, and what is judged of no plan. */
import { expect, test } from 'vitest';
import { bed, eqd2 } from '../../src/biology/linear-quadratic.js';
import { StructureLines } from '../../src/evaluate/structure-lines.js';
import { createGrid } from '../../src/geometry/grid.js';
import { box } from '../../src/geometry/shape.js';
import { createDose } from '../../src/geometry/volume.js';
import { whyNoPlan } from '../../src/plan/evaluation/evaluate-plan.js';
import { levelOf } from '../../src/plan/input/spine-level.js';
import { courseTerm } from '../../src/plan/patient/course-term.js';
import { drawnDvhs } from '../../src/plan/technique/drawn-dvh.js';
import { columns, csvLine, csvText } from '../../src/report/table.js';

test('a structure has a DVH where no more than a hundredth lies off the grid; the external wherever any is on it', () => {
  const grid = createGrid([6, 6, 6], [5, 5, 5], [0, 0, 0]);
  const dose = createDose(grid, { quantity: 'physical', fractions: 5 }, new Float32Array(216).fill(20));
  const shape = { kind: 'solid', solid: box([3, 3, 3], [20, 20, 20]) } as const;
  const names = ['Whole', 'Nearly', 'Half', 'Skin', 'Off', 'Empty'];
  const shares = new Map(
    names.map((structure, i) => [
      structure,
      { structure, volumeCc: structure === 'Empty' ? 0 : 5, onGrid: [1, 0.99, 0.5, 0.2, 0, 0][i]!, inBody: 1 },
    ]),
  );
  const lines = new Map(names.map((name) => [name, new StructureLines({ name, role: 'organ', shape }, grid, 20_000)]));
  const { dvhs, absent } = drawnDvhs(
    { external: 'Skin', drawnFractions: shares, lines } as any,
    () => dose,
    () => 20,
  );
  expect([...dvhs.keys()]).toEqual(['Whole', 'Nearly', 'Skin']);
  expect(dvhs.get('Whole')!.max).toBeCloseTo(20, 6);
  expect([...absent.keys()]).toEqual(['Half', 'Off', 'Empty']);
  expect(absent.get('Half')).toMatch(/^Only 50\.0 % of Half .* it has no metrics$/);
  expect(absent.get('Empty')).toBe('Empty is empty');
});

test('a course is converted as its EQD2 or BED; what is an EQD2 already stays, and a trace below zero does not rise', () => {
  const physical = { data: new Float32Array(1), quantity: 'physical', fractions: 5 } as const;
  for (const gray of [0, 3, 20]) {
    expect(courseTerm(physical, 'eqd2', 3).convert(gray)).toBeCloseTo(eqd2(gray, 5, 3), 9);
    expect(courseTerm(physical, 'bed', 3).convert(gray)).toBeCloseTo(bed(gray, 5, 3), 9);
  }
  expect(courseTerm(physical, 'bed', 3).convert(-1)).toBe(-1);
  const read = { data: new Float32Array(1), quantity: 'eqd2', alphaBeta: 2 } as const;
  expect(courseTerm(read, 'eqd2', 2).convert(24)).toBe(24);
  expect(courseTerm(read, 'bed', 2).convert(24)).toBe(48);
});

test('less than half of the prescription is no plan, nor is one that keeps not all constraints', () => {
  const of = (status: string, prescriptionDose: number) =>
    whyNoPlan({ solution: { status, prescriptionDose } } as any, 30);
  expect(of('reached', 30)).toBeUndefined();
  expect(of('prescription-missed', 15)).toBeUndefined();
  expect(of('prescription-missed', 14.9)).toBe('no plan: the constraints leave 14.90 of 30 Gy');
  expect(of('infeasible', 29)).toBe('no plan: none keeps the constraints, and this one reaches 29.00 of 30 Gy');
  expect(of('reached', Number.NaN)).toMatch(/^no plan/);
});

test('the level of the spine is that of the case, or of the phantom’s name', () => {
  const of = (phantom: string | undefined, level?: string) =>
    levelOf({ patient: phantom === undefined ? { ct: 'x-c3' } : { phantom }, retreatment: { level } } as any);
  expect([of('spine-c5'), of('spine-L3'), of('spine-t8'), of('spine')]).toEqual([
    'cervical',
    'lumbar',
    'thoracic',
    'thoracic',
  ]);
  expect([of('spine-c5', 'lumbar'), of(undefined)]).toEqual(['lumbar', 'thoracic']);
});

test('columns: words to the left, numbers to the right, two spaces apart', () => {
  const text = columns([
    ['', 'name', 'value', 'bound'],
    ['1', 'a', '2.50', '28.90 ±0.12'],
    ['22', 'long', '-12.25', '3.00 ±?'],
    ['3', 'x', ''],
  ]);
  expect(text.split('\n')).toEqual([
    '    name   value        bound',
    '1   a       2.50  28.90 ±0.12',
    '22  long  -12.25      3.00 ±?',
    '3   x',
    '',
  ]);
});

test('a cell is quoted where it must be, and a formula is none', () => {
  expect(csvLine(['a', null, 1.5, 'b,c', 'say "x"'])).toBe('a,,1.5,"b,c","say ""x"""\n');
  expect(['=1+1', '+A1', '-x', '@x', ' =1'].map(csvText)).toEqual(["'=1+1", "'+A1", "'-x", "'@x", "' =1"]);
  expect(['-1.5', '+2', '-.5e-3', '1e5', 'a=b'].map(csvText)).toEqual(['-1.5', '+2', '-.5e-3', '1e5', 'a=b']);
});

test('that no plan keeps a volume is said of the voxels that were chosen', () => {
  const volume = 'SpinalCanal V24.5Gy <= 15.99%';
  const minimum = 'PTV_3960 Min >= 29.37Gy';
  const say = (conflict: readonly string[], rows?: number): string | undefined =>
    whyNoPlan(
      {
        solution: { status: 'infeasible', prescriptionDose: 30 },
        conflict,
        held: [
          { constraint: minimum, factor: 1, rows: 5 },
          { constraint: volume, factor: 1, rows },
        ],
      } as any,
      39.6,
    );
  expect(say([minimum, volume], 619)).toBe(
    `no plan: none keeps ${minimum} and ${volume}, for the voxels that were chosen to break ${volume}, and this one reaches 30.00 of 39.6 Gy`,
  );
  for (const told of [say([minimum, volume]), say([minimum, 'the cap on SpinalCord'], 619)]) {
    expect(told).not.toContain('chosen');
  }
});
