/** A robust plan beside the nominal one: the worst of every number, in words and as JSON. */
import { expect, test } from 'vitest';
import { type RobustReport, worstOf, worstOfReport } from '../../src/plan/evaluation/robustness.js';
import { robustBlock, robustSentence } from '../../src/report/robustness.js';

const outcome = (shift: number[], cordMax: number, capMargin: number, targetD95: number) =>
  ({ shift, cordMax, cordNearMax: cordMax - 1, capMargin, targetD95, targetV95: 3 * targetD95 }) as any;
const scenarios = [
  outcome([0, 0, 0], 11, 1, 29),
  outcome([3, 0, 0], 12.123456, -0.2, 28),
  outcome([0, -3, 0], 10, 0.5, 27),
];
const nominalPlan = [outcome([0, 0, 0], 12, 0, 30), outcome([3, 0, 0], 17, -5, 29.5), outcome([0, -3, 0], 13, -1, 29)];
const report: RobustReport = {
  cord: 'SpinalCord',
  target: 'PTV',
  settings: { distance: 3, target: 'worst' },
  hold: 'cord',
  scenarios,
  nominalPlan,
  prescription: 30,
};
const ball = {
  distance: 3,
  worst: outcome([1, 2, -2], 12.5, -0.3, 26.4),
  nominalWorst: outcome([2, 1, -0], 18, -6, 28.5),
  searched: 40,
};

test('the worst of every number is taken by itself, the ball’s included', () => {
  expect(worstOf(scenarios)).toEqual({
    cordMax: 12.123456,
    cordNearMax: 11.123456,
    capMargin: -0.2,
    targetD95: 27,
    targetV95: 81,
  });
  const { own, nominal } = worstOfReport({ ...report, ball });
  expect([own.cordMax, own.capMargin, own.targetD95]).toEqual([12.5, -0.3, 26.4]);
  expect([nominal.cordMax, nominal.capMargin, nominal.targetD95]).toEqual([18, -6, 28.5]);
});

test('the sentence: coverage at the nominal place and at worst, of both plans, in percent', () => {
  expect(robustSentence(report)).toBe(
    'Robust against every shift of up to 3 mm: SpinalCord D0.03cc worst 11.12 Gy (nominal plan: 16.00 Gy), PTV D95 96.7 %, worst 90.0 % (nominal plan: 100.0 %, worst 96.7 %).',
  );
  const stated = {
    shifts: [
      [3, 0, 0],
      [0, 4, 3],
      [0, 0, 0],
    ],
    target: 'nominal',
  } as any;
  expect(robustSentence({ ...report, settings: stated })).toMatch(/^Robust against 2 stated shifts of up to 5 mm:/);
  expect(robustSentence({ ...report, settings: { ...stated, shifts: [[3, 0, 0]] } })).toMatch(
    /^Robust against 1 stated shift of up to 3 mm:/,
  );
  expect(robustSentence({ ...report, hold: 'prescription' })).toMatch(/^Under every shift of up to 3 mm, the cap soft/);
});

test('as JSON: figures to 1e-4, what holds, the ball and the worst case where there are any', () => {
  const block = robustBlock(report) as any;
  expect(block.scenarios[1]).toMatchObject({ cordMax: 12.1235, shift: [3, 0, 0] });
  expect(block.worst.cordMax).toBe(12.1235);
  expect(block.nominalPlan.worst.capMargin).toBe(-5);
  expect(block.notes[1]).toBe(
    'The cap holds in every voxel of SpinalCord in every scenario; coverage counts in the smooth worst case of all scenarios.',
  );
  expect(block).not.toHaveProperty('ball');
  expect(block).not.toHaveProperty('worstCase');
  expect((robustBlock({ ...report, hold: 'prescription' }) as any).notes[1]).toContain('Nothing is hard');
  const held = { added: [[1, 2, -0]], margin: 0.987654321, scale: 0.99912345 } as any;
  const whole = robustBlock({
    ...report,
    ball: { ...ball, held },
    worstCase: { value: 12.3456789, gap: 0.0123456 } as any,
  }) as any;
  expect(whole.notes[1]).toContain('under every shift of up to 3 mm in any direction');
  expect(whole.ball).toMatchObject({ searched: 40, capMargin: 0.9877, share: 0.999123, addedShifts: [[1, 2, 0]] });
  expect(whole.ball.howHeld).toMatch(
    /^1 worst shifts became scenarios .* lowered by 1\.23 %, and the plan was scaled by 0\.99912;/,
  );
  expect(whole.ball.nominalWorst.shift).toEqual([2, 1, 0]);
  expect(whole.worstCase).toEqual({ value: 12.3457, gap: 0.0123 });
  expect((robustBlock({ ...report, worstCase: { value: 1, gap: null } as any }) as any).worstCase.gap).toBeNull();
  expect((robustBlock({ ...report, ball }) as any).ball).not.toHaveProperty('share');
});
