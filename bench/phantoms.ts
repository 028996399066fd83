/**
 * All spine phantoms, all targets, both techniques: the table of docs/phantoms.md.
 *
 *     npm run phantoms [-- SPACING] [--out DIR]      spacing in mm, 2 unless given; DIR gets phantoms.md, for `npm run docs -- DIR`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPlan } from 'respine';
import { jobOf, startWorkerPool } from 'respine/node';

const flag = process.argv.indexOf('--out');
const out = flag < 0 ? undefined : process.argv[flag + 1];
const [given] = process.argv.slice(2).filter((_, i) => flag < 0 || (i !== flag - 2 && i !== flag - 1));
const spacing = Number(given ?? 2);
const lines: string[] = [];
const print = (line: string): void => {
  lines.push(line);
  console.log(line);
};
const levels = ['spine-c5', 'spine-t4', 'spine-t8', 'spine-t12', 'spine-l3'];
const targets = ['body', 'body-pedicle', 'horseshoe', 'ring'] as const;

print(
  '| phantom | target | PTV cc | gap mm | technique | status | cord Max Gy | cord D0.03cc Gy | PTV V95% | PTV D95% | PTV D2% | CI | gap % | steps | evaluations | s |',
);
print('|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|');
const executor = await startWorkerPool();
for (const phantom of levels) {
  for (const target of targets) {
    const job = await jobOf({
      patient: { phantom, target },
      doseGrid: { spacing: [spacing, spacing, spacing] },
      fcrt: { beams: 'posterior-9' },
      retreatment: { position: null },
    });
    const steps = new Map<string, number>();
    const seconds = new Map<string, number>();
    let last = performance.now();
    const result = runPlan(job, {
      executor,
      onProgress: (technique, { step }) => {
        // From the first step's end to the last's: the solver without what it rests on.
        if (step === 1) last = performance.now();
        steps.set(technique, step);
        seconds.set(technique, (performance.now() - last) / 1000);
      },
    });
    for (const { plan: technique, structures, conformity } of result.plans) {
      const of = (name: string): Readonly<Record<string, number>> => structures.find((s) => s.name === name)!.metrics;
      const cord = of(result.model.cord);
      const ptv = of(result.model.target);
      const percent = (gray: number): string => ((100 * gray) / job.case.prescription.dose).toFixed(1);
      print(
        `| ${[
          phantom,
          target,
          conformity.targetVolume.toFixed(1),
          result.gap.distance!.toFixed(1),
          technique.technique,
          technique.solution.status,
          cord['Max[Gy]']!.toFixed(2),
          cord['D0.03cc[Gy]']!.toFixed(2),
          ptv['V95%[%]']!.toFixed(1),
          percent(ptv['D95%[Gy]']!),
          percent(ptv['D2%[Gy]']!),
          conformity.paddick!.toFixed(2),
          (100 * technique.solution.certificate.gap!).toFixed(2),
          steps.get(technique.technique),
          technique.solution.evaluations,
          seconds.get(technique.technique)!.toFixed(1),
        ].join(' | ')} |`,
      );
    }
  }
}
await executor.close();
if (out !== undefined) {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'phantoms.md'), `${lines.join('\n')}\n`);
}
