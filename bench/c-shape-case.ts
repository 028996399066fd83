/**
 * The peer's C-shape plan from a CASE.json of 30 lines, or TG-119's harder goals from another.
 *
 *     npm run bench:c-shape-case -- REFERENCE [GAP] [harder]      REFERENCE: the reference folder; GAP as "0.1%", which it is unless given
 *
 * `harder` plans `examples/c-shape/HARDER.json` instead and holds the plan to the three goals: on the voxels of target and core, as the peer counts, and on the
 * structures as drawn, to the faces of their voxels. Its dose-volume objectives are not convex, so the plan has no proof of its own; that the goals can be
 * met is proven by a plan that meets them.
 *
 * The case is `examples/c-shape/CASE.json`: its paths are set here, and a machine file is made of the peer's. `jobOf` and `runPlan` make the
 * plan. The peer's objective, 0.564939, is that of its own dose, which ends 50 mm beside a beamlet; ours is computed on every voxel of the
 * reported dose by its rules: weight / N, doses per fraction, target before core before body.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Machine, type PlanCaseInput, type PlanningResult, runPlan } from 'respine';
import { jobOf, startWorkerPool } from 'respine/node';

const { peerMachineFile } = (await import(new URL('../dist/validate/peer.js', import.meta.url).href)) as {
  peerMachineFile: (peer: object, ssd: number) => Machine;
};

const [reference, gap = '0.1%', goals] = process.argv.slice(2);
if (reference === undefined) throw new Error('c-shape-case: give the reference folder');
const folder = resolve(reference, 'matrad');
const PEER = 0.564939;
const FRACTIONS = 30;

const isHarder = goals === 'harder';
const file = isHarder ? 'HARDER.json' : 'CASE.json';
const given = JSON.parse(
  readFileSync(new URL(`../examples/c-shape/${file}`, import.meta.url), 'utf8'),
) as PlanCaseInput & { patient: { ct: string; masks: Record<string, string> } };
const at = (path: string): string => join(folder, basename(path));
const scratch = mkdtempSync(join(tmpdir(), 'c-shape-'));
const machine = join(scratch, 'peer-6mv.json');
const peer = JSON.parse(readFileSync(join(folder, 'generic_6mv_machine.json'), 'utf8')) as object;
writeFileSync(machine, JSON.stringify(peerMachineFile(peer, 880)));
const masks = Object.fromEntries(Object.entries(given.patient.masks).map(([name, path]) => [name, at(path)]));
const asked: PlanCaseInput = {
  ...given,
  patient: { ...given.patient, ct: at(given.patient.ct), masks },
  machine,
  imrt: { ...given.imrt, gap },
};

/** weight / N sum over the voxels that a structure owns, doses per fraction. */
function peersObjective({ model, plans }: PlanningResult): number[] {
  const { data } = plans[0]!.plan.dose;
  const of = ['OuterTarget', 'Core', 'BODY'].map((name) => model.masks.get(name)!.data);
  const sums = [0, 0, 0];
  const counts = [0, 0, 0];
  for (let v = 0; v < data.length; v++) {
    const owner = of.findIndex((mask) => mask[v]! > 0.5);
    if (owner < 0) continue;
    const d = data[v]! / FRACTIONS;
    counts[owner]!++;
    sums[owner]! += [
      (d - 50 / FRACTIONS) ** 2,
      Math.max(0, d - 25 / FRACTIONS) ** 2,
      Math.max(0, d - 30 / FRACTIONS) ** 2,
    ][owner]!;
  }
  return sums.map((sum, s) => ([1000, 300, 100][s]! * sum) / counts[s]!);
}

async function plan(what: string, input: PlanCaseInput): Promise<PlanningResult> {
  const from = performance.now();
  const cpu = process.cpuUsage().user;
  const pool = await startWorkerPool();
  const result = runPlan(await jobOf(input), { techniques: ['imrt'], executor: pool });
  await pool.close();
  const [{ plan: made, structures }] = result.plans as [(typeof result.plans)[0]];
  const { status, evaluations, weights, certificate, objective } = made.solution;
  const clock = (performance.now() - from) / 1000;
  const seconds = (process.cpuUsage().user - cpu) / 1e6;
  console.log(
    `${what}: ${status}, ${weights?.length} beamlets, ${evaluations} evaluations, ${clock.toFixed(0)} s (CPU ${seconds.toFixed(0)} s)`,
  );
  const proven =
    isHarder || certificate.lowerBound === undefined
      ? 'nothing'
      : `${((100 * (objective - certificate.lowerBound!)) / objective).toFixed(3)} %`;
  console.log(`  on the optimiser's rows ${(objective / FRACTIONS ** 2).toFixed(6)}, gap proven of it ${proven}`);
  for (const { name, metrics } of structures.filter((s) => s.name !== 'BODY')) {
    console.log(
      `  ${name} ${Object.entries(metrics)
        .map(([metric, value]) => `${metric} ${value.toFixed(2)}`)
        .join(', ')}`,
    );
  }
  return result;
}

/** The least dose of the hottest `volume` of a structure's voxels, Gy: so much of them gets it or more. */
function doseOfVoxels({ model, plans }: PlanningResult, name: string, volume: number): number {
  const mask = model.masks.get(name)!.data;
  const own = plans[0]!.plan.dose.data.filter((_, v) => mask[v]! > 0.5).sort();
  return own[own.length - Math.ceil(volume * own.length)]!;
}

if (isHarder) {
  // Ezzell 2009 (recalled): target D95 >= 50 Gy, D10 <= 55 Gy; core D10 <= 10 Gy.
  const result = await plan('TG-119 harder', asked);
  const { goals: drawn } = result.plans[0]!;
  for (const [name, volume, sign, bound] of [
    ['OuterTarget', 95, 1, 50],
    ['OuterTarget', 10, -1, 55],
    ['Core', 10, -1, 10],
  ] as const) {
    const value = doseOfVoxels(result, name, volume / 100);
    const asDrawn = drawn.find(({ structure, limit }) => structure === name && limit === bound)?.value;
    console.log(
      `  ${name} D${volume}% ${sign > 0 ? '>=' : '<='} ${bound} Gy: on voxels ${value.toFixed(2)} Gy, ${sign * (value - bound) >= 0 ? 'met' : 'missed'}; as drawn ${asDrawn?.toFixed(2) ?? 'not told'}`,
    );
  }
} else {
  const result = await plan('the peer’s problem', asked);
  const parts = peersObjective(result);
  const value = parts.reduce((a, b) => a + b, 0);
  console.log(
    `  on all voxels by the peer's rules ${value.toFixed(6)} (target ${parts.map((p) => p.toFixed(5)).join(', core, body ')}); to the peer's ${PEER} ${(100 * (value / PEER - 1)).toFixed(2)} %`,
  );
}
rmSync(scratch, { recursive: true, force: true });
