/** Beams of one's own on a phantom with measures of one's own. Run: node examples/own-beams.js */
import { runPlan, summary } from 'respine';
import { beamsOf } from 'respine/dose';
import { createStructureDvh } from 'respine/dvh';
import { jobOf } from 'respine/node';

const job = await jobOf({
  patient: {
    phantom: 'spine-t8',
    target: 'body-pedicle',
    side: 'right',
    // Any number of phantoms/spine-t8.json by its dotted path, mm: a narrow cord in a wide canal.
    parameters: { canalWidth: 20, canalDepth: 18, thecalWidth: 16, thecalDepth: 14, cordWidth: 8, cordDepth: 6 },
  },
  doseGrid: { spacing: [6, 6, 6], planning: 6 },
  prior: null,
  retreatment: { position: null },
  cordCap: 45,
  // IEC 61217, degrees: gantry 180 is posterior of a patient HFS; the couch turns the last one out of the plane.
  fcrt: { beams: [{ gantry: 150 }, { gantry: 180, collimator: 90 }, { gantry: 215, couch: 30 }], margin: 5 },
});
const result = runPlan(job, { techniques: ['fcrt'] });
console.log(summary(result));
for (const structure of job.patient.structures.filter(({ name }) => name === 'SpinalCord')) {
  console.log(`cord of ${createStructureDvh(result.plans[0].plan.dose, structure).volumeCc.toFixed(2)} cc`);
}
for (const { name, pose } of beamsOf(job.case.fcrt.beams, result.model, job.machine)) {
  console.log(`${name}: isocentre (${pose.isocenter.join(', ')}) mm, collimator ${pose.collimator} degrees`);
}
