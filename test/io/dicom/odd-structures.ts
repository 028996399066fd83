/** Structure sets as people have them, written by hand: what our own writer would never write. */
import { encodeDicom, type Written } from '../../../src/io/dicom/element-writer.js';

export interface OddRing {
  /** x, y, z of each point, mm */
  readonly data: readonly number[];
  /** @default CLOSED_PLANAR */
  readonly type?: string;
}

export interface OddRoi {
  readonly name: string;
  readonly rings: readonly OddRing[];
  /** RT ROI interpreted type. @default ORGAN */
  readonly type?: string;
  /** @default that of the set */
  readonly frame?: string;
  readonly number?: number;
}

const structureSet = '1.2.840.10008.5.1.4.1.1.481.3';

export function oddStructureSet(rois: readonly OddRoi[], frame = '1.2.826.0.1.1'): { name: string; bytes: Uint8Array } {
  const numberOf = (roi: OddRoi, i: number): string => String(roi.number ?? i + 1);
  const elements: Written[] = [
    [0x00080016, 'UI', structureSet],
    [0x30060010, 'SQ', [[[0x00200052, 'UI', frame]]]],
    [
      0x30060020,
      'SQ',
      rois.map((roi, i): Written[] => [
        [0x30060022, 'IS', numberOf(roi, i)],
        [0x30060024, 'UI', roi.frame ?? frame],
        [0x30060026, 'LO', roi.name],
      ]),
    ],
    [
      0x30060039,
      'SQ',
      rois.map((roi, i): Written[] => [
        [
          0x30060040,
          'SQ',
          roi.rings.map(({ data, type = 'CLOSED_PLANAR' }): Written[] => [
            [0x30060042, 'CS', type],
            [0x30060046, 'IS', String(data.length / 3)],
            [0x30060050, 'DS', data.map((value) => String(Number(value.toFixed(4)))).join('\\')],
          ]),
        ],
        [0x30060084, 'IS', numberOf(roi, i)],
      ]),
    ],
    [
      0x30060080,
      'SQ',
      rois.map((roi, i): Written[] => [
        [0x30060084, 'IS', numberOf(roi, i)],
        [0x300600a4, 'CS', roi.type ?? 'ORGAN'],
      ]),
    ],
  ];
  return { name: 'RS.dcm', bytes: encodeDicom(structureSet, '1.2.826.0.1.5', elements) };
}

/** A box in the axial plane. */
export const box = (z: number, x0: number, y0: number, x1: number, y1: number, type?: string): OddRing => ({
  data: [x0, y0, z, x1, y0, z, x1, y1, z, x0, y1, z],
  ...(type && { type }),
});

/** An ellipse in the axial plane, n points. */
export const ellipse = (z: number, x: number, y: number, rx: number, ry: number, n = 60): OddRing => ({
  data: Array.from({ length: n }, (_, i) => {
    const angle = (2 * Math.PI * i) / n;
    return [x + rx * Math.cos(angle), y + ry * Math.sin(angle), z];
  }).flat(),
});

/** A box in the sagittal plane. */
export const sagittal = (x: number, y0: number, z0: number, y1: number, z1: number): OddRing => ({
  data: [x, y0, z0, x, y1, z0, x, y1, z1, x, y0, z1],
});

export const range = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.round((to - from) / step) + 1 }, (_, i) => from + i * step);
