/** Forward dose over several threads: the same numbers as field by field, whatever the number of threads. */
import { expect, test } from 'vitest';
import { createBeam } from '../../src/beam/beam.js';
import { uniformFluenceGrid } from '../../src/beam/fluence.js';
import { UnsupportedError } from '../../src/core/errors.js';
import { serialExecutor } from '../../src/core/executor.js';
import { createRandom } from '../../src/core/random.js';
import { addFieldDose, viewOfBeam, voxelsInside } from '../../src/dose/beam-view.js';
import { ForwardDose } from '../../src/dose/forward-dose.js';
import { repeatPoints } from '../../src/dose/shifted-rows.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';

const grid = createGrid([9, 15, 17], [11, 9, 8], [-61, -70, -33]);
const random = createRandom(11);
const density = createVolume('density', grid);
for (let v = 0; v < density.data.length; v++) density.data[v] = 0.3 + random.uniform();
const voxels = voxelsInside(createVolume('mask', grid, new Float32Array(density.data.length).fill(1)));
const count = voxels.index.length;
const beamAt = (gantry: number, isocenter: [number, number, number] = [-1, 2, 3]) =>
  createBeam(artiste6mv, { isocenter, gantry, collimator: 20, couch: 10, position: 'HFS' });
const cells = uniformFluenceGrid(-30, -20, 7, 8, 6);
// The first and the last beam are one: it is traced once.
const fields = [17, 95, 230, 17].map((gantry) => ({
  beam: beamAt(gantry),
  fluence: { grid: cells, weights: Float64Array.from({ length: 48 }, () => random.uniform()) },
}));
/** Lanes without threads: they show what dividing does to the numbers. */
const withLanes = (threads: number) => ({ ...serialExecutor, threads });

for (const threads of [1, 2, 5]) {
  test(`${threads} threads: columns are those of addFieldDose, the total is their sum, to the last bit (seed 11)`, () => {
    const dose = new ForwardDose(density, voxels.points, { executor: withLanes(threads) });
    const columns = dose.columns(fields);
    const sum = new Float64Array(count);
    let [beyondRange, beyondDensity] = [0, 0];
    fields.forEach(({ beam, fluence }, f) => {
      const view = viewOfBeam(beam, density, voxels);
      expect(columns[f]).toEqual(addFieldDose(view, fluence, new Float64Array(count)));
      for (let p = 0; p < count; p++) sum[p]! += columns[f]![p]!;
      beyondRange = Math.max(beyondRange, view.points.beyondRange);
      beyondDensity = Math.max(beyondDensity, view.points.beyondDensity);
    });
    expect(dose.total(fields)).toEqual({ dose: sum, beyondRange, beyondDensity });
    dose.close();
    expect(dose.total(fields).dose, 'after close it starts anew').toEqual(sum);
  });
}

test('a few points: what the total has there, to the last bit', () => {
  const dose = new ForwardDose(density, voxels.points, { executor: withLanes(2) });
  const { dose: all } = dose.total(fields);
  const at = Int32Array.of(0, 7, 1111, count - 1);
  expect(dose.totalAt(fields, at)).toEqual(Float64Array.from(at, (p) => all[p]!));
  const many = Array.from({ length: 20 }, (_, f) => fields[f % 4]!);
  expect(dose.totalAt(many, at)).toEqual(Float64Array.from(at, (p) => dose.total(many).dose[p]!));
});

test('points from several shifts of the patient: the doses of beams that are shifted the other way', () => {
  const few = voxels.points.filter((_, q) => Math.floor(q / 3) % 7 === 0);
  const shifts = [
    [0, 0, 0],
    [3, -2, 1],
    [0, 0, -4],
  ] as const;
  const each = few.length / 3;
  const { points: all, shifted } = repeatPoints(
    few,
    shifts.map(([x, y, z]) => [-x, -y, -z]),
  );
  for (const options of [{}, { heterogeneity: 'depth' }, { medium: 'medium' }] as const) {
    const { dose, beyondDensity } = new ForwardDose(density, all, {
      executor: withLanes(2),
      shifted,
      ...options,
    }).total(fields);
    expect(dose.length).toBe(3 * each);
    let beyond = 0;
    for (const [s, [x, y, z]] of shifts.entries()) {
      const alone = new ForwardDose(density, few, options).total(
        fields.map(({ beam, fluence }) => ({ beam: beamAt(beam.pose.gantry, [x - 1, y + 2, z + 3]), fluence })),
      );
      beyond += alone.beyondDensity;
      const most = alone.dose.reduce((a, b) => Math.max(a, b));
      // One kernel for all shifts separates as well as one for each: within the tolerance of both.
      for (let p = 0; p < each; p++) expect(Math.abs(dose[s * each + p]! - alone.dose[p]!)).toBeLessThan(0.002 * most);
    }
    expect(beyondDensity).toBeLessThanOrEqual(beyond);
  }
  const { points } = viewOfBeam(beamAt(17), density, { points: all }, { shifted });
  const moved = viewOfBeam(beamAt(17, [2, 0, 4]), density, { points: few }).points;
  for (const key of ['u', 'v', 'depths', 'distances'] as const) {
    expect(points[key].subarray(each, 2 * each)).toEqual(moved[key]);
  }
  // Densities are those of the place in the beam that stands where it should: milliradians from those of the shifted beam.
  const apart = moved.densities!.electron.map((rho, p) => Math.abs(rho - points.densities!.electron[each + p]!));
  expect(Math.max(...apart)).toBeLessThan(0.03);
});

test('more fields than are held at once', () => {
  const many = Array.from({ length: 35 }, (_, f) => fields[f % 4]!);
  const few = voxels.points.slice(3000, 3009);
  const dose = new ForwardDose(density, few, { executor: withLanes(2) });
  const sum = new Float64Array(3);
  for (const column of dose.columns(many)) for (let p = 0; p < 3; p++) sum[p]! += column[p]!;
  expect(dose.total(many).dose).toEqual(sum);
});

test('a beam is traced once per pose and machine', () => {
  const ids = new Set<number>();
  const counting: typeof serialExecutor = {
    ...serialExecutor,
    start: (type, inputs) => {
      const group = serialExecutor.start(type, inputs);
      return {
        ...group,
        run: (command) => {
          for (const { id } of (command as { fields?: readonly { id: number }[] }).fields ?? []) ids.add(id);
          return group.run(command);
        },
      };
    },
  };
  const dose = new ForwardDose(density, voxels.points, { executor: counting });
  dose.total(fields);
  dose.columns(fields);
  expect(ids.size).toBe(3);
  const other = { ...artiste6mv, source: 'another machine of the same name' };
  dose.total([{ beam: createBeam(other, fields[0]!.beam.pose), fluence: fields[0]!.fluence }]);
  expect(ids.size).toBe(4);
});

test('a beam that misses is an error, and no obstacle to the next', () => {
  const dose = new ForwardDose(density, voxels.points, { executor: withLanes(2) });
  const miss = { beam: beamAt(0, [900, 0, 0]), fluence: fields[0]!.fluence };
  expect(() => dose.total([fields[0]!, miss])).toThrow(UnsupportedError);
  expect(dose.total([fields[0]!]).dose.some((d) => d > 0)).toBe(true);
});

test('more beams than are kept: those that are traced anew give the same dose', () => {
  const few = voxels.points.slice(3000, 3030);
  const arc = Array.from({ length: 7 }, (_, b) => ({ beam: beamAt(50 * b), fluence: fields[0]!.fluence }));
  const dose = (viewBytes: number): Float64Array => {
    const forward = new ForwardDose(density, few, { viewBytes });
    const first = forward.total(arc).dose;
    expect(forward.total(arc).dose).toEqual(first);
    forward.close();
    return first;
  };
  // Ten points are 240 bytes a beam: two beams, none (so one), all.
  expect(dose(500)).toEqual(dose(1e6));
  expect(dose(1)).toEqual(dose(1e6));
});
