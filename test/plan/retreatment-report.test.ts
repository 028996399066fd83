/** A retreatment in words and figures: what binds, what is missed, and nothing beside it. */
import { expect, test } from 'vitest';
import type { RetreatmentAssessment } from '../../src/plan/evaluation/retreatment.js';
import type { AssessmentRow } from '../../src/plan/evaluation/tolerance-rows.js';
import { retreatmentReport, retreatmentSentence, retreatmentTable } from '../../src/report/retreatment.js';

const row = (more: object = {}): AssessmentRow =>
  ({
    name: 'hytec',
    title: 'HyTEC',
    structure: 'SpinalCord',
    metric: 'Max',
    courses: 'all',
    scale: 'EQD2/2',
    limit: 70,
    value: 66.123456,
    sumOfMaxima: 68.123456,
    result: 'pass',
    margin: 3.876544,
    allowed: 20.5,
    room: 2.3456789,
    role: 'criterion',
    source: { citation: 'A', evidence: 'found' },
    warnings: [],
    ...more,
  }) as AssessmentRow;
const missed = row({ name: 'own', title: 'Own', structure: 'Oesophagus', limit: 33.333, result: 'fail', room: -1.55 });
const binding = row();
const assessment = {
  cord: 'SpinalCord',
  level: 'thoracic',
  prior: {
    origin: 'uniform',
    months: 12,
    description: 'Prior',
    notes: [],
    courses: [{ origin: 'uniform', dose: { fractions: 25 }, months: 12 }],
  },
  maximum: { thisCourse: 18.04, alphaBeta: 2, thisEqd2: 21, priorEqd2: 45, cumulative: 64.02, sumOfMaxima: 66.02 },
  cumulativeNearMax: 63.123456,
  rows: [binding, missed],
  binding,
  strictest: missed,
  recovery: [
    {
      name: 'none',
      title: 'no recovery',
      prior: 45.123456,
      cumulative: 64.02,
      tolerance: 50.1,
      allowed: 5.0100001,
      source: { citation: 'B', evidence: 'assumed' },
    },
  ],
  risk: {
    nieder: { points: 4, group: 'intermediate', alphaBeta: 2, source: { evidence: 'recalled' } },
    schultheiss: { thisCourse: 0.00123456789, cumulative: 0.0456, source: { evidence: 'found' } },
    lyman: { cumulative: 0.123456789, source: { evidence: 'computed' } },
  },
  exceeded: [],
} as unknown as RetreatmentAssessment;
const sentence = (more: object): string => retreatmentSentence({ ...assessment, ...more }, 5);

test('the sentence: this course, both courses, what binds, what is missed elsewhere', () => {
  expect(sentence({})).toBe(
    'SpinalCord: maximum 18.0 Gy of this course in 5 fractions, with the prior course (up to 45.0 Gy EQD2) 64.0 Gy EQD2 in all, no recovery, alpha/beta 2 Gy; sum of maxima 66.0 Gy; HyTEC (Max 70 Gy EQD2/2) binds, with 2.3 Gy of this course left; on Oesophagus Own (Max 33.33 Gy EQD2/2) is missed by 1.6 Gy of this course.',
  );
});

test('the sum of maxima is told where it is apart from the sum point by point', () => {
  const at = (sumOfMaxima: number): string => sentence({ maximum: { ...assessment.maximum, sumOfMaxima } });
  expect(at(64.02)).not.toContain('sum of maxima');
  expect(at(64.024)).not.toContain('sum of maxima');
  expect(at(64.03)).toContain('sum of maxima 64.0 Gy');
});

test('what is strictest is told once, and only where it is missed', () => {
  expect(sentence({ strictest: binding })).not.toContain('on SpinalCord');
  expect(sentence({ strictest: row({ structure: 'Skin', result: 'pass' }) })).not.toContain('on Skin');
  expect(sentence({ strictest: undefined, binding: undefined })).toMatch(/sum of maxima 66\.0 Gy\.$/);
  // A limit kept by rounding alone leaves nothing, not less than nothing.
  expect(sentence({ binding: row({ room: -1e-9 }) })).toContain('binds, with 0.0 Gy of this course left');
  expect(sentence({ binding: row({ room: -2, result: 'fail' }) })).toContain('binds, missed by 2.0 Gy of this course');
  expect(sentence({ binding: row({ scale: '%', limit: 50 }) })).toContain('(Max 50 %)');
  const far = row({ warnings: ['stated for 1 to 5 fractions, applied to 10', 'other'] });
  expect(sentence({ binding: far })).toContain('(Max 70 Gy EQD2/2, stated for 1 to 5 fractions)');
});

test('shifts: a ball by its radius, an ellipsoid by its semi-axes', () => {
  const position = (search: number[]) => ({ search, worst: 70.04, worstInside: 68.5, expected: 65.25 }) as any;
  const told = (search: number[]): string => retreatmentSentence(assessment, 5, position(search));
  expect(told([2, 2, 2])).toContain(
    'under rigid shifts of either course within 2 mm at worst 70.0 Gy EQD2 (68.5 Gy from places within it), expected 65.3 Gy',
  );
  for (const axes of [
    [2, 2, 3],
    [3, 2, 2],
    [2, 3, 2],
  ]) {
    expect(told(axes)).toContain(`within ${axes.join(' x ')} mm (semi-axes)`);
  }
});

test('a prior course above a bound says that nothing is allowed there', () => {
  const excess = { structure: 'Cauda', limit: 'own', voxels: 3, largest: 1.25, place: [1, -2.4, 3.6] };
  expect(sentence({ exceeded: [excess] })).toContain(
    'the prior course alone exceeds own in 3 voxels of Cauda, by up to 1.3 Gy EQD2 at (1, -2, 4) mm, where this course is allowed nothing',
  );
});

test('the table: verdict, limit, value, signed margin and room; a star where a warning stands below', () => {
  const none = row({ name: 'x', result: 'not evaluable', value: null, margin: null, room: null, courses: 'each' });
  const compared = row({ role: 'comparison', courses: 'this', warnings: ['first courses'], margin: 0, room: -0.5 });
  const interval = row({ metric: 'interval', scale: 'months', courses: 'all' });
  const text = retreatmentTable({
    ...assessment,
    rows: [binding, none, compared, interval, row({ courses: 'share' })],
  });
  const lines = text.split('\n').map((line) => line.replace(/ {2,}/g, ' | '));
  expect(lines[1]).toBe('pass | HyTEC | SpinalCord | Max, both | 70.0 EQD2/2 | 66.12 | +3.88 | +2.35 | [found]');
  expect(lines[2]).toBe('none | HyTEC | SpinalCord | Max, each | 70.0 EQD2/2 | [found]');
  expect(lines[3]).toBe('pass | HyTEC | SpinalCord | Max | 70.0 EQD2/2 | 66.12 | +0.00 | -0.50 | [found] compared *');
  expect(lines[4]).toContain('| interval | 70.0 months |');
  expect(lines[5]).toContain('| Max, share |');
  expect(text).toContain('* first courses\n');
  expect(text).toMatch(/none +64\.0 of 50\.1 Gy +allows 5\.0 Gy here +\[assumed\] no recovery/);
  expect(retreatmentTable(assessment)).not.toContain('* ');
});

test('risks in percent to two digits; what a prior EQD2 does not tell is said', () => {
  const text = retreatmentTable(assessment);
  expect(text).toContain('Nieder 4 points (intermediate, alpha/beta 2 Gy) [recalled]');
  expect(text).toContain('Schultheiss 0.12 % of this course, 4.6 % of both without recovery [found]');
  expect(text).toContain('Lyman 12 % (pessimistic: never a pass or fail) [computed]');
  expect(text).not.toContain('extrapolation.');
  const risk = { ...assessment.risk, nieder: null, schultheiss: { ...assessment.risk.schultheiss, cumulative: null } };
  const other = retreatmentTable({ ...assessment, cord: 'CaudaEquina', risk });
  expect(other).toContain('Nieder not told by a prior EQD2 of another alpha/beta;');
  expect(other).toContain('none told of both without recovery');
  expect(other).toContain('applied to CaudaEquina: an extrapolation.');
});

test('as JSON, figures to 1e-4 and risks to 1e-6', () => {
  const report = retreatmentReport(assessment, 5) as any;
  expect(report.cumulativeNearMax).toBe(63.1235);
  expect(report.limits[0]).toMatchObject({ value: 66.1235, margin: 3.8765, room: 2.3457, sumOfMaxima: 68.1235 });
  expect(report.binding).toEqual({ name: 'hytec', structure: 'SpinalCord', result: 'pass', room: 2.3457 });
  expect(report.recovery[0]).toMatchObject({ prior: 45.1235, allowed: 5.01, name: 'none' });
  expect(report.risk.schultheiss).toMatchObject({ thisCourse: 0.001235, cumulative: 0.0456 });
  expect(report.risk.lyman.cumulative).toBe(0.123457);
  expect(report.prior).toEqual({ origin: 'uniform', fractions: 25, months: 12, description: 'Prior', notes: [] });
  expect(report).not.toHaveProperty('position');
  expect((retreatmentReport({ ...assessment, binding: undefined }, 5) as any).binding).toBeNull();
});

test('several prior courses are listed one by one; shifts and excesses are rounded', () => {
  const courses = [
    { origin: 'imported', dose: { fractions: 25 }, months: 30 },
    { origin: 'uniform', dose: {}, months: 12 },
  ];
  const position = {
    search: [2, 2, 2],
    nominal: 64.02000001,
    worst: 70.123456,
    worstInside: 68,
    expected: 65,
    percentile95: 67,
  };
  const exceeded = [{ structure: 'Cauda', limit: 'own', voxels: 3, largest: 1.234567, place: [1, 2, 3] }];
  const report = retreatmentReport(
    { ...assessment, prior: { ...assessment.prior, courses }, exceeded } as any,
    5,
    position as any,
  ) as any;
  expect(report.prior.courses).toEqual([
    { origin: 'imported', fractions: 25, months: 30 },
    { origin: 'uniform', fractions: null, months: 12 },
  ]);
  expect(report.position).toMatchObject({ nominal: 64.02, worst: 70.1235, search: [2, 2, 2] });
  expect(report.priorExceeds[0]).toMatchObject({ most: 1.2346, voxels: 3 });
});
