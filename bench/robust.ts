/**
 * Robust optimisation: time and memory of seven scenarios (nominal and 2 mm to either side along x, y, z) against the nominal
 * plan of the same case, and how both grow with voxels.
 *
 *     npm run bench:robust [-- tiny | fine]      T8 with the horseshoe, nine beams; 4 and 3 mm voxels, with `fine` also 2 mm
 *
 * Every plan is made in a process of its own, on one lane. Time is the processor time of the planning, from the operator to
 * the engine's dose, without the patient's model; other work on the machine disturbs it little. Memory is the largest resident
 * set of the process, and, beside it, what the planning added to that of the patient's model.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { artiste6mv, buildPhantom, parseCase } from 'respine';
import { readPhantom, version } from 'respine/node';
import { modelPatient } from '../dist/plan/patient/patient-model.js';
import { choosePlanningVoxels } from '../dist/plan/problem/planning-voxels.js';
import { planModulated } from '../dist/plan/technique/imrt.js';
import { freeModel } from './free-model.js';

type Mode = 'none' | 'nominal' | 'expected' | 'worst';

interface Measured {
  readonly rows: number;
  readonly beamlets: number;
  readonly steps: number;
  readonly evaluations: number;
  /** s */
  readonly time: number;
  /** MB */
  readonly before: number;
  readonly peak: number;
  readonly gap: number | null;
  readonly status: string;
}

const peak = (): number => process.resourceUsage().maxRSS / 1024;

async function measure(spacing: number, beamlet: number, mode: Mode): Promise<Measured> {
  const grid: [number, number, number] = [spacing, spacing, spacing];
  const patient = buildPhantom(await readPhantom('spine-t8'), { target: 'horseshoe', spacing: grid });
  const robust = mode === 'none' ? {} : { robust: { distance: 2, target: mode } };
  const plan = parseCase({
    patient: { phantom: 'spine-t8' },
    doseGrid: { spacing: grid },
    imrt: { beamlet, ...robust },
  });
  const model = modelPatient(patient, plan);
  const voxels = choosePlanningVoxels(model);
  const before = peak();
  const start = process.cpuUsage();
  let steps = 0;
  const { solution, worstCase } = planModulated(model, voxels, plan, artiste6mv, {
    onProgress: () => {
      steps++;
    },
  });
  const { user, system } = process.cpuUsage(start);
  freeModel(model);
  return {
    rows: solution.dose.length,
    beamlets: solution.weights.length,
    steps,
    evaluations: solution.evaluations,
    time: (user + system) / 1e6,
    before,
    peak: peak(),
    gap: worstCase?.gap ?? solution.certificate.gap,
    status: solution.status,
  };
}

const [command, ...rest] = process.argv.slice(2);
if (command === 'one') {
  const [spacing, beamlet, mode] = rest;
  console.log(JSON.stringify(await measure(Number(spacing), Number(beamlet), mode as Mode)));
} else {
  console.log(`respine ${version}, Node ${process.version}, one lane\n`);
  console.log(
    '| voxel / beamlet mm | target counts | rows | beamlets | steps | evaluations | CPU s | of nominal | peak MB | of nominal | added MB | of nominal | gap | status |',
  );
  console.log('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
  const usual = [
    [4, 5],
    [3, 5],
  ];
  const sizes = command === 'tiny' ? [[6, 10]] : command === 'fine' ? [...usual, [2, 5]] : usual;
  for (const [spacing, beamlet] of sizes) {
    let nominal: Measured | undefined;
    for (const mode of ['none', 'nominal', 'expected', 'worst'] as const) {
      const args = [fileURLToPath(import.meta.url), 'one', `${spacing}`, `${beamlet}`, mode];
      const own = JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' })) as Measured;
      nominal ??= own;
      const ratio = (value: (m: Measured) => number): string => `${(value(own) / value(nominal!)).toFixed(2)} x`;
      const cells = [
        `${spacing} / ${beamlet}`,
        mode === 'none' ? 'nominal plan' : mode,
        own.rows,
        own.beamlets,
        own.steps,
        own.evaluations,
        own.time.toFixed(1),
        ratio((m) => m.time),
        own.peak.toFixed(0),
        ratio((m) => m.peak),
        (own.peak - own.before).toFixed(0),
        ratio((m) => m.peak - m.before),
        own.gap === null ? 'none' : `${(100 * own.gap).toFixed(2)} %`,
        own.status,
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
  }
}
