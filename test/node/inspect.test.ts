/** What `inspect` tells of folders: a study of our own, whole and with every fault that a folder may have. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../src/core/random.js';
import { contoursVolume } from '../../src/geometry/contour.js';
import type { DicomFile } from '../../src/io/dicom/dataset.js';
import { decimals, encodeDicom, type Written } from '../../src/io/dicom/element-writer.js';
import { inspectFile } from '../../src/io/dicom/inspect-file.js';
import { readStructureSet } from '../../src/io/dicom/structure-set.js';
import { ctReference, writeCt, writeStructureSet } from '../../src/io/dicom/write.js';
import { type Inspection, inspection } from '../../src/io/inspection.js';
import { encodeNrrd } from '../../src/io/nrrd.js';
import { inspectPath } from '../../src/node/inspect.js';
import { parseCase } from '../../src/plan/input/parse-case.js';
import { inspectionText } from '../../src/report/inspection.js';
import { spine } from '../plan/spine.js';

const root = mkdtempSync(join(tmpdir(), 'respine inspect Größe '));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const patient = spine({ spacing: 8, parameters: { length: 90 } });
const identity = { patientName: 'Doe^Jane', patientId: 'P-4711' };
const ct = writeCt(patient.hounsfield, identity);
const reference = ctReference(patient.hounsfield, identity);
const drawn = writeStructureSet(patient.structures, reference);
const uidOf = ({ bytes }: DicomFile, tag: readonly number[]): string => {
  const at = Buffer.from(bytes).indexOf(Buffer.from(tag));
  const length = bytes[at + 6]! + 256 * bytes[at + 7]!;
  return Buffer.from(bytes.subarray(at + 8, at + 8 + length))
    .toString('latin1')
    .replaceAll('\0', '');
};
const frame = uidOf(ct[0]!, [0x20, 0, 0x52, 0, 0x55, 0x49]);
const structures = uidOf(drawn, [8, 0, 0x18, 0, 0x55, 0x49]);

/** An object of the same patient. */
function object(name: string, sopClass: string, uid: string, elements: readonly Written[]): DicomFile {
  const of: Written[] = [
    [0x00080005, 'CS', 'ISO_IR 192'],
    [0x00080016, 'UI', sopClass],
    [0x00080018, 'UI', uid],
    [0x00100010, 'PN', identity.patientName],
    [0x00100020, 'LO', identity.patientId],
    [0x0020000d, 'UI', '1.2.5'],
  ];
  const given = new Set(elements.map(([tag]) => tag));
  return { name, bytes: encodeDicom(sopClass, uid, [...of.filter(([tag]) => !given.has(tag)), ...elements]) };
}
const refers = (uid: string): Written[] => [[0x00081155, 'UI', uid]];
const plan = object('RP.dcm', '1.2.840.10008.5.1.4.1.1.481.5', '1.2.7', [
  [0x300a0002, 'SH', 'Rücken'],
  [0x300a0010, 'SQ', [[[0x300a0026, 'DS', '39.6']]]],
  [0x300a0070, 'SQ', [[[0x300a0078, 'IS', '22']]]],
  [
    0x300a00b0,
    'SQ',
    [0, 1, 2].map((n): Written[] => [
      [0x300a00c6, 'CS', 'PHOTON'],
      [0x300a00ce, 'CS', n < 2 ? 'TREATMENT' : 'SETUP'],
    ]),
  ],
  [0x300c0060, 'SQ', [refers(structures)]],
]);
const dose = (name: string, more: readonly Written[] = []): DicomFile => {
  const given = new Set(more.map(([tag]) => tag));
  const pixels = Uint16Array.from({ length: 27 }, (_, n) => 1000 * n);
  const own: Written[] = [
    [0x00200032, 'DS', decimals([-20, -20, -20])],
    [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
    [0x00200052, 'UI', frame],
    [0x00280002, 'US', [1]],
    [0x00280008, 'IS', '3'],
    [0x00280010, 'US', [3]],
    [0x00280011, 'US', [3]],
    [0x00280030, 'DS', '20\\20'],
    [0x00280100, 'US', [16]],
    [0x00280101, 'US', [16]],
    [0x00280102, 'US', [15]],
    [0x00280103, 'US', [0]],
    [0x30040002, 'CS', 'GY'],
    [0x30040004, 'CS', 'PHYSICAL'],
    [0x3004000a, 'CS', 'PLAN'],
    [0x3004000c, 'DS', '0\\20\\40'],
    [0x3004000e, 'DS', '0.001'],
    [0x300c0002, 'SQ', [refers('1.2.7')]],
    [0x7fe00010, 'OW', new Uint8Array(pixels.buffer)],
  ];
  return object(name, '1.2.840.10008.5.1.4.1.1.481.2', `1.2.8.${name.length}`, [
    ...own.filter(([tag]) => !given.has(tag)),
    ...more,
  ]);
};
const registration = object('REG.dcm', '1.2.840.10008.5.1.4.1.1.66.1', '1.2.6', [
  [0x00200052, 'UI', frame],
  [
    0x00700308,
    'SQ',
    [
      [
        [0x00200052, 'UI', '1.9.9'],
        [
          0x00700309,
          'SQ',
          [
            [
              [
                0x0070030a,
                'SQ',
                [
                  [
                    [0x300600c6, 'DS', '1\\0\\0\\0\\0\\1\\0\\0\\0\\0\\1\\5\\0\\0\\0\\1'],
                    [0x0070030c, 'CS', 'RIGID'],
                  ],
                ],
              ],
            ],
          ],
        ],
      ],
    ],
  ],
]);

/** Lays files in a folder of their own and looks at it. */
async function look(name: string, files: readonly DicomFile[], options = {}): Promise<Inspection> {
  const folder = join(root, name);
  for (const file of files) {
    const path = join(folder, file.name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, file.bytes);
  }
  const found = await inspectPath(folder, options);
  expect(inspection.safeParse(JSON.parse(JSON.stringify(found))).error).toBeUndefined();
  return found;
}
const slices = ct.map((file) => ({ ...file, name: `CT/${file.name}` }));
const study = [...slices, drawn, plan, dose('RD.dcm'), dose('früher.dcm', [[0x00200052, 'UI', '1.9.9']]), registration];
/** A file of which the bytes of one text are others, as long. */
const changed = ({ name, bytes }: DicomFile, was: string, is: string): DicomFile => {
  const out = Buffer.from(bytes);
  const at = out.indexOf(was, 0, 'latin1');
  expect([at > 0, is.length]).toEqual([true, was.length]);
  out.write(is, at, 'latin1');
  return { name, bytes: out };
};

describe('a whole study', () => {
  let found: Inspection;
  test('is told object by object', async () => {
    found = await look('ganze Studie', study);
    const [nz, ny, nx] = patient.hounsfield.grid.shape;
    expect(found.files).toBe(study.length);
    expect(found.series).toHaveLength(1);
    expect(found.series[0]).toMatchObject({
      modality: 'CT',
      files: nz,
      shape: [nz, ny, nx],
      spacing: [8, 8, 8],
      orientation: 'axial',
      position: 'HFS',
      frame: 1,
      problems: [],
    });
    const { min, max } = found.series[0]!.extent!;
    const { origin, spacing } = patient.hounsfield.grid;
    expect(min).toEqual([...origin].map((mm) => Math.round(100 * mm) / 100));
    expect(max[0] - min[0]).toBeCloseTo((nx - 1) * spacing[0], 2);
    const values = patient.hounsfield.data.subarray(0);
    expect(found.series[0]!.hounsfield![0]).toBe(values.reduce((a, b) => Math.min(a, b)));
    const read = new Map(readStructureSet(drawn).structures.map((own) => [own.name, own]));
    expect(found.structureSets[0]!.structures).toHaveLength(patient.structures.length);
    for (const { name, role, volumeCc, slices: planes } of found.structureSets[0]!.structures) {
      const { shape, role: was } = read.get(name)!;
      if (shape.kind !== 'contours') throw new Error('no contours');
      expect(volumeCc! / contoursVolume(shape.contours)).toBeCloseTo(1, 4);
      expect([role, planes]).toEqual([was, shape.contours.planes.length]);
    }
    expect(found.plans).toEqual([
      expect.objectContaining({
        label: 'Rücken',
        fields: 2,
        radiation: ['PHOTON'],
        fractions: 22,
        dose: 39.6,
        problems: [],
      }),
    ]);
    expect(found.doses[0]).toMatchObject({
      grid: { shape: [3, 3, 3], spacing: [20, 20, 20], origin: [-20, -20, -20] },
      units: 'GY',
      type: 'PHYSICAL',
      summation: 'PLAN',
      maximum: 26,
      frame: 1,
    });
    expect(found.doses[1]!.frame).not.toBe(1);
    expect(found.registrations[0]).toMatchObject({ to: 1, from: [found.doses[1]!.frame] });
    expect(found.problems).toEqual([]);
    expect(found.links.map(({ means, isThere }) => `${means} ${isThere}`).sort()).toEqual([
      'dose of true',
      'dose of true',
      'drawn on true',
      'planned on true',
    ]);
  });

  test('names the commands that take it, as a shell takes them', () => {
    const [plain, over, moved, again, dvh] = found.uses;
    expect(found.uses).toHaveLength(5);
    const file = (name: string): string => join(root, 'ganze Studie', name);
    for (const { case: asked } of [plain!, over!, moved!])
      expect(asked!.patient).toEqual({ ct: file('CT'), structures: file('RS.dcm') });
    expect(plain!.case).toMatchObject({ target: 'PTV_3960', prior: null });
    expect(parseCase(plain!.case).target).toBe('PTV_3960');
    expect(over!.case!.prior).toEqual({ file: file('RD.dcm'), plan: file('RP.dcm'), months: '?' });
    expect(moved!.case!.prior).toMatchObject({ file: file('früher.dcm'), transform: file('REG.dcm') });
    expect(() => parseCase(over!.case)).toThrow(/prior\.months/);
    expect(again!.command).toBe(
      `respine dose --plan '${file('RP.dcm')}' --ct '${file('CT')}' --structures '${file('RS.dcm')}' --out recomputed.nrrd`,
    );
    expect(dvh!.command).toBe(
      `respine dvh --structures '${file('RS.dcm')}' --dose '${file('RD.dcm')}' --plan '${file('RP.dcm')}'`,
    );
  });

  test('never tells who the patient is, unless asked', async () => {
    for (const text of [JSON.stringify(found), inspectionText(found)]) expect(text).not.toMatch(/Doe|Jane|4711/);
    const named = await inspectPath(join(root, 'ganze Studie'), { withNames: true });
    expect(named.patients).toEqual([{ number: 1, objects: study.length, name: 'Doe^Jane', id: 'P-4711' }]);
    expect(inspectionText(named).split('\n')[0]).toContain('Doe^Jane');
  });

  test('in words fits its lines, but for what is to be copied', () => {
    for (const width of [80, 120]) {
      const lines = inspectionText(found, { width }).split('\n');
      const long = lines.filter((line) => line.length > width);
      expect(long.every((line) => /^ {4}(respine|CASE\.json:) /.test(line))).toBe(true);
      expect(lines.join('\n')).toContain('PTV_3960');
    }
  });

  test('of one file is that file', async () => {
    const one = await inspectPath(join(root, 'ganze Studie', 'RS.dcm'));
    expect([one.files, one.structureSets.length, one.series.length]).toEqual([1, 1, 0]);
    expect(one.links[0]!.isThere).toBe(false);
  });
});

describe('what is wrong is told, and the rest with it', () => {
  const middle = slices.length >> 1;
  const without = slices.filter((_, n) => n !== middle);
  const scaled = (was: string, is: string): DicomFile[] => slices.map((file) => changed(file, was, is));
  const cases: [what: string, files: readonly DicomFile[], said: RegExp][] = [
    ['a slice missing', without, /"1 slice\(s\) missing between -?\d/],
    [
      'a slice doubled',
      [...slices, { name: 'CT/again.dcm', bytes: changed(slices[middle]!, 'Doe', 'Dow').bytes }],
      /1 slices lie where another one does/,
    ],
    [
      'a zero-length file',
      [...slices, { name: 'empty.dcm', bytes: new Uint8Array(0) }],
      /"text":"is empty \(0 bytes\)"/,
    ],
    [
      'a truncated slice',
      [...without, { ...slices[middle]!, bytes: slices[middle]!.bytes.subarray(0, -500) }],
      /is cut off after \d+ of \d+ bytes/,
    ],
    [
      'a header cut off',
      [...without, { ...slices[middle]!, bytes: slices[middle]!.bytes.subarray(0, 500) }],
      /is truncated or corrupt DICOM|has no pixels/,
    ],
    ['two patients', [...slices, changed(drawn, 'P-4711', 'P-4712')], /holds 2 patients/],
    ['an object twice', [...slices, drawn, { ...drawn, name: 'copy.dcm' }], /is there twice/],
    ['no fractions', [object('RP.dcm', '1.2.840.10008.5.1.4.1.1.481.5', '1.2.7', [])], /has no fraction group/],
    ['a plan that is not there', [drawn, dose('RD.dcm')], /"to":"1\.2\.7","isThere":false/],
    ['a dose without its values', [dose('RD.dcm', [[0x7fe00010, 'OW', new Uint8Array(6)]])], /"maximum":null.*6 bytes/],
    [
      'structures that are cut off',
      [{ ...drawn, bytes: drawn.bytes.subarray(0, -300) }],
      /"text":"is truncated or corrupt DICOM/,
    ],
    [
      'a foreign object',
      [...slices, object('DICOMDIR', '1.2.840.10008.1.3.10', '1.2.3.9', [])],
      /DICOMDIR \(the index of a medium/,
    ],
    ['what is no DICOM', [{ name: 'notes.txt', bytes: Buffer.from('rough') }], /\.txt files that are not DICOM/],
  ];
  test.each(cases)('%s', async (name, files, said) => {
    const found = await look(name, files);
    expect(found.files).toBe(files.length);
    expect(JSON.stringify(found)).toMatch(said);
    expect(inspectionText(found)).not.toContain('undefined');
    // The slices are one series whatever lies beside them.
    if (files.length >= slices.length) expect(found.series[0]!.files).toBeGreaterThanOrEqual(slices.length - 1);
  });

  test('an intercept that is lost, a slope of nothing, slices in another position', async () => {
    const { grid, data } = patient.hounsfield;
    const raised = { kind: 'hounsfield', grid, data: data.map((hu) => hu + 1024) } as const;
    const lost = await look('lost', writeCt(raised, identity));
    expect(lost.series[0]!.problems.join()).toMatch(/no CT number below -?\d+: without air, RescaleIntercept is lost/);
    const flat = await look('flat', scaled('(\0S\x10DS\x02\x001', '(\0S\x10DS\x02\x000'));
    expect(flat.series[0]!.problems.join()).toMatch(/\d+ slices have RescaleSlope 0/);
    const turned = await look('turned', [...slices.slice(1), changed(slices[0]!, 'HFS', 'HFP')]);
    expect(turned.series[0]!.problems.join()).toMatch(/slices differ in patient position \(2 kinds\)/);
  });

  test('an enhanced CT is the volume of its frames', async () => {
    const enhanced = object('enhanced.dcm', '1.2.840.10008.5.1.4.1.1.2.1', '1.2.3', [
      [0x00080060, 'CS', 'CT'],
      [0x0020000e, 'UI', '1.2.33'],
      [0x00200052, 'UI', frame],
      [0x00280002, 'US', [1]],
      [0x00280004, 'CS', 'MONOCHROME2'],
      [0x00280008, 'IS', '3'],
      [0x00280010, 'US', [4]],
      [0x00280011, 'US', [5]],
      [0x00280100, 'US', [16]],
      [0x00280101, 'US', [16]],
      [0x00280102, 'US', [15]],
      [0x00280103, 'US', [1]],
      [
        0x52009229,
        'SQ',
        [
          [
            [0x00209116, 'SQ', [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]]],
            [0x00289110, 'SQ', [[[0x00280030, 'DS', '2\\2']]]],
            [
              0x00289145,
              'SQ',
              [
                [
                  [0x00281052, 'DS', '-1000'],
                  [0x00281053, 'DS', '1'],
                ],
              ],
            ],
          ],
        ],
      ],
      [
        0x52009230,
        'SQ',
        [0, 1, 2].map((f): Written[] => [[0x00209113, 'SQ', [[[0x00200032, 'DS', `-4\\-3\\${3 * f}`]]]]]),
      ],
      [0x7fe00010, 'OW', new Uint8Array(Int16Array.from({ length: 60 }, (_, n) => 20 * n).buffer)],
    ]);
    const { series, uses } = await look('enhanced', [{ ...enhanced, name: 'CT/enhanced.dcm' }, drawn]);
    expect(series[0]).toMatchObject({
      files: 1,
      orientation: 'axial',
      shape: [3, 4, 5],
      spacing: [2, 2, 3],
      extent: { min: [-4, -3, 0], max: [4, 3, 6] },
      hounsfield: [-1000, 180],
    });
    expect(series[0]!.problems).toEqual([expect.stringMatching(/PatientPosition/)]);
    expect(uses).toHaveLength(1);
  });

  test('copies of a series in two folders are two', async () => {
    const copies = slices.map(({ name, bytes }) => ({ name: name.replace('CT/', 'CT2/'), bytes }));
    const found = await look('copies', [...slices, ...copies, drawn]);
    expect(found.series.map(({ folders }) => folders)).toEqual([[join(root, 'copies/CT')], [join(root, 'copies/CT2')]]);
    expect(found.uses).toHaveLength(2);
  });

  test('localizers are no volume, and nothing is planned on what cannot be read', async () => {
    const scouts = slices.slice(0, 2).map((file) => changed(file, 'SECONDARY', 'LOCALIZER'));
    const found = await look('scouts', [...scouts, drawn]);
    expect(found.series[0]!.problems.join()).toContain('all of its images are localizers');
    expect(found.uses).toEqual([]);
    const packed = await look('packed', [
      ...slices.map((file) => changed(file, '1.2.840.10008.1.2.1\0', '1.2.840.10008.1.2.5\0')),
      drawn,
    ]);
    expect(packed.series[0]!.problems.join()).toMatch(/its middle slice cannot be read: /);
    expect(packed.uses).toEqual([]);
  });

  test('whatever a file holds, it is told (seed 18)', { timeout: 60_000 }, async () => {
    const random = createRandom(18);
    const next = (n: number): number => Math.floor(n * random.uniform());
    for (const file of [slices[0]!, drawn, plan, dose('RD.dcm'), registration]) {
      for (let n = 0; n < 40; n++) {
        const bytes = Uint8Array.from(
          file.bytes.subarray(0, n % 4 === 0 ? next(file.bytes.length) : file.bytes.length),
        );
        for (let k = 0; k < 1 + next(8); k++) bytes[next(Math.min(bytes.length, 3000))] = next(256);
        for (const size of [bytes.length, 2 * bytes.length + 1]) {
          const found = await inspectFile({ name: 'a.dcm', bytes }, size);
          expect(found).toBeDefined();
          if (typeof found === 'object' && found.is === 'broken') expect(found.problem.length).toBeLessThan(400);
        }
      }
    }
  });

  test('a path that is not there is refused', async () => {
    await expect(inspectPath(join(root, 'nowhere'))).rejects.toThrow(
      /nowhere is not there\. Give a folder or a file\./,
    );
  });
});

test('NRRD: grids and kinds by the header, and what goes together', async () => {
  const folder = join(root, 'nrrd');
  mkdirSync(folder);
  const grid = patient.hounsfield.grid;
  const n = grid.shape[0] * grid.shape[1] * grid.shape[2];
  const write = async (name: string, kind: 'hounsfield' | 'mask' | 'dose'): Promise<void> => {
    const data = new Float32Array(n).fill(1);
    const volume = kind === 'dose' ? { kind, quantity: 'physical' as const, grid, data } : { kind, grid, data };
    writeFileSync(join(folder, name), await encodeNrrd(volume));
  };
  await write('ct.nrrd', 'hounsfield');
  await write('mask_PTV.nrrd', 'mask');
  await write('dose.nrrd', 'dose');
  writeFileSync(join(folder, 'cut.nrrd'), readFileSync(join(folder, 'dose.nrrd')).subarray(0, 1000));
  writeFileSync(join(folder, 'bad.nrrd'), 'NRRD0004\nno header');
  const found = await inspectPath(folder);
  expect(found.nrrd.map(({ kind, grid: own, problems }) => [kind, own?.shape, problems.length])).toEqual([
    [null, undefined, 1],
    ['hounsfield', [...grid.shape], 0],
    ['dose', [...grid.shape], 1],
    ['dose', [...grid.shape], 0],
    ['mask', [...grid.shape], 0],
  ]);
  expect(found.uses[0]).toMatchObject({ case: { patient: { ct: join(folder, 'ct.nrrd'), masks: folder } } });
  expect(found.uses.at(-1)!.command).toContain(`--dose '${join(folder, 'dose.nrrd')}'`);
});
