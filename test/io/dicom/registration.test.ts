/** Spatial Registration objects: direction, frames, order of matrices, what is refused. */
import { describe, expect, test } from 'vitest';
import type { Vec3 } from '../../../src/geometry/grid.js';
import { createRigidTransform, type RigidTransform, transformPoint } from '../../../src/geometry/rigid-transform.js';
import { decimals, encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';
import { readRegistration, registrationStorage, rigidBetween } from '../../../src/io/dicom/registration.js';

const rows = ({ rotation: r, translation: t }: RigidTransform): number[] => [
  ...[0, 1, 2].flatMap((i) => [...r.slice(3 * i, 3 * i + 3), t[i]!]),
  ...[0, 0, 0, 1],
];

function registration(
  sources: readonly (readonly [uid: string | undefined, matrices: readonly number[][]])[],
  { sopClass = registrationStorage, type = 'RIGID' } = {},
) {
  const item = ([uid, matrices]: (typeof sources)[number]): Written[] => [
    ...(uid === undefined ? [] : [[0x00200052, 'UI', uid] as const]),
    [
      0x00700309,
      'SQ',
      [
        [
          [
            0x0070030a,
            'SQ',
            matrices.map((m): Written[] => [
              [0x300600c6, 'DS', decimals(m)],
              [0x0070030c, 'CS', type],
            ]),
          ],
        ],
      ],
    ],
  ];
  const bytes = encodeDicom(sopClass, '1.2.3', [
    [0x00080016, 'UI', sopClass],
    [0x00080018, 'UI', '1.2.3'],
    [0x00200052, 'UI', '1.9.1'],
    [0x00700308, 'SQ', sources.map(item)],
  ]);
  return { name: 'REG.dcm', bytes };
}

const planFromPrior = createRigidTransform({ rotation: [3, -5, 8], translation: [4, -6, 9] });
const close = (a: Vec3, b: Vec3): void => {
  for (const i of [0, 1, 2]) expect(a[i]).toBeCloseTo(b[i]!, 6);
};
const p: Vec3 = [12, -30, 45];

test('the matrix takes the source into the registered frame; between two sources one is inverted', () => {
  const file = registration([
    ['1.9.1', [rows(createRigidTransform({}))]],
    ['1.9.2', [rows(planFromPrior)]],
    ['1.9.3', [rows(createRigidTransform({ translation: [0, 0, 7] }))]],
  ]);
  const read = readRegistration(file);
  expect([read.registeredUid, [...read.sources.keys()]]).toEqual(['1.9.1', ['1.9.1', '1.9.2', '1.9.3']]);
  close(transformPoint(rigidBetween(read, '1.9.2', '1.9.1'), p), transformPoint(planFromPrior, p));
  close(transformPoint(rigidBetween(read, '1.9.1', '1.9.2'), transformPoint(planFromPrior, p)), p);
  const [x, y, z] = transformPoint(planFromPrior, p);
  close(transformPoint(rigidBetween(read, '1.9.2', '1.9.3'), p), [x, y, z - 7]);
});

test('several matrices of one item: the first is applied first; the registered frame need not be listed', () => {
  const quarter = createRigidTransform({ rotation: [0, 0, 90] });
  const shift = createRigidTransform({ translation: [10, 0, 0] });
  const read = readRegistration(registration([['1.9.2', [rows(shift), rows(quarter)]]]));
  close(transformPoint(rigidBetween(read, '1.9.2', '1.9.1'), [1, 0, 0]), [0, 11, 0]);
});

describe('refused', () => {
  const identity = rows(createRigidTransform({}));
  const stretched = identity.map((n, i) => (i === 0 ? 1.1 : n));
  test.each([
    ['another object', registration([], { sopClass: '1.2.840.10008.5.1.4.1.1.66.3' }), /is no Spatial Registration/],
    ['nothing registered', registration([]), /RegistrationSequence is empty/],
    ['no frame', registration([[undefined, [identity]]]), /single images/],
    ['affine', registration([['1.9.2', [identity]]], { type: 'AFFINE' }), /is AFFINE/],
    ['scaled', registration([['1.9.2', [stretched]]]), /not rigid/],
    ['no matrix', registration([['1.9.2', []]]), /MatrixSequence is missing/],
  ])('%s', (_, file, message) => {
    expect(() => readRegistration(file)).toThrow(message);
  });

  test('a frame that is not in it', () => {
    const read = readRegistration(registration([['1.9.2', [identity]]]));
    expect(() => rigidBetween(read, '1.9.7', '1.9.1')).toThrow(/1\.9\.7 is not in the registration/);
  });
});
