/**
 * Goals in order at full size: CPU seconds of every solve, and what each list reached and is proven of.
 *
 *     npm run bench:priorities [-- 8 | 5 | volumes...]
 *
 * 8 and 5: the reference case on its 2 mm voxels with beamlets of so many mm, and three lists with means; volumes: 5 mm, and goals on
 * volumes in the list between. One thread, so CPU seconds are those of the clock of a quiet core.
 *
 * Fails unless every list is met, or proven to 0.5 %, and the plan is reached.
 */
import { type PlanCaseInput, runPlan } from 'respine';
import { jobOf } from 'respine/node';

const means = [['PTV_3960 D95% >= 95%'], ['Esophagus Mean <= 5Gy'], ['Lung_L Mean']];
const volumes = [['PTV_3960 D95% >= 95%'], ['Esophagus D1cc <= 20Gy', 'Lung_L V5Gy <= 15%'], ['Heart Mean']];
const sizes = { '8': [8, means], '5': [5, means], volumes: [5, volumes] } as const;
const asked = process.argv.slice(2).filter((name): name is keyof typeof sizes => name in sizes);

const cpu = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

for (const size of asked.length > 0 ? asked : (Object.keys(sizes) as (keyof typeof sizes)[])) {
  const [beamlet, priorities] = sizes[size];
  const begin = cpu();
  const job = await jobOf({
    patient: { phantom: 'spine-t8', target: 'horseshoe', spacing: [2, 2, 2] },
    target: 'PTV_3960',
    prescription: { dose: 39.6, fractions: 22, to: 'D50' },
    prior: { dose: 38, fractions: 19, months: 17.7 },
    cordCap: 29.8,
    goals: [],
    imrt: { beams: 'posterior-9', beamlet },
    constraints: ['PTV_3960 Max <= 112%'],
    priorities,
  } as unknown as PlanCaseInput);
  const solves: { steps: number; seconds: number }[] = [];
  let last = cpu();
  let steps = 0;
  const end = (): void => {
    solves.push({ steps, seconds: cpu() - last });
    last = cpu();
  };
  const { plans } = runPlan(job, {
    techniques: ['imrt'],
    onProgress: (_, progress) => {
      if (progress.step <= steps) end();
      steps = progress.step;
    },
  });
  end();
  const [plan] = plans;
  const { status, certificate } = plan!.plan.solution;
  console.log(`${size}: ${(cpu() - begin).toFixed(1)} CPU s in all, ${status}, gap ${certificate.gap?.toFixed(5)}`);
  console.log(`  solves, steps and CPU s: ${solves.map((one) => `${one.steps} ${one.seconds.toFixed(1)}`).join(', ')}`);
  let isProven = status === 'reached';
  for (const list of plan!.priorities ?? []) {
    const told = list.goals
      .map(
        ({ goal, reported, optimised }) =>
          `${goal}: ${optimised?.achieved.toFixed(3)} Gy, reported ${reported.value?.toFixed(3)} ${reported.unit}`,
      )
      .join(', ');
    console.log(`  ${list.status}, gap ${list.gap?.toExponential(1)}: ${told}`);
    if (list.status !== 'met' && !((list.gap ?? 1) <= 0.005)) isProven = false;
  }
  if (!isProven) process.exitCode = 1;
}
