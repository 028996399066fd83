/** The influence matrix, and an optimiser of one's own on it: projected gradients. Run: node examples/own-optimiser.js */
import { artiste6mv, buildPhantom } from 'respine';
import { beamletsCovering, buildMatrix, createBeam, InfluenceOperator, voxelsInside } from 'respine/dose';
import { voxelizeStructure } from 'respine/geometry';
import { readPhantom } from 'respine/node';

const patient = buildPhantom(await readPhantom('spine-t8'), { target: 'body', spacing: [4, 4, 4] });
const masks = patient.structures.map((structure) => voxelizeStructure(structure, patient.density.grid));
const maskOf = (/** @type {string} */ name) => masks[patient.structures.findIndex((s) => s.name === name)];
const target = voxelsInside(maskOf('PTV_3960'));
const cord = voxelsInside(maskOf('SpinalCord'));

const beams = [100, 140, 180, 220, 260].map((gantry) => {
  const beam = createBeam(artiste6mv, { isocenter: [0, -20, 0], gantry, collimator: 0, couch: 0 });
  return { beam, beamlets: beamletsCovering(beam.frame, maskOf('PTV_3960'), 6, 6) };
});
// Rows are points in LPS mm, columns beamlets, entries Gy per monitor unit.
const points = Float64Array.of(...target.points, ...cord.points);
const matrix = buildMatrix(new InfluenceOperator(beams, patient.density, points), { threshold: 1e-3 });
console.log(`${matrix.rows} points x ${matrix.columns} beamlets, ${matrix.values.length} entries`);
console.log(`left out: at most ${matrix.truncation.toExponential(1)} of the largest dose, equal weights`);

// F = sum (d - 39.6 Gy)^2 over the target + 3 sum (d - 20 Gy)+^2 over the cord; weights >= 0.
const dose = new Float64Array(matrix.rows);
const slope = new Float64Array(matrix.columns);
const weights = new Float64Array(matrix.columns).fill(20);
const isTarget = (/** @type {number} */ row) => row < target.index.length;
for (let step = 0; step <= 300; step++) {
  matrix.apply(weights, dose);
  const residual = dose.map((d, row) => (isTarget(row) ? d - 39.6 : 3 * Math.max(0, d - 20)));
  const value = dose.reduce((sum, d, row) => sum + residual[row] * (isTarget(row) ? d - 39.6 : d - 20), 0);
  if (step % 100 === 0)
    console.log(`step ${step}: F ${value.toFixed(0)} Gy^2, largest dose ${Math.max(...dose).toFixed(1)} Gy`);
  matrix.applyTranspose(residual, slope);
  // The step of steepest descent that is exact for a quadratic of this curvature.
  const along = matrix.apply(slope, new Float64Array(matrix.rows));
  const curvature = along.reduce((sum, d, row) => sum + (isTarget(row) ? 1 : 3) * d * d, 0);
  const length = slope.reduce((sum, g) => sum + g * g, 0) / curvature;
  for (let c = 0; c < weights.length; c++) weights[c] = Math.max(0, weights[c] - length * slope[c]);
}
