/** Figures of deliverable fields: worked examples, and the laws that they obey. */
import { describe, expect, test } from 'vitest';
import { type Aperture, createAperture } from '../../src/beam/aperture.js';
import { createRandom } from '../../src/core/random.js';
import { createLeafBank } from '../../src/machine/mlc.js';
import {
  type DeliveredField,
  type DeliveryFigures,
  type DeliveryStep,
  deliveryMetrics,
  stepsBetween,
} from '../../src/sequence/delivery-metrics.js';

const bank = createLeafBank([-20, -10, 0, 10, 20], { name: 'four pairs' });
const speeds = { doseRate: 600, leafSpeed: 25, gantrySpeed: 6, betweenFields: 0 };
const shape = (...leaves: [number, number][]): Aperture => createAperture(bank, leaves);
const still = (aperture: Aperture, monitorUnits: number): DeliveryStep => ({
  from: aperture,
  to: aperture,
  monitorUnits,
});
const fieldAt = (gantry: number, steps: readonly DeliveryStep[]): DeliveredField => ({
  pose: { gantry, collimator: 0, couch: 0 },
  steps,
});
const figuresOf = (steps: readonly DeliveryStep[], own = speeds): DeliveryFigures =>
  deliveryMetrics([fieldAt(0, steps)], own).all;

const rectangle = shape([0, 0], [-20, 30], [-20, 30], [0, 0]);

describe('worked by hand', () => {
  test('an open rectangle of 50 x 20 mm: 10 cm2, complexity 1, beam alone takes time', () => {
    expect(figuresOf([still(rectangle, 50)])).toEqual({
      monitorUnits: 50,
      segments: 1,
      meanArea: 10,
      complexity: 1,
      beamOn: 5,
      time: 5,
    });
  });

  test('one step in one bank of three pairs', () => {
    // Left ends 0, 10, 10: d = 10, |p1 - p2| + |p2 - p3| = 10, so LSV is 1 - 10 / (2 x 10); the right ends are in one line.
    const own = figuresOf([still(shape([0, 40], [10, 40], [10, 40], [0, 0]), 20)]);
    expect(own.complexity).toBeCloseTo(0.5, 12);
    expect(own.meanArea).toBeCloseTo(4 + 3 + 3, 12);
  });

  test('two segments: areas against what they open together, weighted by monitor units', () => {
    // 2 pairs from 0 to 20 and from 10 to 40, together 0 to 40: 4 and 6 of 8 cm2.
    const low = shape([0, 0], [0, 20], [0, 20], [0, 0]);
    const high = shape([0, 0], [10, 40], [10, 40], [0, 0]);
    const own = figuresOf([still(low, 30), still(high, 10)]);
    expect(own.complexity).toBeCloseTo((30 * (4 / 8) + 10 * (6 / 8)) / 40, 12);
    expect(own.meanArea).toBeCloseTo((30 * 4 + 10 * 6) / 40, 12);
    // 40 MU at 10 MU/s, and the right ends travel 20 mm at 25 mm/s between the two.
    expect(own.beamOn).toBeCloseTo(4, 12);
    expect(own.time).toBeCloseTo(4.8, 12);
  });

  test('of two fields the score is weighted by monitor units, and the way between them takes its time', () => {
    const stepped = still(shape([0, 40], [10, 40], [10, 40], [0, 0]), 20);
    const { fields, all } = deliveryMetrics([fieldAt(350, [still(rectangle, 60)]), fieldAt(20, [stepped])], {
      ...speeds,
      betweenFields: 7,
    });
    expect(fields.map(({ complexity }) => complexity)).toEqual([1, 0.5]);
    expect(all.complexity).toBeCloseTo((60 + 20 * 0.5) / 80, 12);
    // 30 degrees at 6 degrees/s, the shorter way.
    expect(fields[1]!.time).toBeCloseTo(2 + 5 + 7, 12);
    expect(all.time).toBeCloseTo(6 + 2 + 5 + 7, 12);
    expect(all.beamOn).toBeCloseTo(8, 12);
  });

  test('jaws cut what is open, and a pair that they hide does not count', () => {
    const jaws = { x1: -20, x2: 20, y1: -10, y2: 5 };
    const cut = createAperture(
      bank,
      [
        [5, 9],
        [-20, 30],
        [-20, 30],
        [0, 0],
      ],
      jaws,
    );
    const own = figuresOf([still(cut, 10)]);
    expect(own.meanArea).toBeCloseTo(4 * 1.5, 12);
    expect(own.complexity).toBe(1);
  });

  test('a step that moves lasts as long as the slowest of beam, leaves and gantry; its area is the mean', () => {
    const to = shape([0, 0], [30, 30], [30, 30], [0, 0]);
    const [step] = stepsBetween([
      { aperture: rectangle, monitorUnits: 0, gantry: 178 },
      { aperture: to, monitorUnits: 10, gantry: 182 },
    ]);
    expect(step).toMatchObject({ monitorUnits: 10, turn: 4 });
    // Left ends travel 50 mm, 2 s; the beam takes 1 s, the turn 4 / 6 s.
    const own = figuresOf([step!]);
    expect([own.beamOn, own.time]).toEqual([2, 2]);
    expect(own.meanArea).toBeCloseTo(5, 12);
    expect(figuresOf([step!], { ...speeds, gantrySpeed: 1 }).time).toBeCloseTo(4, 12);
    expect(figuresOf([step!], { ...speeds, doseRate: 60 }).time).toBeCloseTo(10, 12);
  });

  test('an arc begins the way to the next field where it ended', () => {
    const arc = stepsBetween([0, 90, 180].map((gantry) => ({ aperture: rectangle, monitorUnits: gantry, gantry })));
    const { fields } = deliveryMetrics([fieldAt(0, arc), fieldAt(180, [still(rectangle, 10)])], speeds);
    expect(fields[0]!.time).toBeCloseTo(30, 12);
    expect(fields[1]!.time).toBeCloseTo(1, 12);
  });
});

/** Segments of three pairs with random ends. */
function randomSteps(seed: number, count = 4): DeliveryStep[] {
  const random = createRandom(seed);
  const pair = (): [number, number] => {
    const left = -40 + 40 * random.uniform();
    return [left, left + 5 + 40 * random.uniform()];
  };
  return Array.from({ length: count }, () => still(shape(pair(), pair(), pair(), [0, 0]), 5 + 20 * random.uniform()));
}

const changed = (steps: readonly DeliveryStep[], of: (own: Aperture) => Aperture): DeliveryStep[] =>
  steps.map(({ from, monitorUnits }) => still(of(from), monitorUnits));

describe.each([1, 2, 3, 4])('laws on random segments %i', (seed) => {
  const steps = randomSteps(seed);
  const own = figuresOf(steps);
  const close = (other: DeliveryFigures, but: Partial<DeliveryFigures> = {}): void => {
    for (const [key, value] of Object.entries({ ...own, ...but })) {
      expect(other[key as keyof DeliveryFigures], key).toBeCloseTo(value!, 9);
    }
  };

  test('a field turned about, left to right or head to foot, has the same figures', () => {
    close(figuresOf(changed(steps, ({ leaves }) => shape(...leaves.map(([a, b]): [number, number] => [-b, -a])))));
    close(
      figuresOf(
        changed(steps, ({ leaves }) => shape(...leaves.toReversed().map(([a, b]): [number, number] => [a, b]))),
      ),
    );
  });

  test('a segment in two halves leaves monitor units, area, complexity and time as they are', () => {
    const [first, ...rest] = steps;
    const half = { ...first!, monitorUnits: first!.monitorUnits / 2 };
    close(figuresOf([half, half, ...rest]), { segments: own.segments + 1 });
  });

  test('twice the monitor units take twice the beam, and nothing else changes', () => {
    const twice = figuresOf(steps.map((step) => ({ ...step, monitorUnits: 2 * step.monitorUnits })));
    close(twice, {
      monitorUnits: 2 * own.monitorUnits,
      beamOn: 2 * own.beamOn,
      time: own.time + own.beamOn,
    });
  });

  test('fields add up: time of all is that of each and of the ways between, units and segments are sums', () => {
    const parts = [1, 2, 3].map((n) => fieldAt(50 * n, randomSteps(10 * seed + n, n)));
    const { fields, all } = deliveryMetrics(parts, speeds);
    const alone = parts.map((part) => deliveryMetrics([part], speeds).all);
    const sum = (of: (one: DeliveryFigures) => number, from: readonly DeliveryFigures[]): number =>
      from.reduce((total, one) => total + of(one), 0);
    expect(all.time).toBeCloseTo(
      sum((one) => one.time, fields),
      9,
    );
    const pairs = [0, 1].map(
      (n) => deliveryMetrics(parts.slice(n, n + 2), speeds).all.time - alone[n]!.time - alone[n + 1]!.time,
    );
    expect(all.time).toBeCloseTo(sum((one) => one.time, alone) + pairs[0]! + pairs[1]!, 9);
    expect(all.segments).toBe(6);
    expect(all.monitorUnits).toBeCloseTo(
      sum((one) => one.monitorUnits, alone),
      9,
    );
  });

  test('the score lies between 0 and 1, and faster machines are never slower', () => {
    expect(own.complexity).toBeGreaterThan(0);
    expect(own.complexity).toBeLessThan(1);
    for (const key of ['doseRate', 'leafSpeed', 'gantrySpeed'] as const) {
      expect(figuresOf(steps, { ...speeds, [key]: 2 * speeds[key] }).time).toBeLessThanOrEqual(own.time);
    }
  });
});

test('a field without monitor units is none: no figure of it, and no way to it', () => {
  const dark = fieldAt(90, [still(rectangle, 0)]);
  const [a, b] = [fieldAt(0, [still(rectangle, 10)]), fieldAt(30, [still(rectangle, 10)])];
  const { fields, all } = deliveryMetrics([a, dark, b], speeds);
  expect(fields[1]).toEqual({ monitorUnits: 0, segments: 0, meanArea: null, complexity: null, beamOn: 0, time: 0 });
  expect(all).toEqual(deliveryMetrics([a, b], speeds).all);
  expect(deliveryMetrics([dark], speeds).all).toMatchObject({ meanArea: null, complexity: null });
});

test.each([
  ['negative units', { monitorUnits: -1 }, {}, 'a step of field 1 has -1 MU'],
  ['units that are no number', { monitorUnits: Number.NaN }, {}, 'a step of field 1 has NaN MU'],
  ['no dose rate', {}, { doseRate: 0 }, 'delivery: doseRate is 0'],
  ['leaves that stand', {}, { leafSpeed: -3 }, 'delivery: leafSpeed is -3'],
  ['a pause that ends before it began', {}, { betweenFields: -1 }, 'delivery: betweenFields is -1'],
])('%s: refused', (_, step, own, sentence) => {
  const asked = (): unknown => figuresOf([{ ...still(rectangle, 1), ...step }], { ...speeds, ...own });
  expect(asked).toThrow(sentence);
});
