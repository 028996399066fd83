/** Structures as people have them through the built commands: the right value, or one sentence; the same notes everywhere. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { ctReference, writeCt } from '../../src/io/dicom/write.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { doseOf } from '../evaluate/analytic.js';
import { box, ellipse, type OddRoi, oddStructureSet, range, sagittal } from '../io/dicom/odd-structures.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-odd-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const respine = respineIn(folder);
const slow = { timeout: 120_000 };

// A body of water, 200 x 120 mm, on 24 slices of 4 mm.
const grid = createGrid([24, 36, 56], [4, 4, 4], [-110, -70, -46]);
const hounsfield = createVolume('hounsfield', grid, new Float32Array(24 * 36 * 56).fill(-1000));
for (let v = 0; v < hounsfield.data.length; v++) {
  const [x, y] = [-110 + 4 * (v % 56), -70 + 4 * (Math.floor(v / 56) % 36)];
  if (Math.hypot(x / 100, y / 60) < 1) hounsfield.data[v] = 0;
}
const identity = { patientName: 'TEST', patientId: '1' };
const frame = ctReference(hounsfield, identity).frameOfReferenceUid;
mkdirSync(join(folder, 'CT'));
for (const { name, bytes } of writeCt(hounsfield, identity)) writeFileSync(join(folder, 'CT', name), bytes);
writeFileSync(
  join(folder, 'dose.nrrd'),
  await encodeNrrd(doseOf((x) => 30 + 0.1 * x, createGrid([25, 30, 50], [4, 4, 4], [-98, -58, -48]))),
);

const all = range(-46, 46, 4);
const bodyOn = (z: readonly number[]): OddRoi => ({
  name: 'BODY',
  type: 'EXTERNAL',
  rings: z.map((at) => ellipse(at, 0, 0, 100, 60, 80)),
});
const clean: OddRoi[] = [
  bodyOn(all),
  { name: 'SpinalCord', rings: range(-38, 38, 4).map((z) => ellipse(z, 0, 30, 6, 6)) },
  { name: 'PTV_3960', type: 'PTV', rings: range(-14, 14, 4).map((z) => box(z, -20, 0, 20, 20)) },
];
const set = (name: string, rois: readonly OddRoi[]): void =>
  writeFileSync(join(folder, `${name}.dcm`), oddStructureSet(rois, frame).bytes);
const caseOf = (name: string, more: object = {}): void =>
  writeFileSync(
    join(folder, `${name}.json`),
    JSON.stringify({
      patient: { ct: 'CT', structures: `${name}.dcm`, ...more },
      prior: null,
      doseGrid: { spacing: [8, 8, 4] },
      fcrt: { beams: 'posterior-3' },
    }),
  );
const plan = (name: string) =>
  respine('plan', `${name}.json`, '--technique', 'fcrt', '--no-pictures', '--json', '--out', `out-${name}`);

test('dvh, check and compare say what is odd, and refuse by name what cannot be used', slow, async () => {
  set('odd', [
    { name: 'A', rings: range(-20, 20, 4).flatMap((z) => [box(z, -20, 0, 5, 10), box(z, -5, 0, 20, 10)]) },
    { name: 'Sag', rings: [sagittal(0, -20, -20, 20, 20)] },
  ]);
  const on = ['--structures', 'odd.dcm', '--dose', 'dose.nrrd', '--fractions', '22'];
  const notes = [
    expect.stringMatching(/^Structure "A": contours overlap in part/),
    expect.stringMatching(/^Structure "Sag" was passed over/),
  ];
  const dvh = await respine('dvh', ...on, '--json');
  expect([dvh.code, dvh.stderr]).toEqual([0, '']);
  const report = JSON.parse(dvh.stdout);
  expect(
    report.structures.map((s: { name: string; volumeCc: number }) => [s.name, Math.round(1e3 * s.volumeCc)]),
  ).toEqual([['A', 17600]]);
  expect(report.notes).toEqual(notes);
  const asked = await respine('dvh', ...on, '--roi', 'Sag');
  expect([asked.code, asked.stderr]).toEqual([
    2,
    'respine: --roi: "Sag" cannot be used: a contour of it spans z = -20 to 20 mm and is not axial. Draw it anew, or leave it out.\n',
  ]);
  writeFileSync(join(folder, 'goals.json'), JSON.stringify({ goals: ['A Max <= 60Gy', 'Sag Max <= 60Gy'] }));
  const check = JSON.parse((await respine('check', ...on, '--goals', 'goals.json', '--json')).stdout);
  expect(check.goals.map((goal: { result: string }) => goal.result)).toEqual(['pass', 'not evaluable']);
  expect(JSON.stringify(check.goals[1])).toContain('is not axial');
  expect(check.notes).toEqual(notes);
  const compare = await respine(
    'compare',
    'dose.nrrd',
    'dose.nrrd',
    '--structures',
    'odd.dcm',
    '--fractions',
    '22',
    '--json',
  );
  expect(JSON.parse(compare.stdout).notes).toEqual(notes);
  set('slice', [{ name: 'A', rings: [box(0, -20, -20, 20, 20)] }]);
  const slice = ['--structures', 'slice.dcm', '--dose', 'dose.nrrd', '--fractions', '22', '--metrics', 'Mean'];
  expect((await respine('dvh', ...slice)).stderr).toMatch(/--slice-spacing/);
  expect((await respine('dvh', ...slice, '--slice-spacing', '4')).stdout).toMatch(/A +6\.400/);
  expect((await respine('dvh', ...slice, '--slice-spacing', '0')).code).toBe(2);
});

test('plan: a body that is drawn on every second slice at its ends is solid, with a note', slow, async () => {
  set('clean', clean);
  set('sparse', [bodyOn([...range(-46, -22, 8), ...range(-18, 18, 4), ...range(26, 42, 8)]), ...clean.slice(1)]);
  for (const name of ['clean', 'sparse']) caseOf(name);
  const [whole, sparse] = [await plan('clean'), await plan('sparse')];
  expect([whole.code, whole.stderr]).toEqual([0, '']);
  expect([sparse.code, sparse.stderr]).toEqual([0, '']);
  const of = (text: string) => JSON.parse(text);
  expect(of(sparse.stdout).notes).toContainEqual(
    expect.stringMatching(/^Structure "BODY": slices are left out between z = -46 and 42 mm in 6 places/),
  );
  const screen = await respine('plan', 'sparse.json', '--technique', 'fcrt', '--no-pictures', '--out', 'screen');
  expect(screen.stdout).toContain('NOTE Structure "BODY": slices are left out');
  const cord = (text: string): number =>
    of(text).plans[0].structures.find((s: { name: string }) => s.name === 'SpinalCord').metrics['Max[Gy]'];
  // All voxels but those beyond the last slice are the same.
  expect(Math.abs(cord(sparse.stdout) / cord(whole.stdout) - 1)).toBeLessThan(2e-3);
});

test('plan: a sagittal structure is passed over, and refused by name where it is asked for', slow, async () => {
  set('sag', [...clean, { name: 'sag', rings: [sagittal(0, -20, -20, 20, 20)] }]);
  caseOf('sag');
  const run = await plan('sag');
  expect(run.code).toBe(0);
  expect(JSON.parse(run.stdout).notes).toContainEqual(expect.stringMatching(/^Structure "sag" was passed over/));
  const why = '"sag" cannot be used: a contour of it spans z = -20 to 20 mm and is not axial.';
  const json = JSON.parse(readFileSync(join(folder, 'sag.json'), 'utf8'));
  for (const [asked, says] of [
    [{ target: 'sag' }, `case: target ${why}`],
    [{ cord: 'sag' }, `case: cord ${why}`],
    [{ goals: ['sag Max <= 3Gy'] }, `case: goals: ${why}`],
    [{ patient: { ...json.patient, rename: { sag: 'PTV' } } }, `rename: ${why}`],
  ] as const) {
    writeFileSync(join(folder, 'sag.json'), JSON.stringify({ ...json, ...asked }));
    const refused = await plan('sag');
    expect([refused.code, refused.stderr.startsWith(`respine: ${says}`)], refused.stderr).toEqual([2, true]);
  }
});

test('masks: each within the bound that is told, read again as a patient', slow, async () => {
  set('m', [...clean, { name: 'a/b', rings: range(-6, 6, 4).map((z) => box(z, 30, 0, 50, 20)) }]);
  const run = await respine('masks', '--structures', 'm.dcm', '--ct', 'CT', '--out', 'masks', '--json');
  expect([run.code, run.stderr]).toEqual([0, '']);
  const { structures, segmentation } = JSON.parse(run.stdout);
  expect(structures.map((s: { file: string }) => s.file)).toEqual([
    'mask_BODY.nrrd',
    'mask_SpinalCord.nrrd',
    'mask_PTV_3960.nrrd',
    'mask_a_b.nrrd',
  ]);
  for (const { volumeCc, maskCc, labelCc, labelBoundCc } of structures) {
    expect(Math.abs(maskCc / volumeCc - 1)).toBeLessThan(1e-5);
    expect(Math.abs(labelCc - maskCc)).toBeLessThanOrEqual(labelBoundCc);
  }
  // A segmentation is structures for dvh and check too.
  const dvh = await respine(
    'dvh',
    '--structures',
    `masks/${segmentation}`,
    '--dose',
    'dose.nrrd',
    '--fractions',
    '22',
    '--partial',
    '--json',
  );
  for (const { name, volumeCc } of JSON.parse(dvh.stdout).structures) {
    expect(volumeCc).toBeCloseTo(structures.find((own: { name: string }) => own.name === name).labelCc, 3);
  }
  writeFileSync(
    join(folder, 'seg.json'),
    JSON.stringify({
      ...JSON.parse(readFileSync(join(folder, 'clean.json'), 'utf8')),
      patient: { ct: 'masks/hounsfield.nrrd', masks: `masks/${segmentation}` },
    }),
  );
  const planned = await plan('seg');
  expect([planned.code, planned.stderr]).toEqual([0, '']);
  const volumes = JSON.parse(planned.stdout).plans[0].structures;
  for (const { name, labelCc } of structures.slice(1)) {
    expect(volumes.find((s: { name: string }) => s.name === name).volumeCc).toBeCloseTo(labelCc, 3);
  }
  const none = await respine('masks', '--structures', 'm.dcm', '--ct', 'CT', '--roi', 'Cord', '--out', 'none');
  expect([none.code, none.stderr]).toEqual([2, expect.stringMatching(/^respine: --roi: no structure "Cord".*\n$/)]);
});
