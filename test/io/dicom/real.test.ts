/** Real and odd files of the shared folder. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { contoursVolume } from '../../../src/geometry/contour.js';
import type { Structure } from '../../../src/geometry/structure.js';
import { voxelizeStructure } from '../../../src/geometry/voxelize.js';
import { readCt } from '../../../src/io/dicom/ct.js';
import { type DicomFile, items, number, readDataset, text } from '../../../src/io/dicom/dataset.js';
import { decodeDicom } from '../../../src/io/dicom/decode.js';
import { patientFromDicom } from '../../../src/io/dicom/patient.js';
import { readPixels } from '../../../src/io/dicom/pixels.js';
import { readStructureSet } from '../../../src/io/dicom/structure-set.js';
import { ctReference, writeCt, writeStructureSet } from '../../../src/io/dicom/write.js';
import { dicomCodecs } from '../../../src/node/dicom-codecs.js';
import { readFolder } from '../../../src/node/files.js';
import { hasShared, noteSkipped, shared } from '../../shared.js';

noteSkipped('DICOM of real patients');
const read = (path: string): DicomFile => ({
  name: path,
  bytes: new Uint8Array(readFileSync(shared(`patients/${path}`))),
});
const volumeOf = (s: Structure): number =>
  s.shape.kind === 'contours' ? contoursVolume(s.shape.contours) : Number.NaN;

describe.skipIf(!hasShared)('real cases', () => {
  for (const name of ['thorax-a', 'thorax-b']) {
    test(`${name}: polygon volumes, grid and HU`, async () => {
      const files = await readFolder(shared(`patients/${name}/CT`));
      const ct = readCt(files);
      const { structures, notes } = readStructureSet(read(`${name}/RS.dcm`), {
        frameOfReferenceUid: ct.frameOfReferenceUid,
        sliceSpacing: ct.hounsfield.grid.spacing[2],
      });
      expect(notes).toEqual([]);
      const rows = readFileSync(shared(`patients/${name}/structures.csv`), 'utf8')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
      expect(structures.map((s) => s.name)).toEqual(rows.map((row) => row[0]));
      for (const [i, row] of rows.entries()) {
        // The table has four decimals.
        expect(Math.abs(volumeOf(structures[i]!) - Number(row[8])), row[0]).toBeLessThan(6e-5 + 1e-6 * Number(row[8]));
      }
      const by = (n: string): Structure => structures.find((s) => s.name === n)!;
      expect(volumeOf(by('zRing'))).toBeCloseTo(volumeOf(by('zRing_Key')), 6);
      expect(by('PTV_3960').role).toBe('target');
      expect(by('External').role).toBe('external');
      expect(ct.hounsfield.grid.spacing[2]).toBeCloseTo(3, 3);
      expect(ct.position).toBe('HFS');
      // Means inside: lung is air, the vertebra is bone, and the body's outside -1000.
      const mean = (n: string): number => {
        const mask = voxelizeStructure(by(n), ct.hounsfield.grid).data;
        let sum = 0;
        let weight = 0;
        for (let i = 0; i < mask.length; i++) {
          sum += mask[i]! * ct.hounsfield.data[i]!;
          weight += mask[i]!;
        }
        return sum / weight;
      };
      expect(mean('Lung_L')).toBeLessThan(-600);
      expect(mean('SpinalCanal')).toBeGreaterThan(0);
      expect(mean(structures.find((s) => s.name.startsWith('VB_'))!.name)).toBeGreaterThan(100);
      expect(ct.hounsfield.data[0]).toBe(-1000);
    });
  }

  test('thorax-a as a patient; the body found in the CT is the one that was drawn', async () => {
    const files = await readFolder(shared('patients/thorax-a/CT'));
    const patient = patientFromDicom(files, read('thorax-a/RS.dcm'));
    expect(patient.density.data[0]).toBe(0);
    const found = patientFromDicom(files, undefined, { findExternal: true }).structures[0]!;
    const drawn = patient.structures.find((s) => s.name === 'External')!;
    expect(volumeOf(found) / volumeOf(drawn)).toBeCloseTo(1, 2);
  }, 20000);

  test('thorax-a written and read again', async () => {
    const ct = readCt(await readFolder(shared('patients/thorax-a/CT')));
    const identity = { patientName: ct.patientName, patientId: ct.patientId };
    const again = readCt(writeCt(ct.hounsfield, identity));
    expect(again.hounsfield.data.every((hu, i) => hu === ct.hounsfield.data[i])).toBe(true);
    const { structures } = readStructureSet(read('thorax-a/RS.dcm'));
    const written = readStructureSet(writeStructureSet(structures, ctReference(ct.hounsfield, identity)));
    written.structures.forEach((s, i) => {
      expect(volumeOf(s) / volumeOf(structures[i]!)).toBeCloseTo(1, 5);
    });
  }, 20000);

  test('Eclipse: six structures within the end-slice rule of the exporters', async () => {
    const folder = (await readFolder(shared('patients/eclipse-prostate'))).filter(
      (f) => f.name.startsWith('CT') || f.name === 'RS.dcm',
    );
    const ct = readCt(folder);
    expect(ct.hounsfield.grid.shape).toEqual([92, 256, 256]);
    expect(ct.notes[0]).toContain('RT structure set (RS.dcm)');
    const set = readStructureSet(read('eclipse-prostate/RS.dcm'), { frameOfReferenceUid: ct.frameOfReferenceUid });
    expect(set.structures.length).toBe(6);
  });

  test('one CT slice as JPEG 2000, JPEG lossless and JPEG-LS: the same pixels as run-length coded', async () => {
    const names = ['ct_j2k', 'ct_jpegll', 'ct_jpegls'];
    const files = await decodeDicom(
      names.map((name) => read(`odd/${name}.dcm`)),
      dicomCodecs,
    );
    const plain = readPixels(readDataset(read('odd/ct_rle.dcm')));
    for (const file of files) {
      const values = readPixels(readDataset(file));
      expect([file.name, values.length, values.every((v, i) => v === plain[i])]).toEqual([file.name, 512 * 512, true]);
    }
  });

  test('RLE and big endian give the values of the plain file', () => {
    const plain = readDataset(read('odd/rtdose16_explicit.dcm'));
    const frames = number(plain.elements, '00280008')!;
    const values = readPixels(plain, frames);
    expect([...values].some((value) => value > 60000)).toBe(true);
    for (const other of ['rtdose16_bigendian', 'rtdose16_rle']) {
      expect(
        readPixels(readDataset(read(`odd/${other}.dcm`)), frames).every((v, i) => v === values[i]),
        other,
      ).toBe(true);
    }
    const rle = readPixels(readDataset(read('odd/ct_rle.dcm')));
    expect(rle.length).toBe(512 * 512);
    // Air at the corner, tissue in the middle.
    expect([...rle].every((value) => value < 4096)).toBe(true);
  });

  test('deflated and headerless files', () => {
    expect(readStructureSet(read('odd/rtss_deflated.dcm')).structures.length).toBeGreaterThan(5);
    const plan = readDataset(read('odd/rtplan_nometa.dcm'));
    expect(text(plan.elements, '00080060')).toBe('RTPLAN');
    expect(items(plan.elements, '300A00B0').length).toBeGreaterThan(0);
    expect(() => readDataset(read('odd/rtplan_truncated.dcm'))).toThrow(
      'rtplan_truncated.dcm: is truncated or corrupt',
    );
  });
});
