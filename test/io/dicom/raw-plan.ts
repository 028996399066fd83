/** RTPLAN files element by element, for what a writer of ours would never write. */
import type { DicomFile } from '../../../src/io/dicom/dataset.js';
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';

const planStorage = '1.2.840.10008.5.1.4.1.1.481.5';

/** Elements in place of those with their tags; one of representation '' takes its tag away. */
export const over = (base: readonly Written[], changes: readonly Written[]): Written[] => [
  ...base.filter(([tag]) => !changes.some(([other]) => other === tag)),
  ...changes.filter(([, vr]) => vr !== ''),
];

export const gone = (tag: number): Written => [tag, '', ''];

export const position = (type: string, values: readonly number[] | string): Written[] => [
  [0x300a00b8, 'CS', type],
  [0x300a011c, 'DS', typeof values === 'string' ? values : values.join('\\')],
];

/** Leaves of 10 mm from -20 to 20 mm, the pairs between the given ends. */
export const leavesAt = (...pairs: [number, number][]): Written[] =>
  position('MLCX', [...pairs.map(([a]) => a), ...pairs.map(([, b]) => b)]);

export const firstPoint: readonly Written[] = [
  [0x300a0112, 'IS', '0'],
  [0x300a0114, 'DS', '6'],
  [
    0x300a011a,
    'SQ',
    [position('ASYMX', [-30, 30]), position('ASYMY', [-20, 20]), leavesAt([-10, 10], [-12, 8], [-10, 15], [0, 0])],
  ],
  [0x300a011e, 'DS', '40'],
  [0x300a011f, 'CS', 'NONE'],
  [0x300a0120, 'DS', '10'],
  [0x300a0121, 'CS', 'NONE'],
  [0x300a0122, 'DS', '350'],
  [0x300a0123, 'CS', 'NONE'],
  [0x300a012c, 'DS', '1\\2\\3'],
  [0x300a0134, 'DS', '0'],
];

export const lastPoint: readonly Written[] = [
  [0x300a0112, 'IS', '1'],
  [0x300a0134, 'DS', '1'],
];

export const rawBeam = (
  number: number,
  points: readonly (readonly Written[])[] = [firstPoint, lastPoint],
): Written[] => [
  [0x300a00b2, 'SH', 'linac'],
  [0x300a00b3, 'CS', 'MU'],
  [0x300a00b4, 'DS', '1000'],
  [
    0x300a00b6,
    'SQ',
    [
      [
        [0x300a00b8, 'CS', 'ASYMX'],
        [0x300a00bc, 'IS', '1'],
      ],
      [
        [0x300a00b8, 'CS', 'ASYMY'],
        [0x300a00bc, 'IS', '1'],
      ],
      [
        [0x300a00b8, 'CS', 'MLCX'],
        [0x300a00bc, 'IS', '4'],
        [0x300a00be, 'DS', '-20\\-10\\0\\10\\20'],
      ],
    ],
  ],
  [0x300a00c0, 'IS', String(number)],
  [0x300a00c2, 'LO', `Field ${number}`],
  [0x300a00c4, 'CS', 'STATIC'],
  [0x300a00c6, 'CS', 'PHOTON'],
  [0x300a00ce, 'CS', 'TREATMENT'],
  [0x300a010e, 'DS', '1'],
  [0x300a0110, 'IS', String(points.length)],
  [0x300a0111, 'SQ', points],
  [0x300c006a, 'IS', '1'],
];

export const rawGroup = (metersets: Readonly<Record<number, string>>, fractions = '10', number = '1'): Written[] => [
  [0x300a0071, 'IS', number],
  [0x300a0078, 'IS', fractions],
  [0x300a00a0, 'IS', '0'],
  [
    0x300c0004,
    'SQ',
    Object.entries(metersets).map(([beam, units]): Written[] => [
      [0x300a0084, 'DS', '1.5'],
      [0x300a0086, 'DS', units],
      [0x300c0006, 'IS', beam],
    ]),
  ],
];

/** A plan of one beam, or of those given. */
export function rawPlan(
  beams: readonly (readonly Written[])[] = [rawBeam(1)],
  changes: readonly Written[] = [],
): DicomFile {
  const elements: Written[] = [
    [0x00080016, 'UI', planStorage],
    [0x00080018, 'UI', '1.2.3.4'],
    [0x00100010, 'PN', 'Test'],
    [0x00100020, 'LO', 'T1'],
    [0x00200052, 'UI', '1.2.9'],
    [0x300a0002, 'SH', 'Plan'],
    [0x300a000c, 'CS', 'PATIENT'],
    [0x300a0070, 'SQ', [rawGroup(Object.fromEntries(beams.map((_, b) => [b + 1, '100'])))]],
    [0x300a00b0, 'SQ', beams],
    [
      0x300a0180,
      'SQ',
      [
        [
          [0x00185100, 'CS', 'HFS'],
          [0x300a0182, 'IS', '1'],
        ],
      ],
    ],
    [0x300c0060, 'SQ', [[[0x00081155, 'UI', '1.2.7']]]],
  ];
  return { name: 'RP.dcm', bytes: encodeDicom(planStorage, '1.2.3.4', over(elements, changes)) };
}
