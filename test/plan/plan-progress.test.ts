/** The stages that a plan is expected to have are those that planning tells, and what is told twice is a round. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { JobProgress, type Stage, type Step } from '../../src/core/job-progress.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { PlanProgress, planStages } from '../../src/report/plan-progress.js';

const given = { patient: { phantom: 'spine-t8' }, prescription: { dose: 39.6, fractions: 22 } };
const stagesOf = (imrt: object, more: object = {}, isOptimised = true): string[] =>
  planStages({
    case: parseCase({ ...given, ...more, imrt }, 'case'),
    techniques: ['fcrt', 'imrt'],
    isOptimised,
  }).map(({ name }: Stage) => name);

const root = fileURLToPath(new URL('../../src/plan', import.meta.url));
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name) => readFileSync(join(root, name), 'utf8'))
  .join('\n');

test('every stage that is expected is told somewhere in planning, in any delivery', () => {
  const deliveries = ['step-and-shoot', 'sliding-window', 'arc', 'fluence'].map((delivery) => stagesOf({ delivery }));
  const all = [...new Set(deliveries.flat())];
  expect(all.length).toBeGreaterThan(15);
  const isTold = (name: string): boolean => {
    const [, technique, rest = name] = /^(fcrt|imrt): (.*)$/.exec(name) ?? [];
    const words = rest.replace(/ \d+$/, ' ');
    return technique === undefined
      ? sources.includes(`'${rest}'`)
      : [`'${technique}: ${rest}'`, `\`\${technique}: ${words}`, `'${words}'`, `\`${words}`].some((told) =>
          sources.includes(told),
        );
  };
  expect(all.filter((name) => !isTold(name))).toEqual([]);
});

test('what is expected follows the case: shifts of a prior course, delivery, what is only made again', () => {
  expect(stagesOf({})).toContain('imrt: leaf ends of segments');
  expect(stagesOf({ robust: { distance: 3 } })).not.toContain('imrt: segments');
  expect(stagesOf({})).toContain('imrt: shifts');
  expect(stagesOf({}, { prior: null })).not.toContain('imrt: shifts');
  expect(stagesOf({}, {}, false).filter((name) => name.startsWith('fcrt'))).toEqual([
    'fcrt: dose',
    'fcrt: DVHs, goals, retreatment',
    'fcrt: shifts',
  ]);
});

test('a stage that is told again is another round; steps of the optimiser are counted through', () => {
  const told: (string | Step)[] = [];
  const progress = new PlanProgress({ stage: (name) => told.push(name), step: (step) => told.push(step) });
  for (const stage of ['imrt: segments', 'imrt: segments', 'imrt: weights of segments']) progress.onStage(stage);
  const step = { step: 7, evaluations: 1, objective: 1, violation: 0, prescriptionDose: 39.6 };
  progress.onProgress('imrt', { ...step, gap: Infinity });
  progress.onProgress('imrt', { ...step, step: 1, gap: 0.031 });
  expect(told).toEqual([
    'imrt: segments',
    expect.objectContaining({ done: 1, unit: 'rounds', case: 'imrt' }),
    'imrt: weights of segments',
    expect.objectContaining({ done: 1, unit: 'steps', note: 'prescription dose 39.60 Gy' }),
    expect.objectContaining({ done: 2, unit: 'steps', note: 'within 3.1 % of the best' }),
  ]);
});

test('goals in order are plans one after the other, each of which moves the fraction', () => {
  const given = parseCase({
    ...{ patient: { phantom: 'spine-t8' }, prior: null },
    priorities: [['PTV_3960 D2% <= 107%'], ['External Mean <= 2 Gy']],
  });
  const fractions: number[] = [];
  let seconds = 0;
  const job = new JobProgress(
    ({ fraction }) => fractions.push(fraction!),
    () => seconds++,
  );
  job.expect(planStages({ case: given, techniques: ['imrt'] }));
  const round = ['imrt: beamlets, rows', 'imrt: fluence', 'imrt: dose'];
  // As `plan` tells it.
  for (const stage of ['structures and voxels', 'prior course, tolerances', 'planning voxels']) job.stage(stage);
  for (let k = 0; k < 5; k++) for (const stage of round) job.stage(stage);
  job.stage('imrt: DVHs, goals, retreatment');
  const told = fractions.slice(3);
  expect(
    told.every((fraction, i) => i === 0 || fraction > told[i - 1]!),
    told.join(' '),
  ).toBe(true);
  expect(told.at(-1)).toBeGreaterThan(0.95);
});
