/** A computed kernel that is a known mixture of Gaussians comes back. */
import { expect, test } from 'vitest';
import { commissionFromKernel, type PencilKernelTable } from '../../src/machine/commission-kernel.js';
import type { Machine } from '../../src/machine/machine.js';
import { doseAt } from './synthetic.js';

const WIDTHS = [1, 3, 12, 60];
const depths = [1, 5, 10, 15, 25, 40, 60, 90, 130, 180, 240, 300];
const radii = [0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 17, 25, 35, 50, 70, 100, 140, 200, 280, 400];
const truth = depths.map((depth) => {
  const primary = Math.exp(-0.005 * depth) * (1 - 0.8 * Math.exp(-depth / 4));
  return [0.5, 0.2, 0.02 + (0.2 * depth) / (depth + 80), 0.04 + (0.25 * depth) / (depth + 80)].map((a) => a * primary);
});

/** Mean dose of each ring, exactly. */
const table: PencilKernelTable = {
  depths,
  radii,
  values: truth.map((row) => {
    const within = (R: number): number =>
      row.reduce((sum, a, j) => sum + a * (1 - Math.exp((-R * R) / (2 * WIDTHS[j]! ** 2))), 0);
    return radii.map((R, i) => {
      const inner = i === 0 ? 0 : radii[i - 1]!;
      return (within(R) - within(inner)) / (Math.PI * (R * R - inner * inner));
    });
  }),
};
const options = { name: 'mixture', source: 'made up' };

test('with its own widths, weight by weight', () => {
  const { kernel } = commissionFromKernel(table, { ...options, widths: WIDTHS });
  const scale = kernel.amplitudes[5]![0]! / truth[5]![0]!;
  kernel.amplitudes.forEach((row, i) => {
    const total = truth[i]!.reduce((a, b) => a + b, 0);
    const apart = row.map((a, j) => Math.abs(a / scale - truth[i]![j]!) / total);
    expect(Math.max(...apart)).toBeLessThan(5e-3);
  });
});

test('with the usual widths, as doses of fields', () => {
  const machine = commissionFromKernel(table, options);
  const known: Machine = { ...machine, kernel: { depths, widths: WIDTHS, amplitudes: truth } };
  const scale = doseAt(100, 900, 100, machine) / doseAt(100, 900, 100, known);
  expect(doseAt(100, 900, 100, machine)).toBeCloseTo(0.01, 9);
  for (const side of [2, 5, 10, 30, 100, 250, 400]) {
    for (const depth of [5, 15, 60, 130, 240]) {
      const error = 100 * (doseAt(side, 900, depth, machine) / scale / doseAt(side, 900, depth, known) - 1);
      expect(Math.abs(error), `${side} mm field at ${depth} mm`).toBeLessThan(0.5);
    }
  }
});

test('refuses a ragged table and one without dose', () => {
  const ragged = { ...table, values: table.values.map((row, i) => (i === 2 ? row.slice(1) : row)) };
  expect(() => commissionFromKernel(ragged, options)).toThrow(/depth 10 mm has 18 rings, but there are 19 radii/);
  const empty = { ...table, values: table.values.map((row) => row.map(() => 0)) };
  expect(() => commissionFromKernel(empty, options)).toThrow(/dose within a radius is zero/);
});
