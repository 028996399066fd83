/** `respine dose`: the contract of FIELDS.json, the four kinds of patient, and one sentence for every bad input. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isRespineError } from '../../src/core/errors.js';
import { createGrid } from '../../src/geometry/grid.js';
import { createVolume } from '../../src/geometry/volume.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { artiste6mv } from '../../src/machine/artiste-6mv.js';
import { loadFields } from '../../src/node/load-fields.js';
import { computeFields } from '../../src/plan/field/field-dose.js';
import { respineIn } from './respine.js';

const folder = mkdtempSync(join(tmpdir(), 'respine-dose-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const respine = respineIn(folder);

let count = 0;
function fieldsFile(content: unknown): string {
  const path = join(folder, `fields-${count++}.json`);
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return path;
}

async function dose(content: unknown) {
  const out = join(folder, `dose-${count}.nrrd`);
  const run = await respine('dose', fieldsFile(content), '--out', out, '--json');
  expect(run.code, run.stderr).toBe(0);
  expect(run.stderr).toBe('');
  return { report: JSON.parse(run.stdout), volume: await decodeNrrd(readFileSync(out)) };
}

const square = { x1: -50, x2: 50, y1: -50, y2: 50 };
const water = { phantom: 'water-box', spacing: [10, 10, 10] };
const beam = { gantry: 0, monitorUnits: 100, field: square };
const plain = { patient: water, isocenter: [0, 0, 0], beams: [beam] };

test('100 MU at SSD 900, depth 100 mm: 1.00 Gy; the NRRD says what it is', { timeout: 60_000 }, async () => {
  const { report, volume } = await dose({ ...plain, fractions: 5 });
  const [first] = report.beams;
  expect(first).toMatchObject({ name: 'G0', monitorUnits: 100, ssd: 900, isocenterDepth: 100, opening: 'jaws' });
  expect(first.isocenterDose).toBeCloseTo(1, 2);
  expect(Math.abs(first.isocenterDose - 1)).toBeLessThan(1e-3);
  expect(report.totals.isocenterDose).toBe(first.isocenterDose);
  expect(first.flags).toEqual([]);
  expect(volume.kind).toBe('dose');
  expect(volume.fields).toMatchObject({ units: 'Gy', quantity: 'physical', fractions: '5', machine: 'artiste-6mv' });
  expect(volume.fields['external']).toMatch(/zero by definition/);
  expect(volume.grid).toEqual(createGrid([30, 30, 30], [10, 10, 10], [-145, -95, -145]));
  expect(Math.max(...volume.data)).toBeCloseTo(report.totals.maximumDose, 4);
});

test('the example of the contract: two beams, a grid of its own, a flag for the tiny field', {
  timeout: 60_000,
}, async () => {
  const fluence = {
    spacing: 5,
    beamlets: [
      [0, 0, 1],
      [5, 0, 0.5],
    ],
  };
  const beams = [
    { ...beam, collimator: 0, couch: 0 },
    { gantry: 60, couch: 20, fluence },
  ];
  const { report, volume } = await dose({ ...plain, machine: 'artiste-6mv', grid: { spacing: [6, 5, 7] }, beams });
  expect(volume.grid.spacing).toEqual([6, 5, 7]);
  expect(report.beams[1]).toMatchObject({ name: 'G60 C20', opening: 'beamlets', monitorUnits: 0.75, openAreaCm2: 0.5 });
  expect(report.beams[1].flags[0]).toMatchObject({ code: 'field-size', message: expect.stringMatching(/10 x 5 mm/) });
  // The two beams add up: each alone gives its share.
  const alone = await dose({ ...plain, grid: { spacing: [6, 5, 7] }, beams: [beams[1]] });
  const other = await dose({ ...plain, grid: { spacing: [6, 5, 7] } });
  volume.data.forEach((d, i) => {
    expect(Math.abs(d - alone.volume.data[i]! - other.volume.data[i]!)).toBeLessThan(1e-6);
  });
});

test('leaves, openings and a machine file give the jaw field; transmission is stated', {
  timeout: 60_000,
}, async () => {
  writeFileSync(join(folder, 'linac.json'), JSON.stringify(artiste6mv));
  const leaves = Array.from({ length: 80 }, (_, n) => (n >= 30 && n < 50 ? [-50, 50] : [0, 0]));
  const common = { ...plain, machine: 'linac.json', transmission: { leaves: 0 } };
  const jaws = await dose(plain);
  const a = await dose({ ...common, beams: [{ gantry: 0, monitorUnits: 100, aperture: { bank: 'agility', leaves } }] });
  const own = { bank: { boundaries: [-60, -50, 0, 50, 60] }, openings: [square] };
  const b = await dose({ ...common, beams: [{ gantry: 0, monitorUnits: 100, aperture: own }] });
  for (const { volume } of [a, b]) {
    jaws.volume.data.forEach((d, i) => {
      expect(Math.abs(d - volume.data[i]!)).toBeLessThan(1e-6);
    });
  }
  const leaky = await dose({
    ...plain,
    beams: [
      {
        ...beam,
        field: undefined,
        aperture: { bank: 'millennium-120', openings: [square], jaws: { x1: -70, x2: 70, y1: -70, y2: 70 } },
      },
    ],
  });
  expect(leaky.report.beams[0].transmission).toEqual({ jaws: 0, leaves: 0.015 });
  expect(leaky.report.beams[0].isocenterDose).toBeGreaterThan(jaws.report.beams[0].isocenterDose);
});

describe('four kinds of patient, one slab of lung', () => {
  const nrrd = join(folder, 'slab');
  const dicom = join(folder, 'slab-dicom');
  const slab = { ...plain, isocenter: [0, 75, 0], beams: [beam, { ...beam, gantry: 25 }] };
  let truth: Awaited<ReturnType<typeof dose>>;
  beforeAll(async () => {
    await respine('phantom', 'slab-lung', '--out', nrrd, '--spacing', '10');
    await respine('phantom', 'slab-lung', '--out', dicom, '--spacing', '10', '--format', 'dicom');
    truth = await dose({ ...slab, patient: { phantom: 'slab-lung', spacing: [10, 10, 10] } });
  }, 60_000);
  const sources: [string, object][] = [
    ['density', { density: 'slab/density.nrrd' }],
    ['density with its external', { density: 'slab/density.nrrd', external: 'slab/mask_External.nrrd' }],
    ['hounsfield', { hounsfield: 'slab/hounsfield.nrrd' }],
    ['CT', { ct: 'slab-dicom/CT' }],
    ['CT with structures', { ct: 'slab-dicom/CT', structures: 'slab-dicom/RS.dcm' }],
  ];
  test.each(sources)('%s', { timeout: 60_000 }, async (_, patient) => {
    const { report, volume } = await dose({ ...slab, patient });
    // Whole HU of the exported CT turn back into the densities to 1e-3: 0.1 % of the dose behind 100 mm of lung.
    volume.data.forEach((d, i) => {
      expect(Math.abs(d - truth.volume.data[i]!)).toBeLessThan(2e-3);
    });
    expect(report.beams[0].isocenterDepth).toBeCloseTo(50 + 100 * 0.258 + 25, 0);
  });

  test('an external of half the volume: no dose in the other half, and no depth from it', {
    timeout: 60_000,
  }, async () => {
    const grid = createGrid([30, 30, 30], [10, 10, 10], [-145, -95, -145]);
    const lower = createVolume('mask', grid);
    lower.data.forEach((_, i) => {
      lower.data[i] = Math.floor(i / 30) % 30 >= 15 ? 1 : 0;
    });
    writeFileSync(join(folder, 'half.nrrd'), await encodeNrrd(lower));
    const { report, volume } = await dose({
      ...slab,
      patient: { density: 'slab/density.nrrd', external: 'half.nrrd' },
    });
    expect(report.beams[0]).toMatchObject({ ssd: 975, isocenterDepth: 25 });
    volume.data.forEach((d, i) => {
      if (lower.data[i] === 0) expect(d).toBe(0);
    });
  });
});

describe('computed, but flagged', () => {
  test('too large, too small, closed, isocentre in air', { timeout: 60_000 }, async () => {
    const field = (x: number, y: number): object => ({ ...beam, field: { x1: -x, x2: x, y1: -y, y2: y } });
    const closed = { gantry: 0, monitorUnits: 100, aperture: { bank: 'mlci2', openings: [] } };
    const { report } = await dose({ ...plain, beams: [field(210, 50), field(4, 50), closed, beam] });
    const codes = report.beams.map((b: { flags: { code: string }[] }) => b.flags.map((f) => f.code)[0]);
    expect(codes).toEqual(['field-size', 'field-size', 'nothing-open', undefined]);
    // 1.8 % under the leaves of the largest field, which scatters more than 100 x 100 mm.
    expect(report.beams[2].isocenterDose / report.beams[3].isocenterDose / 0.018).toBeGreaterThan(1.05);
    // From above, the far corners of the box lie 300 mm deep and more.
    const slanted = await dose({ ...plain, beams: [{ ...beam, gantry: 45 }] });
    expect(slanted.report.beams[0].flags[0]).toMatchObject({ code: 'depth', message: expect.stringMatching(/300 mm/) });
    const outside = await dose({ ...plain, isocenter: [0, -120, 0] });
    expect(outside.report.beams[0].isocenterDose).toBeNull();
    expect(outside.report.totals.isocenterDose).toBeNull();
    expect(outside.report.beams[0].flags.map((f: { code: string }) => f.code)).toContain('isocenter-outside');
    expect(outside.report.totals.maximumDose).toBeGreaterThan(1.1);
  });
});

describe('bad input: exit 2, one sentence that names value and remedy, nothing written', () => {
  const one = (changes: object): object => ({ ...plain, beams: [{ ...beam, ...changes }] });
  const leaves = (aperture: object): object => one({ field: undefined, aperture });
  const closed = (pair: number[]): number[][] => Array.from({ length: 80 }, (_, n) => (n === 3 ? pair : [0, 0]));
  const grid = createGrid([5, 7, 9], [20, 15, 10], [-40, -45, -40]);
  const filled = (value: number, odd: number): Float32Array =>
    new Float32Array(5 * 7 * 9).fill(value).map((v, i) => (i === 100 ? odd : v));
  beforeAll(async () => {
    const write = async (name: string, kind: 'density' | 'hounsfield', data: Float32Array): Promise<void> =>
      writeFileSync(join(folder, name), await encodeNrrd({ ...createVolume(kind, grid, data), kind }));
    await write('nan.nrrd', 'density', filled(1, Number.NaN));
    await write('negative.nrrd', 'density', filled(1, -0.2));
    await write('hu-as-density.nrrd', 'density', filled(40, 1000));
    await write('density-as-hu.nrrd', 'hounsfield', filled(1, 0.2));
    await write('hu.nrrd', 'hounsfield', filled(0, 40));
    await write('empty.nrrd', 'density', filled(0, 0));
    const cgy = { ...artiste6mv, calibration: { ...artiste6mv.calibration, gyPerMu: 1 } };
    writeFileSync(join(folder, 'cgy.json'), JSON.stringify(cgy));
    writeFileSync(join(folder, 'torso.json'), JSON.stringify({ name: 'no machine' }));
  });
  const cases: [string, unknown, RegExp][] = [
    ['beam that misses', { ...plain, isocenter: [0, 50, 400] }, /beam G0: its central ray misses the patient/],
    [
      'NaN density',
      { ...plain, patient: { density: 'nan.nrrd' } },
      /nan\.nrrd: the density is NaN at \(-20, 15, -30\) mm/,
    ],
    ['negative density', { ...plain, patient: { density: 'negative.nrrd' } }, /is -0\.2.*Are these HU\?/],
    ['HU as density', { ...plain, patient: { density: 'hu-as-density.nrrd' } }, /is 40 at .*Are these HU\?/],
    ['density as HU', { ...plain, patient: { hounsfield: 'density-as-hu.nrrd' } }, /looks like densities/],
    ['the wrong kind', { ...plain, patient: { density: 'hu.nrrd' } }, /says that it holds hounsfield, not density/],
    ['no body', { ...plain, patient: { density: 'empty.nrrd' } }, /there is no body/],
    [
      'external on another grid',
      { ...plain, patient: { hounsfield: 'hu.nrrd', external: 'half.nrrd' } },
      /different grids|half\.nrrd/,
    ],
    ['no such file', { ...plain, patient: { density: 'nowhere.nrrd' } }, /nowhere\.nrrd cannot be read/],
    ['unknown machine', { ...plain, machine: 'x' }, /machine "x" is unknown\. Use artiste-6mv/],
    ['machine in cGy', { ...plain, machine: 'cgy.json' }, /gyPerMu: is 1 Gy per monitor unit.*was it meant in cGy/],
    ['no machine', { ...plain, machine: 'torso.json' }, /torso\.json: energy/],
    ['edges swapped', one({ field: { ...square, x1: 50, x2: -50 } }), /beams\.0: field: x1 is 50 mm and x2 is -50 mm/],
    ['no width', one({ field: { ...square, y1: 50 } }), /y1 is 50 mm and y2 is 50 mm, but y1 must be less than y2/],
    ['field too far', one({ field: { ...square, x2: 500 } }), /no field reaches beyond 300 mm/],
    ['leaves cross', leaves({ bank: 'agility', leaves: closed([5, -5]) }), /leaf pair 4 of agility: the leaves cross/],
    ['leaf count', leaves({ bank: 'mlci2', leaves: closed([0, 0]) }), /80 leaf pairs, but mlci2 has 40/],
    [
      'beyond the leaves',
      leaves({ bank: 'hd-120', openings: [{ ...square, y2: 120 }] }),
      /120 mm is no leaf boundary of hd-120/,
    ],
    [
      'beyond the travel',
      leaves({ bank: 'moduleaf', openings: [{ ...square, x1: -80 }] }),
      /reach 60 mm from the axis/,
    ],
    ['unknown bank', leaves({ bank: 'mlc', openings: [] }), /leaf bank "mlc" is unknown\. Use one of/],
    ['leaves and openings', leaves({ bank: 'agility' }), /beams\.0\.aperture: needs either "leaves" or "openings"/],
    ['nothing to open', one({ field: undefined }), /beams\.0: needs exactly one of "field", "aperture" and "fluence"/],
    ['no monitor units', one({ monitorUnits: undefined }), /beams\.0: needs "monitorUnits"/],
    ['negative monitor units', one({ monitorUnits: -1 }), /beams\.0\.monitorUnits: is -1 MU, but must be >= 0/],
    ['too many', one({ monitorUnits: 1e6 }), /is 1000000 MU, more than 100000/],
    [
      'units twice',
      one({ field: undefined, fluence: { spacing: 5, beamlets: [[0, 0, 1]] } }),
      /weights are monitor units/,
    ],
    ['negative weight', { ...plain, beams: [{ gantry: 0, fluence: { spacing: 5, beamlets: [[0, 0, -1]] } }] }, /-1 MU/],
    ['angle', one({ gantry: 400 }), /beams\.0\.gantry/],
    ['no gantry', one({ gantry: undefined }), /beams\.0\.gantry/],
    ['misspelt', { ...plain, isocentre: [0, 0, 0] }, /isocentre/],
    ['isocentre missing', { ...plain, isocenter: undefined }, /isocenter/],
    ['no beams', { ...plain, beams: [] }, /beams/],
    ['transmission in percent', { ...plain, transmission: { leaves: 1.5 } }, /transmission\.leaves/],
    [
      'spacing in metres',
      { ...plain, grid: { spacing: [0.003, 0.003, 0.003] } },
      /grid\.spacing\.0: is 0\.003 mm, but must be >= 0\.1\. Spacing is in mm/,
    ],
    ['unknown patient', { ...plain, patient: { mesh: 'a.stl' } }, /patient: must be \{ "phantom": NAME/],
    ['not JSON', '{', /is not JSON/],
  ];
  // A process per case takes a second each: the first of every kind goes through the command, the rest through its parts.
  const throughCommand = new Set(['beam that misses', 'NaN density', 'unknown machine', 'leaves cross', 'not JSON']);
  test.each(cases)('%s', { timeout: 60_000 }, async (name, content, message) => {
    const path = fieldsFile(content);
    if (!throughCommand.has(name)) {
      const error = await loadFields(path)
        .then(({ patient, fields, machine }) => computeFields(patient, fields, machine))
        .catch((cause: unknown) => cause);
      expect(isRespineError(error), String(error)).toBe(true);
      expect((error as Error).message).toMatch(message);
      expect((error as Error).message).not.toContain('\n');
      return;
    }
    const out = join(folder, 'bad', 'dose.nrrd');
    const { code, stdout, stderr } = await respine('dose', path, '--out', out);
    expect(code, stderr).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n').length).toBe(1);
    expect(existsSync(join(folder, 'bad'))).toBe(false);
  });

  test('an output that is no NRRD, and none at all', { timeout: 60_000 }, async () => {
    expect((await respine('dose', fieldsFile(plain), '--out', 'dose.mha')).stderr).toMatch(
      /Use for example dose\.nrrd/,
    );
    expect((await respine('dose', fieldsFile(plain))).code).toBe(2);
    expect(readdirSync(folder)).not.toContain('dose.mha');
  });
});
