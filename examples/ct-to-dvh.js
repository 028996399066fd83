/** A CT with its structures (here a phantom, written as DICOM first) to a dose and its DVHs. Run: node examples/ct-to-dvh.js [DIR] */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { artiste6mv, encodePng } from 'respine';
import { patientFromDicom } from 'respine/dicom';
import { computeFields, parseFields } from 'respine/dose';
import {
  createStructureDvh,
  cumulativeCurve,
  evaluateMetric,
  formatMetric,
  metricBound,
  parseMetric,
} from 'respine/dvh';
import { loadRasterizer, readBytes, readFolder } from 'respine/node';
import { dvhFigure } from 'respine/report';

const out = process.argv[2] ?? 'out/examples';
const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
execFileSync(process.execPath, [main, 'phantom', 'spine-t8', '--format', 'dicom', '--spacing', '4', '--out', out]);

// Your own data: the folder of the CT slices, and the RTSTRUCT that was drawn on them.
const drawn = { name: 'RS.dcm', bytes: await readBytes(`${out}/RS.dcm`) };
const patient = patientFromDicom(await readFolder(`${out}/CT`), drawn);
const field = { x1: -35, x2: 35, y1: -20, y2: 20 };
const fields = parseFields({
  patient: { ct: 'CT' },
  isocenter: [0, -15, 0],
  beams: [100, 140, 180, 220, 260].map((gantry) => ({ gantry, monitorUnits: 500, field })),
});
const { dose } = computeFields(patient, fields, artiste6mv);

const colors = new Map([
  ['PTV_3960', '#e6007e'],
  ['SpinalCord', '#0066cc'],
]);
const curves = [];
for (const structure of patient.structures.filter(({ name }) => colors.has(name))) {
  const dvh = createStructureDvh(dose, structure);
  for (const metric of ['D50%', 'Max'].map(parseMetric)) {
    const { value } = evaluateMetric(metric, dvh);
    const bound = metricBound(metric, dvh)?.total.toFixed(2);
    console.log(`${structure.name} ${formatMetric(metric)} ${value.toFixed(2)} ±${bound} Gy`);
  }
  const color = colors.get(structure.name) ?? '#000000';
  curves.push({ structure: structure.name, color, plan: 0, points: cumulativeCurve(dvh) });
}
const svg = dvhFigure({ title: 'Five open fields', plans: [{ label: '500 MU each' }], curves });
writeFileSync(`${out}/dvh.png`, encodePng((await loadRasterizer()).rasterize(svg)));
