/** Doses as arrays: sum, difference and scaling with ndarray-ops. Run: node examples/dose-arrays.js */
import ndarray from 'ndarray';
import ops from 'ndarray-ops';
import { artiste6mv, buildPhantom } from 'respine';
import { computeFields, parseFields } from 'respine/dose';
import { createDose } from 'respine/geometry';
import { asNdarray, doseOfNdarray, volumeOfNdarray } from 'respine/ndarray';
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

// A view copies nothing: what is written to the array is written to the dose. get(k, j, i) is voxel (i, j, k), z first.
const { grid, medium } = left;
const meaning = /** @type {const} */ ({ quantity: 'physical', fractions: 1, medium });
const sum = createDose(grid, meaning);
ops.add(asNdarray(sum), asNdarray(left), asNdarray(right));
const difference = ndarray(new Float32Array(sum.data.length), [...grid.shape]);
ops.sub(difference, asNdarray(sum), asNdarray(both));
console.log(`largest dose of both at once: ${ops.sup(asNdarray(both)).toFixed(3)} Gy`);
console.log(`the sum of each alone differs by at most ${ops.norminf(difference).toExponential(1)} Gy`);

// Scaled to 2 Gy at the middle voxel; a line along x is a slice of the array.
const [nz, ny, nx] = grid.shape.map((n) => n >> 1);
const scaled = asNdarray(sum);
ops.mulseq(scaled, 2 / scaled.get(nz, ny, nx));
const line = scaled.pick(nz, ny, null);
console.log(`scaled: ${line.get(nx).toFixed(2)} Gy in the middle, largest along x ${ops.sup(line).toFixed(3)} Gy`);

// Back to volumes, whatever the strides: turned round along x, the two fields are each other's mirror image.
const mirrored = doseOfNdarray(asNdarray(right).step(1, 1, -1), grid, meaning);
ops.sub(difference, asNdarray(mirrored), asNdarray(left));
const worst = ops.norminf(asNdarray(volumeOfNdarray(difference, grid, 'difference')));
console.log(`left and right mirrored differ by at most ${worst.toExponential(1)} Gy`);
