/** The summary of a table: counts, medians, pairs, outliers by hand, and the laws that they keep. */
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { sha256 } from '../../src/node/sha256.js';
import { expandStudy, parseStudy, type StudyInput } from '../../src/plan/input/study-file.js';
import { readStudyTable, type StudyRow, studyColumns, studyTable } from '../../src/report/study-table.js';
import { fieldUnit } from '../../src/study/field-unit.js';
import { studyData } from '../../src/study/study-data.js';
import { type StudySummary, summariseStudy } from '../../src/study/summarise-study.js';
import { summaryFigures } from '../../src/study/summary-figures.js';
import { countNotes, outlierNotes } from '../../src/study/summary-notes.js';
import { latexTables, levelTable, markdownTables, pairedTable } from '../../src/study/summary-tables.js';

const input = {
  name: 'Caps & cases_1',
  base: { patient: { phantom: 'spine-t8' }, prior: { dose: 38, fractions: 19, months: 17.7 } },
  sample: { draws: 8, seed: 1, fields: { 'prior.dose': { uniform: [30, 46] } } },
  vary: { cordCap: [20, 28, 36] },
  techniques: ['fcrt', 'imrt'],
  metrics: ['PTV_3960 D95%', 'SpinalCord Max'],
} satisfies StudyInput;
const study = parseStudy(input, 'S.json');
const runs = expandStudy(study, { version: '1', hash: (text) => sha256(text).slice(0, 16) });
const columns = studyColumns(study);

/** D95 = 30 + cap / 10 + 2 for IMRT + draw / 100, and one plan that stands out; no figure of the cord for draw 2. */
function madeRow(run: (typeof runs)[number], add = 0): StudyRow {
  const [cap, draw] = [run.values.get('cordCap') as number, run.values.get('draw') as number];
  const isOut = draw === 5 && cap === 28 && run.technique === 'imrt';
  const d95 = 30 + cap / 10 + (run.technique === 'imrt' ? 2 : 0) + draw / 100 + (isOut ? -4 : 0) + add;
  const figures: Record<string, string | number> = {
    ...{ key: run.key, version: '1', technique: run.technique, draw, cordCap: cap, status: 'reached' },
    'prior.dose': run.values.get('prior.dose') as number,
    'PTV_3960 D95%[Gy]': Number(d95.toFixed(6)),
    'SpinalCord Max[Gy]': draw === 2 ? '' : cap,
  };
  return { key: run.key, isFailure: false, cells: columns.map((name) => String(figures[name] ?? '')) };
}
const failure = (key: string): StudyRow => ({
  key,
  isFailure: true,
  cells: columns.map((name) => ({ key, status: 'failed', error: 'x' })[name] ?? ''),
});
const rowsOf = (rows: readonly StudyRow[]) => new Map(rows.map((row) => [row.key, row]));
const all = runs.map((run) => madeRow(run));
const summarise = (rows: readonly StudyRow[], compare?: readonly string[]): StudySummary =>
  summariseStudy(studyData(study, runs, rowsOf(rows)), compare);
const textsOf = (summary: StudySummary): string[] => [
  levelTable(summary),
  pairedTable(summary),
  markdownTables(summary, 'x', countNotes(summary)),
  ...outlierNotes(summary, { study: 'S.json', out: 'o' }),
  ...summaryFigures(summary, 'x').values(),
];
const summary = summarise(all);
const d95 = ({ paired }: StudySummary, from: string, to: string) =>
  paired.filter((own) => own.figure.name === 'PTV_3960 D95%' && own.from === from && own.to === to);

describe('by hand', () => {
  test('factors with their units, figures with theirs', () => {
    expect(summary.data.factors).toEqual([
      { name: 'technique', unit: '', levels: ['fcrt', 'imrt'], isNumeric: false },
      { name: 'cordCap', unit: 'Gy', levels: ['20', '28', '36'], isNumeric: true },
    ]);
    expect(summary.data.figures).toEqual([
      { name: 'PTV_3960 D95%', unit: 'Gy' },
      { name: 'SpinalCord Max', unit: 'Gy' },
    ]);
  });

  test('medians by technique and level, with the interval of eight: the second and the second last but none', () => {
    const own = summary.levels.find(
      ({ factor, level, technique, figure }) =>
        factor?.name === 'cordCap' && level === '20' && technique === 'imrt' && figure.name === 'PTV_3960 D95%',
    )!;
    expect(own).toMatchObject({ count: 8, failed: 0, missing: 0 });
    expect(own.quartiles.median).toBeCloseTo(34.045, 9);
    expect(own.interval).toEqual([34.01, 34.08]);
    const cord = summary.levels.find(({ figure, level }) => figure.name === 'SpinalCord Max' && level === '36')!;
    expect([cord.count, cord.quartiles.median]).toEqual([7, 36]);
  });

  test('pairs over all else: of every cap and draw', () => {
    const [between] = d95(summary, 'fcrt', 'imrt');
    expect(between!.differences).toHaveLength(24);
    expect(between!.differences.filter((d) => d === 2)).toHaveLength(23);
    expect([between!.median, between!.interval, between!.unpaired]).toEqual([2, [2, 2], 0]);
    const caps = d95(summary, '20', '36');
    expect(caps.map(({ technique }) => technique)).toEqual(['fcrt', 'imrt']);
    expect(caps[0]).toMatchObject({ median: 1.6, unpaired: 0 });
    expect(summary.paired.every(({ p, corrected }) => (p === undefined) === (corrected === undefined))).toBe(true);
    expect(summary.paired.every(({ p = 0, corrected = 1 }) => corrected >= p)).toBe(true);
  });

  test('the plan that stands out is named with the command that makes it again, and no other', () => {
    const [note, ...more] = outlierNotes(summary, { study: 'my study.json', out: 'out/' });
    expect(more).toEqual([]);
    const { key } = runs.find(
      ({ technique, values }) => technique === 'imrt' && values.get('cordCap') === 28 && values.get('draw') === 5,
    )!;
    expect(note).toBe(
      `imrt, cordCap 28, draw 5: PTV_3960 D95% [Gy] 30.9 (fences 34.8 to 34.9). Again: respine study 'my study.json' --row ${key} --out out/row-${key}`,
    );
  });

  test('without patients or draws the effects of levels are taken off first', () => {
    const { sample, ...plain } = input;
    const caps = Array.from({ length: 12 }, (_, c) => 20 + c);
    const own = parseStudy({
      ...plain,
      vary: { cordCap: caps, 'patient.cordCrop': [1, 2, 3, 4, 5, 6] },
      techniques: ['imrt'],
    });
    const ownRuns = expandStudy(own, { version: '1', hash: sha256 });
    const names = studyColumns(own);
    const random = createRandom(3);
    const rows = ownRuns.map((run, r): StudyRow => {
      const value = (run.values.get('cordCap') as number) * 3 + (run.values.get('patient.cordCrop') as number) ** 2;
      const shake = random.uniform() / 10 + (r === 17 ? 2 : 0);
      const cells = names.map(
        (name) => ({ status: 'reached', 'PTV_3960 D95%[Gy]': String(value + shake) })[name] ?? '',
      );
      return { key: run.key, isFailure: false, cells };
    });
    const found = summariseStudy(studyData(own, ownRuns, rowsOf(rows))).search;
    expect(found.unjudged).toBe(0);
    expect(found.polished).toEqual(['cordCap', 'patient.cordCrop']);
    expect(found.outliers.map(({ row }) => row.key)).toEqual([ownRuns[17]!.key]);
  });
});

describe('laws', () => {
  test('the order of the rows, and the way the table was put together, change nothing', () => {
    const reversed = summarise(all.toReversed());
    expect(textsOf(reversed)).toEqual(textsOf(summary));
    // Two halves as they are written and read.
    const half = (odd: number): Map<string, StudyRow> =>
      readStudyTable(
        study,
        studyTable(
          study,
          all.filter((_, r) => r % 2 === odd),
        ),
        'half.csv',
      );
    const merged = summariseStudy(studyData(study, runs, new Map([...half(1), ...half(0)])));
    expect(textsOf(merged)).toEqual(textsOf(summary));
  });

  test('a constant on every figure moves medians by itself, and no difference', () => {
    const moved = summarise(runs.map((run) => madeRow(run, 3)));
    const of = ({ levels }: StudySummary) => levels.filter(({ figure }) => figure.name === 'PTV_3960 D95%');
    of(moved).forEach(({ quartiles, interval }, l) => {
      const before = of(summary)[l]!;
      expect(quartiles.median - before.quartiles.median).toBeCloseTo(3, 9);
      expect(quartiles.upper - quartiles.lower).toBeCloseTo(before.quartiles.upper - before.quartiles.lower, 9);
      expect(interval![0] - before.interval![0]).toBeCloseTo(3, 9);
    });
    expect(pairedTable(moved)).toBe(pairedTable(summary));
  });

  test('the other way round a difference has the other sign, and the same p', () => {
    const turned = parseStudy({ ...input, techniques: ['imrt', 'fcrt'] }, 'S.json');
    const turnedRuns = expandStudy(turned, { version: '1', hash: (text) => sha256(text).slice(0, 16) });
    const [there] = d95(summary, 'fcrt', 'imrt');
    const [back] = d95(summariseStudy(studyData(turned, turnedRuns, rowsOf(all))), 'imrt', 'fcrt');
    expect(back!.differences.map((d) => -d)).toEqual(there!.differences);
    expect([-back!.median, back!.p]).toEqual([there!.median, there!.p]);
    expect(back!.interval).toEqual([-2, -2]);
  });
});

describe('what is missing is said', () => {
  test('failed and missing plans are counted, by level too, and are in no number', () => {
    const some = all.map((row, r) => (r < 3 ? failure(row.key) : row)).slice(0, -2);
    const own = summarise(some);
    expect(countNotes(own)[0]).toBe('43 plans; 3 failed and 2 are missing: none of these is in any number.');
    const rows = own.levels.filter(({ factor, figure }) => factor === undefined && figure.name === 'PTV_3960 D95%');
    expect(rows.map(({ count, failed, missing }) => [count, failed, missing])).toEqual([
      [21, 2, 1],
      [22, 1, 1],
    ]);
    // Draw 1 has no pair at cap 20 (both failed), and one left at cap 28; draw 8 none at cap 36.
    expect(d95(own, 'fcrt', 'imrt')[0]).toMatchObject({ unpaired: 1 });
    expect(d95(own, 'fcrt', 'imrt')[0]!.differences).toHaveLength(21);
    expect(countNotes(own).join()).toMatch(/comparisons leave out plans whose other level failed or is missing/);
  });

  test('one plan has no interval and no pair, and that is said', () => {
    const one = summarise(all.slice(0, 1));
    expect(one.levels.every(({ interval }) => interval === undefined)).toBe(true);
    expect(one.paired).toEqual([]);
    expect(countNotes(one).join('\n')).toMatch(
      /1 plans; 0 failed and 47 are missing[\s\S]*Of fewer than 6 values there is no 95 % interval/,
    );
    expect(levelTable(one).split('\n')[1]).toMatch(
      /^fcrt,all,,all,PTV_3960 D95%,Gy,1,32\.01,,,32\.01,32\.01,32\.01,32\.01,0,23$/,
    );
  });

  test('none that was made, a factor that there is not: one sentence', () => {
    expect(() => summarise([])).toThrow(
      /S\.json: the table holds no plan of this study that was made \(0 failed, 48 missing\)/,
    );
    expect(() => summarise(all, ['cordcap'])).toThrow(
      /--compare "cordcap" is no factor of the study \(did you mean "cordCap"\?\)\. There are technique, cordCap\./,
    );
    expect(summarise(all, ['technique']).left.map(({ name }) => name)).toEqual(['cordCap']);
  });
});

test('tables have units in every head; names are safe in Markdown and LaTeX', () => {
  const page = markdownTables(summary, input.name, []);
  expect(page).toContain('| technique | cordCap [Gy] | plans [1] | PTV_3960 D95% [Gy] | SpinalCord Max [Gy] |');
  expect(page).toContain('| imrt | 20 | 8 | 34.0 (34.0 to 34.1) | 20.0 (20.0 to 20.0) |');
  const paper = latexTables(summary, input.name, ['a note']);
  expect(paper).toContain('\\caption{Caps \\& cases\\_1: by cordCap [Gy]; median (95 \\% interval of the median)}');
  expect(paper).toContain('PTV\\_3960 D95\\% [Gy] & ');
  expect(paper.match(/\\begin\{tabular\}/g)).toHaveLength(3);
});

test('changes that go together are one factor', () => {
  const cases = [{ cordCap: 20, 'imrt.beams': 'posterior-7' }, { cordCap: 25 }];
  const own = parseStudy({ base: input.base, cases });
  const ownRuns = expandStudy(own, { version: '1', hash: sha256 });
  const names = studyColumns(own);
  const rows = ownRuns.map(({ key }) => ({
    key,
    isFailure: false,
    cells: names.map((n) => (n === 'gap' ? '1' : n === 'monitorUnits' ? '9' : '')),
  }));
  expect(studyData(own, ownRuns, rowsOf(rows)).factors).toEqual([
    {
      name: 'case',
      unit: '',
      levels: ['cordCap 20, beams posterior-7', 'cordCap 25, beams posterior-9'],
      isNumeric: false,
    },
  ]);
});

test.each([
  ['cordCap', 'Gy'],
  ['prior.dose', 'Gy'],
  ['prior.months', 'months'],
  ['prior.fractions', ''],
  ['prior.fields.shift.2', 'mm'],
  ['prior.fields.width', 'mm'],
  ['patient.ptvMargin', 'mm'],
  ['patient.cordCrop', 'mm'],
  ['patient.noise.sd', 'HU'],
  ['patient.parameters.canalDepth', 'mm'],
  ['patient.parameters.spinousTilt', 'degrees'],
  ['imrt.beamlet', 'mm'],
  ['imrt.robust.distance', 'mm'],
  ['doseGrid.spacing', 'mm'],
  ['imrt.beams', ''],
  ['patient.phantom', ''],
])('the unit of %s is "%s"', (path, unit) => {
  expect(fieldUnit(path)).toBe(unit);
});
