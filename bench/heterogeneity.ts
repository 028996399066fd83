/**
 * What density scaling costs, and what it changes.
 *
 *     npm run bench:heterogeneity [-- plans]
 *
 * Cost: forward dose and gradient under density and depth scaling, in one run, alternating; both at three grids, and for 1, 4
 * and 9 beams. `plans`: thoracic phantoms planned under either model, and the depth-scaled plan as density scaling sees it.
 */

import { artiste6mv, buildPhantom, type PlanEvaluation, parseCase, runPlan } from 'respine';
import { beamletsCovering, beamsOf, InfluenceOperator } from 'respine/dose';
import { readPhantom, startWorkerPool, version } from 'respine/node';
import { rasterizeAperture } from '../dist/beam/aperture.js';
import { conformAperture } from '../dist/beam/conform.js';
import { addFieldDose, viewOfBeam } from '../dist/dose/beam-view.js';
import { modelPatient } from '../dist/plan/patient/patient-model.js';
import { choosePlanningVoxels } from '../dist/plan/problem/planning-voxels.js';
import { modelSensitivity } from '../dist/plan/sweep/dose-model-sensitivity.js';

const MODELS = ['depth', 'density'] as const;

/** Best seconds of each job, run in turns so that both see the same machine. */
function race(repeats: number, jobs: readonly (() => void)[]): number[] {
  const best = jobs.map(() => Infinity);
  for (let r = 0; r < repeats; r++) {
    jobs.forEach((job, j) => {
      const start = performance.now();
      job();
      best[j] = Math.min(best[j]!, (performance.now() - start) / 1000);
    });
  }
  return best;
}

async function cost(): Promise<void> {
  console.log('| voxel mm | beams | step | points | depth s | density s | ratio |');
  console.log('|---|---|---|---|---|---|---|');
  const spec = await readPhantom('spine-t4');
  for (const mm of [6, 4, 3]) {
    const patient = buildPhantom(spec, { spacing: [mm, mm, mm] });
    const plan = parseCase({ patient: { phantom: 'spine-t4' }, doseGrid: { spacing: [mm, mm, mm] } });
    const model = modelPatient(patient, plan);
    const target = model.masks.get(model.target)!;
    const chosen = choosePlanningVoxels(model);
    const all = beamsOf('posterior-9', model, artiste6mv);
    const say = (beams: number, step: string, points: number, [depth, density]: readonly number[]): void =>
      console.log(
        `| ${mm} | ${beams} | ${step} | ${points} | ${depth!.toFixed(4)} | ${density!.toFixed(4)} | ${(density! / depth!).toFixed(2)} |`,
      );
    for (const count of mm === 3 ? [1, 4, 9] : [9]) {
      const beams = all.filter((_, b) => b % Math.ceil(9 / count) === 0).slice(0, count);
      const body = model.body.index.length;
      const fields = beams.map((beam) => {
        const { grid, open } = rasterizeAperture(conformAperture(beam.frame, target, { margin: 6, leafWidth: 5 }));
        return { beam, field: { grid, weights: open } };
      });
      say(
        count,
        'forward dose from nothing, ray tracing included',
        body,
        race(
          3,
          MODELS.map((heterogeneity) => () => {
            const out = new Float64Array(body);
            for (const { beam, field } of fields) {
              addFieldDose(viewOfBeam(beam, patient.density, model.body, { heterogeneity }), field, out);
            }
          }),
        ),
      );
      const modulated = beams.map((beam) => ({ beam, beamlets: beamletsCovering(beam.frame, target) }));
      const operators = MODELS.map(
        (heterogeneity) => new InfluenceOperator(modulated, patient.density, chosen.points, { heterogeneity }),
      );
      say(
        count,
        'gradient: A w and its transpose',
        chosen.points.length / 3,
        race(
          15,
          operators.map((operator) => {
            const w = new Float64Array(operator.columns).fill(1);
            const dose = new Float64Array(operator.rows);
            const gradient = new Float64Array(operator.columns);
            return () => {
              operator.apply(w, dose);
              operator.applyTranspose(dose, gradient);
            };
          }),
        ),
      );
    }
  }
}

async function plans(): Promise<void> {
  console.log('\n| phantom | technique | model | cord Max Gy | PTV D95 Gy | PTV V95 % | monitor units |');
  console.log('|---|---|---|---|---|---|---|');
  const pool = await startWorkerPool();
  for (const phantom of ['spine-t4', 'spine-t8']) {
    const patient = buildPhantom(await readPhantom(phantom), { spacing: [2, 2, 2] });
    const row = (technique: string, label: string, evaluation: PlanEvaluation): void => {
      const of = (name: string, metric: string): string =>
        evaluation.structures.find((s) => s.name === name)!.metrics[metric]!.toFixed(2);
      const cells = evaluation.plan.fields.reduce((sum, f) => sum + f.monitorUnits, 0);
      console.log(
        `| ${phantom} | ${technique} | ${label} | ${of('SpinalCord', 'Max[Gy]')} | ${of('PTV_3960', 'D95%[Gy]')} | ${of('PTV_3960', 'V95%[%]')} | ${cells.toFixed(0)} |`,
      );
    };
    for (const heterogeneity of MODELS) {
      const plan = parseCase({
        patient: { phantom },
        fcrt: { beams: 'posterior-9' },
        doseModel: { heterogeneity },
      });
      const result = runPlan({ patient, case: plan, machine: artiste6mv }, { executor: pool });
      for (const evaluation of result.plans) {
        const { technique } = evaluation.plan;
        row(technique, `planned and computed with ${heterogeneity} scaling`, evaluation);
        if (heterogeneity === 'density') continue;
        const seen = modelSensitivity(result, evaluation, pool).outcomes.find((o) => o.model === 'density')!;
        row(technique, 'planned with depth, computed with density scaling', seen.evaluation);
      }
    }
  }
  await pool.close();
}

console.log(`respine ${version}, Node ${process.version}\n`);
if (process.argv.includes('plans')) await plans();
else await cost();
