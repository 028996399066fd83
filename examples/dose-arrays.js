/** Doses as arrays: sum, difference and scaling with ndarray-ops. Run: node examples/dose-arrays.js */
import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { artiste6mv, buildPhantom } from 'respine';
import { computeFields, parseFields } from 'respine/dose';
import { createDose } from 'respine/geometry';
import { readPhantom } from 'respine/node';

const patient = buildPhantom(await readPhantom('water-box'), { spacing: [6, 6, 6] });
const square = { x1: -50, x2: 50, y1: -50, y2: 50 };
/** Total dose of 100 MU from each side, Gy. */
const doseOf = (/** @type {number[]} */ ...gantries) => {
  const beams = gantries.map((gantry) => ({ gantry, monitorUnits: 100, field: square }));
  const fields = parseFields({ patient: { phantom: 'water-box' }, isocenter: [0, 0, 0], beams });
  return computeFields(patient, fields, artiste6mv).dose;
};
const [left, right, both] = [doseOf(90), doseOf(270), doseOf(90, 270)];

// A view, nothing is copied: x runs fastest, so that get(k, j, i) is voxel (i, j, k), z first.
const view = (/** @type {{ data: Float32Array, grid: { shape: readonly number[] } }} */ { data, grid }) =>
  ndarray(data, [...grid.shape]);

const sum = createDose(left.grid, { quantity: 'physical', fractions: 1, medium: left.medium });
ops.add(view(sum), view(left), view(right));
const difference = ndarray(new Float32Array(sum.data.length), [...sum.grid.shape]);
ops.sub(difference, view(sum), view(both));
console.log(`largest dose of both at once: ${ops.sup(view(both)).toFixed(3)} Gy`);
console.log(`the sum of each alone differs by at most ${ops.norminf(difference).toExponential(1)} Gy`);

// Scaled to 2 Gy at the middle voxel; a line along x is a slice of the array.
const [nz, ny, nx] = sum.grid.shape.map((n) => n >> 1);
ops.mulseq(view(sum), 2 / view(sum).get(nz, ny, nx));
const line = view(sum).pick(nz, ny, null);
console.log(
  `scaled: ${line.get(nx).toFixed(2)} Gy in the middle, mean along x ${(ops.sum(line) / line.shape[0]).toFixed(3)} Gy`,
);
