/** The sum of several courses as RTDOSE, with the transforms that it was added up by. */
import type { Course } from '../biology/accumulate.js';
import type { DicomStudy } from '../geometry/patient.js';
import { isIdentity } from '../geometry/rigid-transform.js';
import type { DoseVolume } from '../geometry/volume.js';
import type { DicomFile } from '../io/dicom/dataset.js';
import { uidOf } from '../io/dicom/uid.js';
import { writeDose } from '../io/dicom/write-dose.js';
import { writeRegistration } from '../io/dicom/write-registration.js';
import { bytesOf, type DicomOptions } from './dicom-export.js';

/**
 * The sum of courses as the files of a DICOM study: `cumulative_eqd2.dcm` or `cumulative_bed.dcm` of DoseType EFFECTIVE, and
 * `REG_NAME.dcm` of every course whose frame is another.
 *
 * @param total EQD2 or BED on the grid of the reference course, as {@link accumulate} gives it
 * @param from the courses, of those from DICOM with their frame and plans, and the study whose frame is that of the sum.
 *   @default a study of its own
 * @throws {InvalidInputError} where it is unknown somewhere: beyond its grid a course must be said to have given nothing
 */
export function sumToDicom(
  total: DoseVolume,
  from: {
    readonly doses: readonly (Course & {
      readonly frameOfReferenceUid?: string | undefined;
      readonly planUids?: readonly string[] | undefined;
    })[];
    readonly study?: DicomStudy | undefined;
  },
  options: Pick<DicomOptions, 'bits' | 'version'> = {},
): DicomFile[] {
  const { doses, study = newStudy(total, doses) } = from;
  const planUids = doses.flatMap((course) => course.planUids ?? [uidOf('plan', course.name, bytesOf(course.dose))]);
  const text = { name: `cumulative_${total.quantity}.dcm`, description: `${total.quantity.toUpperCase()} sum` };
  const { file } = writeDose(total, study, { ...text, ...options, planUids: [...new Set(planUids)] });
  const taken = new Set<string>();
  const moved = doses.flatMap(({ name, sumFromCourse, frameOfReferenceUid }, c) => {
    if (sumFromCourse === undefined || isIdentity(sumFromCourse)) return [];
    if (frameOfReferenceUid === undefined || frameOfReferenceUid === study.frameOfReferenceUid) return [];
    let plain = name.replace(/[^\p{L}\p{N}_.-]/gu, '_');
    if (taken.has(plain)) plain = `${plain}_${c + 1}`;
    taken.add(plain);
    const transform = { sourceUid: frameOfReferenceUid, studyFromSource: sumFromCourse };
    return [writeRegistration({ name: `REG_${plain}.dcm`, description: plain, ...transform }, study, options).file];
  });
  return [file, ...moved];
}

function newStudy({ grid }: DoseVolume, doses: readonly Course[]): DicomStudy {
  const key = uidOf('sum', JSON.stringify(grid), ...doses.map(({ dose }) => bytesOf(dose)));
  return {
    attributes: { '00100010': 'RESPINE^SUM', '00100020': 'respine' },
    studyUid: uidOf('study', key),
    frameOfReferenceUid: uidOf('frame', key),
  };
}
