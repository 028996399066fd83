/** A built-in phantom, one posterior field on it, and the picture of its dose. Run: node examples/phantom-to-png.js [DIR] */
import { mkdirSync, writeFileSync } from 'node:fs';
import { artiste6mv, buildPhantom, encodePng } from 'respine';
import { computeFields, parseFields } from 'respine/dose';
import { voxelizeStructure } from 'respine/geometry';
import { loadRasterizer, readPhantom } from 'respine/node';
import { doseFigure } from 'respine/report';

const out = process.argv[2] ?? 'out/examples';
mkdirSync(out, { recursive: true });

// Millimetres, DICOM LPS: the origin is the middle of the spinal canal at T8.
const patient = buildPhantom(await readPhantom('spine-t8'), { target: 'horseshoe', spacing: [3, 3, 3] });
const fields = parseFields({
  patient: { phantom: 'spine-t8' },
  isocenter: [0, -15, 0],
  beams: [{ gantry: 180, monitorUnits: 200, field: { x1: -30, x2: 30, y1: -25, y2: 25 } }],
});
const { dose, maximum } = computeFields(patient, fields, artiste6mv);

const colors = new Map([
  ['PTV_3960', '#e6007e'],
  ['SpinalCord', '#0066cc'],
  ['External', '#888888'],
]);
const structures = patient.structures.filter(({ name }) => colors.has(name));
const svg = doseFigure({
  dose,
  title: 'One posterior field, 60 x 50 mm, 200 MU',
  hounsfield: patient.hounsfield,
  structures: structures.map((structure) => ({
    name: structure.name,
    color: colors.get(structure.name) ?? '#000000',
    mask: voxelizeStructure(structure, patient.hounsfield.grid),
  })),
  plane: 'axial',
  point: [0, 0, 0],
  prescription: maximum.dose,
});
writeFileSync(`${out}/field.png`, encodePng((await loadRasterizer()).rasterize(svg)));
console.log(`largest dose ${maximum.dose.toFixed(3)} Gy at (${maximum.at.join(', ')}) mm; ${out}/field.png`);
