/**
 * The peer's C-shape from `examples/c-shape/CASE.json`: its volumes, its beamlets, its ownership of voxels, and what its objective is
 * worth on all voxels. The optimum with 5 mm beamlets is a bench (`npm run bench:c-shape-case`), as it takes a minute.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contoursVolume } from '../../src/geometry/contour.js';
import { openFieldDose, squareField } from '../../src/machine/field-integral.js';
import { parseMachine } from '../../src/machine/machine-file.js';
import { jobOf, type LoadedJob } from '../../src/node/load-job.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import type { PlanCaseInput } from '../../src/plan/input/plan-case.js';
import { modelPatient, type PatientModel } from '../../src/plan/patient/patient-model.js';
import { choosePlanningVoxels } from '../../src/plan/problem/planning-voxels.js';
import { modulatedBeams } from '../../src/plan/technique/imrt.js';
import { peerMachine, peerMachineFile } from '../../src/validate/peer.js';
import { hasShared, noteSkipped, shared } from '../shared.js';

const path = fileURLToPath(new URL('../../examples/c-shape/CASE.json', import.meta.url));
const text = readFileSync(path, 'utf8');
const given = JSON.parse(text) as PlanCaseInput;

test('the case is a page of 30 lines, and one that is read', () => {
  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(30);
  expect(parseCase(given)).toMatchObject({ target: 'OuterTarget', overlap: ['OuterTarget', 'Core', 'BODY'] });
});

test('the case of the harder goals is the same patient under the same beams, and asks for all three with room', () => {
  const harder = JSON.parse(readFileSync(new URL('../../examples/c-shape/HARDER.json', import.meta.url), 'utf8'));
  const { name, prescription, objectives, goals, ...rest } = harder;
  const { name: _, prescription: own, objectives: ofPeer, ...same } = given;
  expect(rest).toEqual(same);
  expect(prescription.dose).toBe(own!.dose);
  expect(goals).toEqual(['OuterTarget D95% >= 50Gy', 'OuterTarget D10% <= 55Gy', 'Core D10% <= 10Gy']);
  expect(parseCase(harder)).toMatchObject({ goals });
  for (const [structure, volume, sign, bound] of [
    ['OuterTarget', '95%', 1, 50],
    ['OuterTarget', '10%', -1, 55],
    ['Core', '10%', -1, 10],
  ] as const) {
    const own = objectives.find(
      (o: { structure: string; volume?: string }) => o.structure === structure && o.volume === volume,
    );
    expect(sign * (own.dose - bound), `${structure} D${volume}`).toBeGreaterThan(0);
  }
});

noteSkipped('the C-shape from CASE.json');
describe.skipIf(!hasShared)('with the peer’s files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'respine-c-shape-'));
  let job: LoadedJob;
  let model: PatientModel;
  const peer = () => JSON.parse(readFileSync(shared('reference/matrad/generic_6mv_machine.json'), 'utf8'));
  beforeAll(async () => {
    const at = (name: string): string => shared(`reference/matrad/${basename(name)}`);
    const { ct, masks } = given.patient as { ct: string; masks: Record<string, string> };
    const machine = join(folder, 'peer-6mv.json');
    writeFileSync(machine, JSON.stringify(peerMachineFile(peer(), 880)));
    const named = Object.fromEntries(Object.entries(masks).map(([name, file]) => [name, at(file)]));
    job = await jobOf({ ...given, patient: { ct: at(ct), masks: named }, machine } as PlanCaseInput, path);
    model = modelPatient(job.patient, job.case);
  }, 120_000);
  afterAll(() => {
    model?.bodyDose.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test('volumes are those of its voxels: 6,264, 1,056 and 500,000 of 3 mm', () => {
    const volumes = job.patient.structures.map(({ name, shape }) => [
      name,
      shape.kind === 'contours' ? contoursVolume(shape.contours) / 0.027 : 0,
    ]);
    expect(volumes).toEqual([
      ['OuterTarget', expect.closeTo(6264, 6)],
      ['Core', expect.closeTo(1056, 6)],
      ['BODY', expect.closeTo(500_000, 4)],
    ]);
    // The dose grid is the peer's own: its voxels are ours.
    for (const [name, mask] of model.masks) {
      expect(
        mask.data.every((value) => value === 0 || value === 1),
        name,
      ).toBe(true);
    }
  });

  test('rows stand for the voxels that each structure owns: target before core before body', () => {
    const { owned } = choosePlanningVoxels(model, [], job.case);
    const total = (name: string): number => owned.get(name)!.volumes.reduce((a, b) => a + b, 0);
    expect(total('OuterTarget')).toBeCloseTo(6264, 6);
    expect(total('Core')).toBeCloseTo(1056, 6);
    expect(Math.abs(total('BODY') / 492_680 - 1)).toBeLessThan(1e-3);
  });

  test('beamlets lie where the peer’s lie, and are nearly the same', () => {
    const lines = readFileSync(shared('reference/matrad/cshape_opt9_beamlets.csv'), 'utf8').trim().split('\n').slice(1);
    const listed = lines.map((line) => line.split(',').map(Number));
    let [common, ours] = [0, 0];
    modulatedBeams(model, job.case.imrt, job.machine).forEach(({ beamlets: { grid, pixels } }, b) => {
      const theirs = new Set(listed.filter(([beam]) => beam === b + 1).map(([, , , x, z]) => `${x} ${z}`));
      const columns = grid.x.length - 1;
      const own = Array.from(
        pixels,
        (pixel) => `${grid.x[pixel % columns]! + 2.5} ${grid.y[Math.floor(pixel / columns)]! + 2.5}`,
      );
      ours += own.length;
      common += own.filter((at) => theirs.has(at)).length;
      // At right angles to the flat face they are the same 323.
      if (b === 0) expect(new Set(own)).toEqual(theirs);
    });
    // The peer adds a beamlet to every side of what the target's voxels project into; ours see the target's outline and 5 mm.
    expect(listed.length).toBe(2945);
    expect(common / listed.length).toBeGreaterThan(0.9);
    expect(common / ours).toBeGreaterThan(0.99);
  });

  test('the machine file is the peer’s machine to 0.2 %, over the SSDs of the nine beams to 1 %', () => {
    const file = parseMachine(JSON.parse(JSON.stringify(peerMachineFile(peer(), 880))));
    const worst = (ssd: number): number => {
      const machine = peerMachine(peer(), ssd);
      const pairs = [15, 50, 100, 200].flatMap((depth) =>
        [5, 30, 80].flatMap((side) =>
          [0, side / 4, side / 2, side / 2 + 5, side / 2 + 20].map((x): [number, number, number] => [
            openFieldDose(file, squareField(side), ssd, depth, x),
            openFieldDose(machine, squareField(side), ssd, depth, x),
            openFieldDose(machine, squareField(side), ssd, depth),
          ]),
        ),
      );
      // Its unit is its own: the scale is what both agree on best.
      const scale = pairs.reduce((s, [a, b]) => s + a * b, 0) / pairs.reduce((s, [a]) => s + a * a, 0);
      return Math.max(...pairs.map(([a, b, axis]) => Math.abs(scale * a - b) / axis));
    };
    expect(worst(880)).toBeLessThan(0.002);
    for (const ssd of [850, 900, 920, 950]) expect(worst(ssd), String(ssd)).toBeLessThan(0.01);
  });
});
