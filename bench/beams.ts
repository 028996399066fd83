/**
 * Choice of beams: seconds of each part, what is chosen against the usual sets at the same rows and level, and growth with the candidates.
 *
 *     npm run bench:beams [-- scaling [CANDIDATES ...]]      9 of 36 on the reference case unless given; 5 of 9, 12, 18 and 36
 *
 * All sets are planned on all rows of the case with its own beamlets, under its own maxima, at one level of the target's objectives; then
 * the chosen case is planned as `respine plan` does, whose level meets the prescription. CPU is that of all threads together.
 */
import { type ChooseBeamsOptions, chooseBeams, type PlanCaseInput, runPlan, withCase } from 'respine';
import { jobOf, startWorkerPool, version } from 'respine/node';

const REFERENCE: PlanCaseInput = {
  patient: { phantom: 'spine-t8', target: 'horseshoe', spacing: [2, 2, 2] },
  prior: { dose: 38, fractions: 19, months: 17.7 },
  cordCap: 29.8,
};
const job = await jobOf(REFERENCE);
const executor = await startWorkerPool();
const cpu = (): number => (process.cpuUsage().user + process.cpuUsage().system) / 1e6;
const megabytes = (): number => Math.round(process.resourceUsage().maxRSS / 1e3);

/** Seconds and CPU seconds of every stage. */
function timed(options: ChooseBeamsOptions) {
  const marks: [stage: string, at: number, cpu: number][] = [];
  const onStage = (stage: string): void => void marks.push([stage, performance.now() / 1000, cpu()]);
  const choice = chooseBeams(job, { ...options, executor, onStage });
  onStage('end');
  const stages = marks.slice(1).map(([, at, used], m) => {
    const [stage, begin, before] = marks[m]!;
    return { stage, seconds: at - begin, cpu: used - before };
  });
  return { choice, stages };
}

const gantries = (...angles: number[]) => angles.map((gantry) => ({ gantry }));
const percent = (fraction: number | null): string => (fraction === null ? 'none' : `${(100 * fraction).toFixed(1)} %`);
console.log(`respine ${version}, Node ${process.version}, ${executor.threads} threads`);

if (process.argv[2] === 'scaling') {
  console.log(
    '| candidates | s | CPU s | of them search | objective of 5 | bound | peak MB |\n|---|---|---|---|---|---|---|',
  );
  const asked = process.argv.slice(3).map(Number);
  for (const candidates of asked.length > 0 ? asked : [9, 12, 18, 36]) {
    const { choice, stages } = timed({ choose: 5, candidates });
    const sum = (key: 'seconds' | 'cpu'): string => stages.reduce((all, own) => all + own[key], 0).toFixed(1);
    const search = stages.find(({ stage }) => stage === 'beams: search')!.cpu.toFixed(1);
    const [point] = choice.points;
    console.log(
      `| ${candidates} | ${sum('seconds')} | ${sum('cpu')} | ${search} | ${point!.objective.toFixed(2)} | ${choice.all.lowerBound?.toFixed(2)} | ${megabytes()} |`,
    );
  }
} else {
  const posterior = gantries(100, 120, 140, 160, 180, 200, 220, 240, 260);
  const around = gantries(0, 40, 80, 120, 160, 200, 240, 280, 320);
  const { choice, stages } = timed({ choose: 9, compare: [posterior, around] });
  for (const { stage, seconds, cpu: used } of stages)
    console.log(`${stage}: ${seconds.toFixed(1)} s, ${used.toFixed(1)} CPU s`);
  const { all, level, points, compared } = choice;
  console.log(
    `level ${level.toFixed(3)} Gy; all 36: ${all.objective.toFixed(2)}, bound ${all.lowerBound?.toFixed(2)}; peak ${megabytes()} MB`,
  );
  console.log(
    '| set | objective | its own bound | above the bound of all | V95 % | cord max Gy |\n|---|---|---|---|---|---|',
  );
  ['chosen', 'posterior-9', 'equispaced 9'].forEach((name, s) => {
    const p = [...points, ...compared][s]!;
    console.log(
      `| ${name} ${p.beams.map(({ gantry }) => gantry).join(' ')} | ${p.objective.toFixed(2)} | ${p.lowerBound?.toFixed(2)} | ${percent(p.distance)} | ${p.v95.toFixed(2)} | ${p.cordMaximum?.toFixed(2)} |`,
    );
  });
  const chosen = withCase(job, { imrt: { beams: points[0]!.beams.map((own) => ({ ...own })) } });
  const [begin, before] = [performance.now(), cpu()];
  const { plan } = runPlan(chosen, { techniques: ['imrt'], executor }).plans[0]!;
  const { status, certificate } = plan.solution;
  console.log(
    `plan of the chosen case: ${((performance.now() - begin) / 1000).toFixed(1)} s, ${(cpu() - before).toFixed(1)} CPU s; ${status}, objective ${certificate.value.toFixed(2)}, of these beams at most ${percent(certificate.gap)} above the best`,
  );
}
await executor.close();
