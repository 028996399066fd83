/** Whole files of eight kinds, what reads them, and what may be believed of them: for dicom-fuzz.test.ts. */
import { readFileSync } from 'node:fs';
import { createGrid, type Grid } from '../../src/geometry/grid.js';
import type { Structure } from '../../src/geometry/structure.js';
import { createVolume } from '../../src/geometry/volume.js';
import { readCt } from '../../src/io/dicom/ct.js';
import type { DicomFile } from '../../src/io/dicom/dataset.js';
import { decodeDicom } from '../../src/io/dicom/decode.js';
import { readRtDose } from '../../src/io/dicom/dose.js';
import { encodeDicom, type Written } from '../../src/io/dicom/element-writer.js';
import { readPlanFractions } from '../../src/io/dicom/plan-fractions.js';
import { readRegistration } from '../../src/io/dicom/registration.js';
import { readStructureSet } from '../../src/io/dicom/structure-set.js';
import { ctReference, writeCt, writeStructureSet } from '../../src/io/dicom/write.js';
import { decodeNrrd, encodeNrrd } from '../../src/io/nrrd.js';
import { doseOfNrrd } from '../../src/io/nrrd-dose.js';
import { dicomCodecs } from '../../src/node/dicom-codecs.js';

/** A kind of file. */
export interface FileKind {
  readonly kind: string;
  readonly files: readonly DicomFile[];
  /** Reads a file, changed or not, and says what of it cannot be true; nothing where all can. */
  readonly read: (file: DicomFile) => Promise<string | undefined> | string | undefined;
}

const grid = createGrid([3, 9, 11], [3, 4, 5], [-25, -16, 40]);
const ct = createVolume(
  'hounsfield',
  grid,
  Float32Array.from({ length: 297 }, (_, i) => ((i * 37) % 900) - 300),
);
const identity = { patientName: 'FUZZ', patientId: '1' };
const slices = writeCt(ct, identity);

const box: Structure = {
  name: 'PTV',
  role: 'target',
  shape: {
    kind: 'contours',
    contours: {
      planes: [40, 43, 46].map((z) => ({ z, polygons: [Float64Array.of(-10, -8, 10, -8, 10, 8, -10, 8)] })),
      spacing: 3,
      ends: 'half-slice',
    },
  },
};

const words = (n: number): Uint8Array => new Uint8Array(Uint16Array.from({ length: n }, (_, i) => 100 + i).buffer);
const dicom = (name: string, sopClass: string, elements: Written[]): DicomFile => ({
  name,
  bytes: encodeDicom(sopClass, '1.2.9', [[0x00080016, 'UI', sopClass], [0x00080018, 'UI', '1.2.9'], ...elements]),
});
const image = (frames: number): Written[] => [
  [0x00200052, 'UI', '1.2.4'],
  [0x00280002, 'US', [1]],
  [0x00280008, 'IS', String(frames)],
  [0x00280010, 'US', [6]],
  [0x00280011, 'US', [7]],
  [0x00280100, 'US', [16]],
  [0x00280101, 'US', [16]],
  [0x00280102, 'US', [15]],
  [0x00280103, 'US', [0]],
  [0x7fe00010, 'OW', words(42 * frames)],
];

const dose = dicom('RD.dcm', '1.2.840.10008.5.1.4.1.1.481.2', [
  [0x00200032, 'DS', '-10\\-20\\30'],
  [0x00200037, 'DS', '1\\0\\0\\0\\1\\0'],
  [0x00280030, 'DS', '3\\4'],
  [0x30040002, 'CS', 'GY'],
  [0x30040004, 'CS', 'PHYSICAL'],
  [0x3004000a, 'CS', 'PLAN'],
  [0x3004000c, 'DS', '0\\5\\10'],
  [0x3004000e, 'DS', '0.1'],
  ...image(3),
]);
const enhanced = dicom('EC.dcm', '1.2.840.10008.5.1.4.1.1.2.1', [
  [0x0020000e, 'UI', '1.2.3'],
  [
    0x52009229,
    'SQ',
    [
      [
        [0x00209116, 'SQ', [[[0x00200037, 'DS', '1\\0\\0\\0\\1\\0']]]],
        [0x00289110, 'SQ', [[[0x00280030, 'DS', '3\\4']]]],
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
  [0x52009230, 'SQ', [0, 3, 6, 9].map((z): Written[] => [[0x00209113, 'SQ', [[[0x00200032, 'DS', `0\\0\\${z}`]]]]])],
  ...image(4),
]);
const plan = dicom('RP.dcm', '1.2.840.10008.5.1.4.1.1.481.5', [
  [
    0x300a0070,
    'SQ',
    [
      [
        [0x300a0071, 'IS', '1'],
        [0x300a0078, 'IS', '22'],
      ],
    ],
  ],
]);
const registration = dicom('REG.dcm', '1.2.840.10008.5.1.4.1.1.66.1', [
  [0x00200052, 'UI', '1.2.4'],
  [
    0x00700308,
    'SQ',
    [
      [
        [0x00200052, 'UI', '1.2.5'],
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
                    [0x0070030c, 'CS', 'RIGID'],
                    [0x300600c6, 'DS', '1\\0\\0\\5\\0\\1\\0\\6\\0\\0\\1\\7\\0\\0\\0\\1'],
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

const folder = new URL('../io/dicom/compressed/', import.meta.url);
const compressed = ['jpeg-lossless', 'jpeg-ls', 'jpeg-2000', 'htj2k', 'rle', 'deflated'].map((syntax) => {
  const name = `signed16_${syntax}.dcm`;
  return { name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) };
});

/** Voxels that no file of a few kB can hold, places beyond 10 m, values that are none. */
function oddVolume(
  { shape, spacing, origin }: Grid,
  data: Float32Array,
  low: number,
  high: number,
): string | undefined {
  const ends = origin.flatMap((o, a) => [o, o + (shape[2 - a]! - 1) * spacing[a]!]);
  if (!ends.every((x) => Math.abs(x) <= 10_000)) return `reaches ${ends.join(', ')}`;
  if (!spacing.every((s) => s > 0 && s <= 1000)) return `spacing ${spacing.join(', ')}`;
  return data.every((v) => v >= low && v <= high) ? undefined : 'a value out of range';
}

function oddCt(files: readonly DicomFile[]): string | undefined {
  const { hounsfield } = readCt(files);
  return oddVolume(hounsfield.grid, hounsfield.data, -200_000, 200_000);
}

export async function fileKinds(): Promise<readonly FileKind[]> {
  const structures = writeStructureSet([box], ctReference(ct, identity));
  const values = createVolume('mask', grid, new Float32Array(297).fill(1));
  const nrrd = {
    name: 'dose.nrrd',
    bytes: await encodeNrrd({ ...values, kind: 'dose', quantity: 'physical' } as never),
  };
  const packed = {
    name: 'packed.nrrd',
    bytes: await encodeNrrd({ ...values, kind: 'dose', quantity: 'physical' } as never, { gzip: true }),
  };
  return [
    { kind: 'CT', files: [slices[1]!], read: (file) => oddCt([slices[0]!, file, slices[2]!]) },
    { kind: 'compressed CT', files: compressed, read: async (file) => oddCt(await decodeDicom([file], dicomCodecs)) },
    { kind: 'enhanced CT', files: [enhanced], read: (file) => oddCt([file]) },
    {
      kind: 'RTSTRUCT',
      files: [structures],
      read: (file) => {
        const set = readStructureSet(file, { sliceSpacing: 3 });
        const planes = set.structures.flatMap(({ shape }) => (shape.kind === 'contours' ? shape.contours.planes : []));
        return planes.every(({ z, polygons }) => Number.isFinite(z) && polygons.every((p) => p.every(Number.isFinite)))
          ? undefined
          : 'a coordinate that is none';
      },
    },
    {
      kind: 'RTDOSE',
      files: [dose],
      read: (file) => {
        const read = readRtDose(file);
        return oddVolume(read.dose.grid, read.dose.data, -1, 1000);
      },
    },
    {
      kind: 'RTPLAN',
      files: [plan],
      read: (file) => {
        const { fractions } = readPlanFractions(file);
        return fractions >= 1 && Number.isInteger(fractions) ? undefined : `${fractions} fractions`;
      },
    },
    {
      kind: 'REG',
      files: [registration],
      read: (file) =>
        [...readRegistration(file).sources.values()].every((t) => JSON.stringify(t).includes('null'))
          ? 'no number'
          : undefined,
    },
    {
      kind: 'NRRD',
      files: [nrrd, packed],
      read: async (file) => {
        const read = doseOfNrrd(await decodeNrrd(file.bytes, file.name), file.name);
        return oddVolume(read.grid, read.data, -1, 1000);
      },
    },
  ];
}
