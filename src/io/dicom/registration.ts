/**
 * A DICOM Spatial Registration as rigid transforms between frames of reference.
 *
 *     registered point = M_n ... M_1 source point          matrices of one item, the first applied first
 *
 * Each item of the registration sequence takes one frame of reference into the registered one; two such items, one of them
 * inverted, take any of its frames into any other.
 *
 * @see DICOM PS3.3 C.20.2, Spatial Registration Module
 */
import { FormatError, InvalidInputError, UnsupportedError } from '../../core/errors.js';
import {
  composeRigid,
  identityTransform,
  invertRigid,
  type RigidTransform,
  rigidFromMatrix,
} from '../../geometry/rigid-transform.js';
import { type DicomFile, type Elements, items, needText, numbers, readDataset, text } from './dataset.js';

export const registrationStorage = '1.2.840.10008.5.1.4.1.1.66.1';

export interface Registration {
  readonly name: string;
  /** Frame of reference into which all others are taken. */
  readonly registeredUid: string;
  /** `registeredFromSource` by the source's frame of reference UID. */
  readonly sources: ReadonlyMap<string, RigidTransform>;
}

/**
 * @throws {InvalidInputError} if the file is no Spatial Registration
 * @throws {UnsupportedError} for scaling, affine or deformable transforms
 * @throws {FormatError} if the file is truncated, corrupt or lacks an element
 */
export function readRegistration(file: DicomFile): Registration {
  const dataset = readDataset(file);
  const { name, elements } = dataset;
  const sopClass = text(elements, '00080016') ?? '(none)';
  if (sopClass !== registrationStorage) {
    throw new InvalidInputError(
      `${name}: SOP class ${sopClass} is no Spatial Registration. Give a rigid REG file; deformable ones are not read.`,
    );
  }
  const registeredUid = needText(dataset, '00200052', 'FrameOfReferenceUID');
  const sources = new Map<string, RigidTransform>();
  for (const item of items(elements, '00700308')) {
    const uid = text(item, '00200052');
    if (uid === undefined) {
      throw new UnsupportedError(`${name}: it registers single images without a frame of reference. Register series.`);
    }
    sources.set(uid, transformOfItem(item, name));
  }
  if (sources.size === 0) throw new FormatError('RegistrationSequence is empty. Export the registration again.', name);
  return { name, registeredUid, sources };
}

/**
 * `toFromFrom` between two of a registration's frames of reference.
 *
 * @throws {InvalidInputError} if it does not hold one of them
 */
export function rigidBetween(registration: Registration, fromUid: string, toUid: string): RigidTransform {
  const { name, registeredUid, sources } = registration;
  const [registeredFromFrom, registeredFromTo] = [fromUid, toUid].map((uid) => {
    // Most files list the registered frame itself as well, with an identity matrix.
    const found = sources.get(uid) ?? (uid === registeredUid ? identityTransform : undefined);
    if (found === undefined) {
      throw new InvalidInputError(
        `${name}: frame of reference ${uid} is not in the registration, which has ${[registeredUid, ...sources.keys()].join(', ')}. Give the registration of these two courses.`,
      );
    }
    return found;
  }) as [RigidTransform, RigidTransform];
  return composeRigid(invertRigid(registeredFromTo), registeredFromFrom);
}

function transformOfItem(item: Elements, name: string): RigidTransform {
  let transform = identityTransform;
  const matrices = items(item, '00700309').flatMap((inner) => items(inner, '0070030A'));
  if (matrices.length === 0) throw new FormatError('MatrixSequence is missing. Export the registration again.', name);
  for (const matrix of matrices) {
    const type = text(matrix, '0070030C') ?? 'RIGID';
    if (type !== 'RIGID') {
      throw new UnsupportedError(`${name}: its transform is ${type}, but only RIGID ones are used. Register rigidly.`);
    }
    transform = composeRigid(rigidFromMatrix(numbers(matrix, '300600C6'), name), transform);
  }
  return transform;
}
