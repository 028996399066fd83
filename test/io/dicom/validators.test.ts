/** A written study in the hands of others: validators, archives, and programs that read structures and doses. */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { evaluateDose } from '../../../src/evaluate/evaluate-dose.js';
import { parseMetric } from '../../../src/evaluate/metric-parser.js';
import { createGrid, type Vec3 } from '../../../src/geometry/grid.js';
import type { DicomFile } from '../../../src/io/dicom/dataset.js';
import { readDataset } from '../../../src/io/dicom/dataset.js';
import { readRtDose } from '../../../src/io/dicom/dose.js';
import { readStructureSet } from '../../../src/io/dicom/structure-set.js';
import { writeDose } from '../../../src/io/dicom/write-dose.js';
import { dataSetOf, freePort, missingTools, output, peersOf, tools, withServer, writeInto } from './peers.js';
import { doseOf, hill, writtenStudy } from './written-study.js';

const { files, structures, doses } = writtenStudy();
const folder = mkdtempSync(join(tmpdir(), 'respine-peers-'));
beforeAll(() => writeInto(folder, files));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string): DicomFile => files.find((one) => one.name === name)!;
const isImplicit = (one: DicomFile): boolean => readDataset(one).transferSyntax === '1.2.840.10008.1.2';

const missing = missingTools(...(Object.keys(tools) as (keyof typeof tools)[]));
if (missing.length > 0) {
  process.stdout.write(`skipped: written DICOM in the hands of others, of whom ${missing.join(', ')} are not there\n`);
}
const needs = (...names: (keyof typeof tools)[]): boolean => missingTools(...names).length > 0;

/** dciodvfy of Debian 12 ends itself on pixels of 32 bits, of whatever system; the same dose in 16 bits stands in for them. */
const ABORTS = 'Assertion `bitsallocated <= bytesinword*8u';

describe.skipIf(needs('dciodvfy'))('dciodvfy', () => {
  test('no error in any file', { timeout: 120_000 }, async () => {
    const unread: string[] = [];
    for (const { name } of files) {
      const said = await output('dciodvfy', [name], folder);
      if (said.includes(ABORTS)) unread.push(name);
      else
        expect(
          said.split('\n').filter((line) => /^Error/.test(line)),
          name,
        ).toEqual([]);
      expect(said.includes(ABORTS) || /CTImage|RTDose|RTStructureSet|SpatialRegistration/.test(said), name).toBe(true);
    }
    expect(unread.filter((name) => name !== 'RD_imrt.dcm' && name !== 'RD_sum.dcm')).toEqual([]);
  });

  test('doses of 16 and 32 bits differ in nothing else', () => {
    const differ = (a: string, b: string): string[] => {
      const [one, other] = [a, b].map((name) => readDataset(file(name)).elements);
      expect(Object.keys(one!)).toEqual(Object.keys(other!));
      return Object.keys(one!).filter((tag) => Buffer.compare(one![tag]!.value, other![tag]!.value) !== 0);
    };
    const bits = ['00280100', '00280101', '00280102', '3004000E', '7FE00010'];
    for (const [a, b] of [['RD_imrt.dcm', 'RD16.dcm'] as const, ['RD_sum.dcm', 'RD16_sum.dcm'] as const])
      expect(differ(a, b).filter((tag) => !/^(0002|00080018|0020000E)/.test(tag))).toEqual(bits);
  });
});

/** Sends all files; those in implicit form by an association of their own, or they would be turned into explicit form on the way. */
async function send(port: number, title: string): Promise<void> {
  for (const [option, which] of [
    ['-x=', files.filter((one) => !isImplicit(one))],
    ['-xi', files.filter(isImplicit)],
  ] as const) {
    const names = which.map(({ name }) => name);
    expect(await output('storescu', [option, '-aec', title, '127.0.0.1', String(port), ...names], folder)).toBe('');
  }
}

/** Are the data sets those that were sent, byte for byte? */
function expectSame(returned: readonly Uint8Array[]): void {
  const sorted = (all: readonly Uint8Array[]): Buffer[] => all.map(dataSetOf).sort(Buffer.compare);
  const [sent, back] = [sorted(files.map(({ bytes }) => bytes)), sorted(returned)];
  expect(back).toHaveLength(sent.length);
  expect(back.filter((one, i) => !one.equals(sent[i]!))).toEqual([]);
}

test.skipIf(needs('storescu', 'storescp'))('storescu to storescp: accepted, the same bytes', async () => {
  const port = await freePort();
  const into = join(folder, 'received');
  mkdirSync(into);
  const isReady = async (): Promise<boolean> => {
    const said = await output('storescu', ['127.0.0.1', String(port), 'REG.dcm'], folder);
    for (const name of readdirSync(into)) rmSync(join(into, name));
    return said === '';
  };
  await withServer('storescp', ['-od', into, String(port)], isReady, () => send(port, 'ANY'));
  expectSame(readdirSync(into).map((name) => readFileSync(join(into, name))));
});

test.skipIf(needs('storescu', 'orthanc'))('Orthanc: accepted, one patient and study, the same bytes back', async () => {
  const [http, dicom] = [await freePort(), await freePort()];
  const storage = join(folder, 'orthanc');
  const config = join(folder, 'orthanc.json');
  const settings = {
    StorageDirectory: storage,
    IndexDirectory: storage,
    HttpPort: http,
    DicomPort: dicom,
    AuthenticationEnabled: false,
    RemoteAccessAllowed: false,
    DicomAlwaysAllowStore: true,
    Plugins: [],
  };
  writeFileSync(config, JSON.stringify(settings));
  const get = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${http}${path}`);
  await withServer(
    'orthanc',
    [config],
    async () => (await get('/system')).ok,
    async () => {
      await send(dicom, 'ORTHANC');
      const list = async (path: string): Promise<string[]> => (await get(path)).json() as Promise<string[]>;
      for (const level of ['/patients', '/studies']) expect(await list(level), level).toHaveLength(1);
      const back: Uint8Array[] = [];
      for (const id of await list('/instances')) {
        back.push(new Uint8Array(await (await get(`/instances/${id}/file`)).arrayBuffer()));
      }
      expectSame(back);
    },
  );
});

describe.skipIf(needs('plastimatch', 'python'))('plastimatch, dicompyler-core, pydicom', () => {
  const named = ['PTV_3960', 'CTV', 'VB_T08', 'SpinalCord'];
  let peers: any;
  beforeAll(async () => {
    const ct = ['--referenced-ct', 'CT'];
    const convert = (...args: string[]): Promise<string> => output('plastimatch', ['convert', ...args], folder);
    // Voxels count whole or not at all: small ones, that do not lie as evenly to a structure as those of its CT.
    const fine = ['--dim', '700 480 15', '--spacing', '0.483 0.483 4', '--origin', '-170.13 -150.07 -28'];
    await output('plastimatch', ['synth', '--output', 'fine.nrrd', ...fine], folder);
    await convert('--input', 'RS.dcm', '--fixed', 'fine.nrrd', '--output-prefix', 'masks', '--prefix-format', 'nrrd');
    await convert('--input', 'RS.dcm', ...ct, '--output-ss-img', 'ss.nrrd', '--output-ss-list', 'ss.txt');
    await convert('--input-dose-img', 'RD_imrt.dcm', '--output-dose-img', 'RD.nrrd');
    const bins = ['--bin-width', '0.05', '--num-bins', '1000', '--output-csv', 'dvh.csv'];
    const from = ['--input-ss-img', 'ss.nrrd', '--input-ss-list', 'ss.txt', '--input-dose', 'RD.nrrd'];
    await output('plastimatch', ['dvh', ...from, ...bins], folder);
    peers = await peersOf(folder, named);
  }, 120_000);

  const doublesOf = (name: string): Float64Array => {
    const bytes = readFileSync(join(folder, name));
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer);
  };

  test('doses to 1e-6 of the largest, each voxel at its place', () => {
    for (const [name, { data }] of doses) {
      const most = data.reduce((a, b) => Math.max(a, b));
      const read = [`${name}.f8`, ...(name === 'RD_imrt.dcm' ? ['RD.nrrd.f8'] : [])];
      for (const values of read.map(doublesOf)) {
        expect(values).toHaveLength(data.length);
        expect(values.every((value, i) => Math.abs(value - data[i]!) <= 1e-6 * most)).toBe(true);
      }
      const times = name === 'RD_sum.dcm' ? 1.5 : 1;
      for (const [x, y, z, value] of peers.doses[name].points)
        expect(Math.abs(value - times * hill([x, y, z])), `${x} ${y} ${z}`).toBeLessThan(1e-4);
    }
    const said = (name: string): string[] => peers.doses[name].said;
    expect(said('RD_imrt.dcm')).toEqual(['PHYSICAL', 'GY', 'PLAN', 'Physical dose, 22 fractions. RESEARCH ONLY']);
    expect(said('RD_sum.dcm').slice(0, 3)).toEqual(['EFFECTIVE', 'GY', 'MULTI_PLAN']);
    expect(said('RD_sum.dcm')[3]).toContain('EQD2, alpha/beta 2 Gy');
  });

  test('volumes as told for the file: of its polygons to 1e-4, of the voxels of plastimatch to 1 %', () => {
    for (const { name, volumeCc } of structures) {
      expect(Math.abs(peers.polygons['RS.dcm'][name] / volumeCc - 1), name).toBeLessThan(1e-4);
      expect(Math.abs(peers.plastimatch[name].volume / volumeCc - 1), name).toBeLessThan(0.01);
    }
    // In implicit form, of one slice.
    expect(peers.polygons['RS_long.dcm']['Many points']).toBeCloseTo((Math.PI * 40 * 30 * 4) / 1000, 2);
  });

  test('DVHs lie between those of plastimatch and dicompyler-core, or as near to one as our bound says', () => {
    const read = readStructureSet(file('RS.dcm')).structures.filter(({ name }) => named.includes(name));
    const metrics = ['Mean', 'D95%', 'D50%'].map(parseMetric);
    const ours = evaluateDose(readRtDose(file('RD_imrt.dcm')).dose, read, { metrics });
    expect(ours).toHaveLength(named.length);
    for (const { name, metrics: values, errorBounds } of ours) {
      const others = [peers.plastimatch[name], peers.dicompyler[name]];
      for (const [ours, theirs] of [
        ['Mean[Gy]', 'mean'],
        ['D50%[Gy]', 'D50'],
        ['D95%[Gy]', 'D95'],
      ] as const) {
        const [a, b] = others.map((peer) => peer[theirs]) as [number, number];
        // A bin of either is 0.01 or 0.05 Gy wide.
        const bound = errorBounds[ours]!.total + 0.05;
        expect(values[ours], `${name} ${theirs} ${a} ${b}`).toBeGreaterThan(Math.min(a, b) - bound);
        expect(values[ours], `${name} ${theirs} ${a} ${b}`).toBeLessThan(Math.max(a, b) + bound);
      }
    }
  });

  test('unequal spacing, odd dims: every voxel at its place in pydicom', async () => {
    const into = join(folder, 'unequal');
    mkdirSync(into);
    const at = ([x, y, z]: Vec3): number => 500 + 0.7 * x - 0.3 * y + 1.1 * z;
    const study = { attributes: {}, studyUid: '1.2.3', frameOfReferenceUid: '1.2.4' };
    const grids = [
      createGrid([5, 3, 9], [1.25, 3.5, 2.2], [-7.3, 41.25, -100]),
      createGrid([1, 7, 3], [5, 2, 3], [1, 2, 3]),
    ];
    for (const [g, grid] of grids.entries()) {
      const dose = doseOf(grid, { quantity: 'physical' }, at);
      writeInto(into, [writeDose(dose, study, { name: `RD_${g}.dcm`, planUids: ['1.2.5'] }).file]);
    }
    const read = await peersOf(into, []);
    for (const [g, grid] of grids.entries()) {
      const { shape, points } = read.doses[`RD_${g}.dcm`];
      expect(shape).toEqual(grid.shape);
      for (const [x, y, z, value] of points) expect(Math.abs(value - at([x, y, z]))).toBeLessThan(1e-3);
    }
  });
});
