/**
 * All spine phantoms, all targets, conformal fields, the best fluence and segments of it: the table of docs/phantoms.md.
 *
 *     npm run phantoms [-- SPACING] [--out DIR]      spacing in mm, 2 unless given; DIR gets phantoms.md, for `npm run docs -- DIR`
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runPlan, type Technique } from 'respine';
import { jobOf, startWorkerPool } from 'respine/node';
import { planDelivery } from '../dist/plan/evaluation/delivered-fields.js';

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

const HEAD = [
  ...['phantom', 'target', 'PTV cc', 'gap mm', 'plan', 'status', 'cord Max Gy', 'cord D0.03cc Gy'],
  ...['PTV V95%', 'PTV D95%', 'PTV D2%', 'CI', 'gap %', 'price %', 'segments', 'MU', 'min', 's'],
];
print(`| ${HEAD.join(' | ')} |`);
print(`|${'---|'.repeat(HEAD.length)}`);
const executor = await startWorkerPool();
for (const phantom of levels) {
  for (const target of targets) {
    const planned = async (technique: Technique, delivery: 'fluence' | 'step-and-shoot'): Promise<void> => {
      const job = await jobOf({
        patient: { phantom, target },
        doseGrid: { spacing: [spacing, spacing, spacing] },
        fcrt: { beams: 'posterior-9' },
        imrt: { delivery },
        retreatment: { position: null },
      });
      const seconds = new Map<string, number>();
      let last = { stage: '', at: performance.now() };
      const onStage = (stage: string): void => {
        const now = performance.now();
        seconds.set(last.stage, (seconds.get(last.stage) ?? 0) + (now - last.at) / 1000);
        last = { stage, at: now };
      };
      const result = runPlan(job, { executor, techniques: [technique], onStage });
      const { plan, structures, conformity } = result.plans[0]!;
      const of = (name: string): Readonly<Record<string, number>> => structures.find((s) => s.name === name)!.metrics;
      const [cord, ptv] = [of(result.model.cord), of(result.model.target)];
      const percent = (gray: number): string => ((100 * gray) / job.case.prescription.dose).toFixed(1);
      const delivered = planDelivery(plan, result.case)?.all;
      const price = plan.delivery?.price;
      const stages =
        technique === 'fcrt' ? ['weights'] : ['fluence', 'segments', 'leaf ends of segments', 'weights of segments'];
      const spent = stages.reduce((sum, stage) => sum + (seconds.get(`${technique}: ${stage}`) ?? 0), 0);
      const cells = [
        ...[phantom, target, conformity.targetVolume.toFixed(1), result.gap.distance!.toFixed(1)],
        technique === 'fcrt' ? 'fcrt' : `imrt, ${delivery === 'fluence' ? 'fluence' : 'segments'}`,
        ...[plan.solution.status, cord['Max[Gy]']!.toFixed(2), cord['D0.03cc[Gy]']!.toFixed(2)],
        ...[ptv['V95%[%]']!.toFixed(1), percent(ptv['D95%[Gy]']!), percent(ptv['D2%[Gy]']!)],
        ...[conformity.paddick!.toFixed(2), (100 * plan.solution.certificate.gap!).toFixed(2)],
        price === undefined || price === null ? '' : (100 * price).toFixed(2),
        delivered?.segments ?? '',
        delivered?.monitorUnits.toFixed(0) ?? '',
        delivered === undefined ? '' : (delivered.time / 60).toFixed(1),
        spent.toFixed(1),
      ];
      print(`| ${cells.join(' | ')} |`);
    };
    await planned('fcrt', 'fluence');
    await planned('imrt', 'fluence');
    await planned('imrt', 'step-and-shoot');
  }
}
await executor.close();
if (out !== undefined) {
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, 'phantoms.md'), `${lines.join('\n')}\n`);
}
