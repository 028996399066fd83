/**
 * A small study of everything that respine writes, for readers of others: CT, structures, isodose lines, a physical dose of 32 and of 16
 * bits, an EQD2, a registration, and a contour too long for explicit form. Doses are closed forms of the place.
 */
import { createGrid, type Grid, placeOf, type Vec3, voxelCount } from '../../../src/geometry/grid.js';
import type { Patient } from '../../../src/geometry/patient.js';
import { createRigidTransform } from '../../../src/geometry/rigid-transform.js';
import type { Structure } from '../../../src/geometry/structure.js';
import { createDose, type DoseMeaning, type DoseVolume } from '../../../src/geometry/volume.js';
import type { DicomFile } from '../../../src/io/dicom/dataset.js';
import { writeDose } from '../../../src/io/dicom/write-dose.js';
import { writeRegistration } from '../../../src/io/dicom/write-registration.js';
import { writeStructureSet } from '../../../src/io/dicom/write-structure-set.js';
import { type DicomExport, filesOfPatient, studyOfPatient } from '../../../src/report/dicom-export.js';
import { spine } from '../../plan/spine.js';

/** Gy, falling from a point in the vertebra; zero beyond 90 mm. */
export const hill = ([x, y, z]: Vec3): number => {
  const r2 = ((x - 5) / 35) ** 2 + ((y + 10) / 25) ** 2 + ((z + 3) / 40) ** 2;
  return r2 > 9 ? 0 : 42 * Math.exp(-r2);
};

export function doseOf(grid: Grid, meaning: DoseMeaning, of: (place: Vec3) => number = hill): DoseVolume {
  return createDose(
    grid,
    meaning,
    Float32Array.from({ length: voxelCount(grid) }, (_, voxel) => of(placeOf(grid, voxel))),
  );
}

/** Fine in the plane, as voxels of other programs count whole or not at all. */
export const studyPatient = (): Patient =>
  spine({ spacing: [1.5, 1.5, 4], parameters: { length: 60 }, and: ['CTV', 'GTV', 'VB_T08', 'A_Aorta'] });

/** On the CT's slices; fine in the plane, and square there, which dicompyler needs; odd dims. */
export const studyGrid = createGrid([15, 103, 121], [1, 1, 4], [-60, -62, -28]);

/** A disc of so many points that its text is longer than 65534 bytes. */
const disc: Structure = {
  name: 'Many points',
  role: 'organ',
  shape: {
    kind: 'contours',
    contours: {
      spacing: 4,
      planes: [
        {
          z: 0,
          polygons: [
            Float64Array.from({ length: 8000 }, (_, i) => {
              const angle = ((i >> 1) / 4000) * 2 * Math.PI;
              return i % 2 === 0 ? 40.00015 * Math.cos(angle) : 20 + 30.00015 * Math.sin(angle);
            }),
          ],
        },
      ],
    },
  },
};

export interface WrittenStudy {
  readonly patient: Patient;
  readonly files: readonly DicomFile[];
  readonly structures: DicomExport['structures'];
  readonly doses: ReadonlyMap<string, DoseVolume>;
}

/** Made once. */
let made: WrittenStudy | undefined;

export function writtenStudy(): WrittenStudy {
  if (made !== undefined) return made;
  const patient = studyPatient();
  const version = '1.0';
  const options = { version, isodoses: [10, 37.62] };
  const study = studyOfPatient(patient, options);
  const physical = doseOf(studyGrid, { quantity: 'physical', fractions: 22 });
  const eqd2 = doseOf(studyGrid, { quantity: 'eqd2', alphaBeta: 2 }, (place) => 1.5 * hill(place));
  const planUids = ['2.25.1'];
  const named = { name: 'imrt', description: 'dose imrt', dose: physical, planUids };
  const { files, structures } = filesOfPatient(patient, study, [named], options);
  const sum = { name: 'RD_sum.dcm', description: 'EQD2 sum', planUids: ['2.25.1', '2.25.2'] };
  const moved = createRigidTransform({ translation: [1, -2, 3.3], rotation: [1, 2, -3] });
  made = {
    patient,
    files: [
      ...files,
      writeDose(physical, study, { ...named, name: 'RD16.dcm', bits: 16, version }).file,
      writeDose(eqd2, study, { ...sum, bits: 32, version }).file,
      writeDose(eqd2, study, { ...sum, name: 'RD16_sum.dcm', bits: 16, version }).file,
      writeRegistration({ sourceUid: '2.25.3', studyFromSource: moved }, study).file,
      writeStructureSet([disc], study, { name: 'RS_long.dcm' }),
    ],
    structures,
    doses: new Map([
      ['RD_imrt.dcm', physical],
      ['RD_sum.dcm', eqd2],
    ]),
  };
  return made;
}
