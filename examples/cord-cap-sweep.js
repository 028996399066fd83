/** How much of the target each cap of the cord costs: plans, a table and a plot. Run: node examples/cord-cap-sweep.js [DIR] */
import { mkdirSync, writeFileSync } from 'node:fs';
import { encodePng, tradeOff } from 'respine';
import { jobOf, loadRasterizer } from 'respine/node';
import { tradeOffFigure, tradeOffTable } from 'respine/report';

const out = process.argv[2] ?? 'out/examples';
mkdirSync(out, { recursive: true });

const job = await jobOf({
  patient: { phantom: 'spine-t8', target: 'body' },
  doseGrid: { spacing: [5, 5, 5], planning: 4 },
  imrt: { beams: 'posterior-5', beamlet: 8 },
});
// Gy of this course, on every voxel of the cord.
const points = tradeOff(job, [15, 22, 29.8], {
  onPoint: ({ cap, d95, cordMaximum, status }) =>
    console.log(`cap ${cap} Gy: D95 ${d95.toFixed(2)} Gy, cord maximum ${cordMaximum.toFixed(2)} Gy, ${status}`),
});
writeFileSync(`${out}/sweep.csv`, tradeOffTable(points));
const svg = tradeOffFigure(points, 'Body of T8, five posterior beams', job.case.prescription.dose);
writeFileSync(`${out}/sweep.png`, encodePng((await loadRasterizer()).rasterize(svg)));
