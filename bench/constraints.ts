/**
 * Constraints as CASE.json asks for them: 20 random lists over the phantoms, and whether every one holds in the dose that is reported.
 *
 *     npm run bench:constraints [-- [segments] [tiny | LIST...]]
 *
 * Fluences, of which the proof is; with "segments" what leaves deliver. LIST: numbers of lists, 1 to 20; tiny: the first three. Each list is drawn from its number: two to five constraints on organs
 * (mean, maximum, gEUD, volumes) and on the target (minimum, D98 %, mean), in Gy, percent of the prescription or EQD2; a plan of the same case
 * without them tells what is tight. The target of every fifth list is asked for what the cord's cap does not leave it.
 *
 * Fails unless every list ends as asked: its plan keeps all of it, as the goal table judges it; or none does, and the smallest conflicting set is
 * named; or it is refused before planning, because two of it contradict each other in voxels that both structures have.
 */
import { type PlanCaseInput, runPlan } from 'respine';
import { evaluateMetric, parseMetric } from 'respine/dvh';
import { jobOf, startWorkerPool } from 'respine/node';
import { createRandom } from '../dist/core/random.js';
import { heldDvhs } from '../dist/plan/technique/drawn-dvh.js';

const LISTS = 20;
/** Those of which the target asks for too much. */
const EVERY = 5;
const isInSegments = process.argv[2] === 'segments';
const asked = process.argv.slice(isInSegments ? 3 : 2);
const tiny = asked[0] === 'tiny' ? 3 : LISTS;
const numbers = asked.length > 0 && tiny === LISTS ? asked.map(Number) : Array.from({ length: tiny }, (_, i) => i + 1);

/** Phantoms, with the organs that lists ask of. */
const phantoms = [
  ['spine-t8', ['Esophagus', 'Lung_L', 'Lung_R', 'Heart', 'A_Aorta', 'ThecalSac']],
  ['spine-t4', ['Esophagus', 'Lung_L', 'Lung_R', 'Trachea', 'GreatVessels', 'SpinalCanal']],
  ['spine-l3', ['Kidney_L', 'Kidney_R', 'Bowel', 'Liver', 'A_Aorta', 'ThecalSac']],
  ['spine-t12', ['Kidney_L', 'Kidney_R', 'Liver', 'A_Aorta', 'SpinalCord_PRV02']],
  ['spine-c5', ['Esophagus', 'Airway', 'Glnd_Thyroid_L', 'A_Carotid_L', 'A_Carotid_R']],
  ['slab-bone', ['Bone', 'SpinalCord']],
  ['slab-lung', ['Lung', 'SpinalCord']],
  ['tg119-c-shape', ['Core']],
] as const;

function caseOf(list: number): { planCase: PlanCaseInput; organs: readonly string[]; target: string } {
  const [phantom, organs] = phantoms[(list - 1) % phantoms.length]!;
  const isSpine = phantom.startsWith('spine');
  const target = isSpine ? 'PTV_3960' : 'PTV';
  const spacing = list % 2 === 0 ? 4 : 5;
  const planCase = {
    patient: { phantom, spacing: [spacing, spacing, spacing] },
    ...(isSpine ? {} : { target }),
    ...(phantom === 'tg119-c-shape' ? { cord: 'Core' } : {}),
    prior: null,
    goals: [],
    // Every third on a planning grid of its own.
    doseGrid: { spacing: [spacing, spacing, spacing], planning: list % 3 === 0 ? 2.5 : spacing },
    imrt: { beams: 'posterior-5', beamlet: 8, ...(!isInSegments && { delivery: 'fluence' }) },
  } as unknown as PlanCaseInput;
  return { planCase, organs, target };
}

/** What every plan reads. */
const ALWAYS = ['External', 'SpinalCord', 'CaudaEquina', 'ThecalSac'];

const pool = await startWorkerPool();
const planOf = async (planCase: PlanCaseInput, read: ReadonlySet<string>) => {
  const begin = process.cpuUsage();
  const all = await jobOf(planCase);
  // Every structure that is not asked of costs a DVH.
  const structures = all.patient.structures.filter(({ name }) => read.has(name));
  const job = { ...all, patient: { ...all.patient, structures } };
  const progress = { plans: 1, step: 0 };
  const result = runPlan(job, {
    techniques: ['imrt'],
    executor: pool,
    onProgress: (_, { step }) => {
      if (step < progress.step) progress.plans++;
      progress.step = step;
    },
  });
  const { user, system } = process.cpuUsage(begin);
  const [plan] = result.plans;
  return { result, plan: plan!, plans: progress.plans, seconds: (user + system) / 1e6 };
};
type Made = Awaited<ReturnType<typeof planOf>>;

/** Draws the list: each kind as a share of what the plan without constraints has. */
function draw(list: number, free: Made, organs: readonly string[], target: string): string[] {
  const random = createRandom(7000 + list);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)]!;
  const dvhOf = heldDvhs(free.result.model, free.plan.plan as never);
  const context = {
    prescription: free.result.case.prescription.dose,
    fractions: free.result.case.prescription.fractions,
  };
  const doseOf = (structure: string, metric: string): number =>
    evaluateMetric(parseMetric(metric), dvhOf(structure), context).value;
  const write = (structure: string, metric: string, sign: '<=' | '>=', share: number, unit: string): string =>
    `${structure} ${metric} ${sign} ${(share * doseOf(structure, `${metric}[${unit}]`)).toPrecision(4)}${unit}`;
  const ofOrgan = [
    (o: string, s: number) => write(o, 'Mean', '<=', s, pick(['Gy', '%'])),
    (o: string, s: number) => write(o, 'Max', '<=', s, pick(['Gy', '%'])),
    (o: string, s: number) => {
      const biological = doseOf(o, 'Max[EQD2/3]');
      return `${o} Max[EQD2/3] <= ${(s * biological).toPrecision(4)}Gy`;
    },
    (o: string, s: number) => write(o, `gEUD(a=${pick([2, 4, 8])})`, '<=', s, 'Gy'),
    (o: string, s: number) => {
      const dose = 0.6 * doseOf(o, 'Max[Gy]');
      return write(o, `V${dose.toFixed(1)}Gy`, '<=', s, '%');
    },
    (o: string, s: number) => write(o, pick(['D10%', 'D1cc']), '<=', s, 'Gy'),
  ];
  const ofTarget = [
    () => write(target, 'D98%', '>=', 1 + 0.02 * random.uniform(), pick(['Gy', '%'])),
    () => write(target, 'Min', '>=', 1 + 0.03 * random.uniform(), 'Gy'),
    () => write(target, 'Mean', '>=', 0.98 + 0.02 * random.uniform(), '%'),
    () => write(target, 'Max', '<=', 0.97 + 0.03 * random.uniform(), 'Gy'),
  ];
  const count = 2 + Math.floor(4 * random.uniform());
  const drawn = Array.from({ length: count }, (_, c) => {
    if (c === 0) return pick(ofTarget)();
    return pick(ofOrgan)(pick(organs), 0.75 + 0.35 * random.uniform());
  });
  if (list % EVERY === 0) drawn.push(`${target} Min >= 97%`);
  return [...new Set(drawn)];
}

const failures: string[] = [];
const told = { plans: 0, kept: 0, none: 0, refused: 0 };
const table: string[] = [];
const begin = process.cpuUsage();
for (const list of numbers) {
  const { planCase, organs, target } = caseOf(list);
  const read = new Set([...ALWAYS, target, ...organs]);
  const free = await planOf(planCase, read);
  const constraints = draw(list, free, organs, target);
  const before = process.cpuUsage();
  try {
    const made = await planOf({ ...planCase, constraints }, read);
    report(list, constraints, free, made);
  } catch (error) {
    const { message } = error as Error;
    const { user, system } = process.cpuUsage(before);
    const isTrue = contradicts(message, constraints, free);
    console.log(`\n${list}: refused before planning: ${message}`);
    if (isTrue) told.refused++;
    else failures.push(`${list}: refused, but what is named is no contradiction`);
    note(list, isTrue ? 'refused' : 'REFUSED', 0, (user + system) / 1e6, free);
  }
}
console.log(`\nlist  end         plans  CPU s  without\n${table.join('\n')}`);
const { user, system } = process.cpuUsage(begin);
console.log(
  `\n${numbers.length} lists, ${told.kept + told.none + told.refused} as asked: ${told.kept} kept, ${told.none} infeasible with the conflict named, ${told.refused} refused as contradictory; ${told.plans} plans made; ${((user + system) / 1e6).toFixed(0)} CPU s in all`,
);
await pool.close();
if (failures.length > 0) {
  console.error(`\nFAILED\n  ${failures.join('\n  ')}`);
  process.exitCode = 1;
}

function note(list: number, end: string, plans: number, seconds: number, free: Made): void {
  const row = [String(list).padStart(4), end.padEnd(11), String(plans).padStart(5), seconds.toFixed(1).padStart(6)];
  table.push(`${row.join('  ')}  ${free.seconds.toFixed(1).padStart(6)}`);
}

/** Whether two of the list, or one and the cord's cap, exclude each other: by the dose that each gives voxels that both structures have. */
function contradicts(message: string, constraints: readonly string[], { result }: Made): boolean {
  const said =
    /^constraints "(.+)" and "(.+)" contradict each other: .* at least ([\d.]+) and at most ([\d.]+) Gy/.exec(message);
  if (said === null) return false;
  const { model, case: planned } = result;
  const [low, high] = [said[1]!, said[2]!];
  const isCap = high === `the cap on ${model.cord}`;
  const structures = [low, isCap ? `${model.cord} ` : high].map((text) => text.split(' ')[0]!);
  const [one, other] = structures.map((name) => model.masks.get(name)!.data);
  const isShared = one!.some((fraction, voxel) => fraction > 0 && other![voxel]! > 0);
  const [least, most] = [Number(said[3]), Number(said[4])];
  const isNamed = constraints.includes(low) && (isCap ? most === planned.cordCap : constraints.includes(high));
  return isNamed && isShared && least > most;
}

function report(list: number, constraints: readonly string[], free: Made, made: Made): void {
  const { plan, result } = made;
  const { solution, conflict } = plan.plan;
  const { certificate, status, evaluations } = solution;
  const broken = plan.asked.filter(({ result: verdict }) => verdict !== 'pass');
  const gap = certificate.gap === null ? 'no gap' : `gap ${(100 * certificate.gap).toFixed(2)} %`;
  console.log(
    `\n${list} ${result.model.patient.name}: ${status}; ${made.plans} plans, ${evaluations} evaluations of the last, ${made.seconds.toFixed(1)} CPU s (${free.seconds.toFixed(1)} without), ${gap}; objective ${free.plan.plan.solution.objective.toFixed(1)} to ${certificate.value.toFixed(1)}; D50 ${solution.prescriptionDose.toFixed(2)} Gy; scale ${plan.plan.scale.toFixed(4)}`,
  );
  if (conflict !== undefined) console.log(`  conflict: ${conflict.join(' | ')}`);
  for (const { constraint, value, unit, result: verdict, factor, chosenRows = 0, price } of plan.asked) {
    console.log(
      `  ${verdict === 'pass' ? 'held  ' : 'BROKEN'} ${constraint}: ${value?.toFixed(4)} ${unit}, factor ${factor.toFixed(5)}${chosenRows > 0 ? `, ${chosenRows} rows` : ''}, price ${price?.toPrecision(3)}`,
    );
  }
  told.plans += made.plans;
  const isNamed = status === 'infeasible' && (conflict?.length ?? 0) > 0;
  const isKept = status !== 'infeasible' && broken.length === 0;
  if (isNamed) told.none++;
  if (isKept) told.kept++;
  note(list, isNamed ? 'infeasible' : isKept ? 'kept' : 'NOT AS ASKED', made.plans, made.seconds, free);
  if (status === 'infeasible' && !isNamed) failures.push(`${list}: infeasible, but no conflict is named`);
  if (status !== 'infeasible' && broken.length > 0)
    failures.push(`${list}: ${status}, but ${broken.map(({ constraint }) => constraint).join(' and ')} is broken`);
  if (constraints.length !== plan.asked.length)
    failures.push(`${list}: ${plan.asked.length} outcomes for ${constraints.length}`);
  const { lowerBound } = free.plan.plan.solution.certificate;
  if (status !== 'infeasible' && lowerBound !== null && certificate.value < lowerBound)
    failures.push(`${list}: better than what is proven without constraints`);
}
