/**
 * FCRT as it is done: open fields, wedges, field-in-field, turned collimators, on the horseshoe of every spine phantom: the table of docs/fcrt.md.
 *
 *     npm run bench:fcrt [-- SPACING [PHANTOM,PHANTOM]]      spacing in mm, 2 unless given
 */
import { runPlan } from 'respine';
import { jobOf, startWorkerPool } from 'respine/node';

const [given, named] = process.argv.slice(2);
const spacing = Number(given ?? 2);
const phantoms = named?.split(',') ?? ['spine-c5', 'spine-t4', 'spine-t8', 'spine-t12', 'spine-l3'];
const kinds = {
  open: {},
  'open, collimator fit': { collimator: 'fit' },
  wedges: { wedges: {} },
  'field-in-field 2': { fieldInField: 2 },
} as const;

console.log(
  '| phantom | FCRT | status | PTV V95% | PTV D95% | PTV D2% | cord Max Gy | objective | fields | shapes | MU | CPU s |',
);
console.log('|---|---|---|---|---|---|---|---|---|---|---|---|');
const executor = await startWorkerPool();
for (const phantom of phantoms) {
  for (const [kind, more] of Object.entries(kinds)) {
    const job = await jobOf({
      patient: { phantom, target: 'horseshoe' },
      doseGrid: { spacing: [spacing, spacing, spacing] },
      fcrt: { beams: 'posterior-9', ...more },
      retreatment: { position: null },
    });
    const before = process.cpuUsage();
    const result = runPlan(job, { executor, techniques: ['fcrt'] });
    const { user, system } = process.cpuUsage(before);
    const { plan, structures } = result.plans[0]!;
    const of = (name: string): Readonly<Record<string, number>> => structures.find((s) => s.name === name)!.metrics;
    const percent = (gray: number): string => ((100 * gray) / job.case.prescription.dose).toFixed(1);
    const ptv = of(result.model.target);
    console.log(
      `| ${[
        phantom,
        kind,
        plan.solution.status,
        ptv['V95%[%]']!.toFixed(1),
        percent(ptv['D95%[Gy]']!),
        percent(ptv['D2%[Gy]']!),
        of(result.model.cord)['Max[Gy]']!.toFixed(2),
        plan.solution.objective.toFixed(1),
        plan.fields.length,
        plan.fields.reduce((sum, { segments }) => sum + (segments?.length ?? 1), 0),
        plan.fields.reduce((sum, { monitorUnits }) => sum + monitorUnits, 0).toFixed(0),
        ((user + system) / 1e6).toFixed(0),
      ].join(' | ')} |`,
    );
  }
}
await executor.close();
