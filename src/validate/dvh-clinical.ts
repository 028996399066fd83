/**
 * DVHs of two treated patients against those that other systems report of the same files.
 *
 * The systems do not agree with one another, so what can be asked is that the mean of every structure lies among theirs. Two
 * habits of theirs are known where it does not: what they do with half a slice beyond the ends, which our own two end
 * rules bracket; and that CERR reports the lower edge of bins of 0.1 Gy and so lies low by about that, which the patient with
 * five systems shows.
 */
import { createStructureDvh } from '../evaluate/structure-dvh.js';
import { createContours } from '../geometry/contour.js';
import type { Structure } from '../geometry/structure.js';
import type { DoseVolume } from '../geometry/volume.js';
import { readRtDose } from '../io/dicom/dose.js';
import { readStructureSet } from '../io/dicom/structure-set.js';
import type { Comparison, ReferenceReader } from './comparison.js';
import { type CsvRow, parseCsv } from './csv.js';

const patients = [
  {
    folder: 'eclipse-prostate',
    dose: 'RD.dcm',
    systems: ['eclipse', 'cerr', 'slicerrt', 'dicompyler', 'plastimatch_1mm'],
  },
  { folder: 'eclipse-ent', dose: 'RD_day1.dcm', systems: ['eclipse', 'cerr'] },
] as const;

export interface ClinicalRoi {
  readonly patient: string;
  readonly name: string;
  readonly volumeCc: number;
  /** Fraction of it on the dose grid. */
  readonly coverage: number;
  /** Gy; under the end rule half-slice and under none. */
  readonly mean: number;
  readonly meanNone: number;
  /** Means of the other systems, Gy. */
  readonly systems: ReadonlyMap<string, number>;
}

/** Means of every structure under both end rules, beside those of the systems; empty where the files are not there. */
export function clinicalRois(read: ReferenceReader): ClinicalRoi[] {
  return patients.flatMap(({ folder, dose: doseName, systems }) => {
    const file = (name: string): { name: string; bytes: Uint8Array } | undefined => {
      const bytes = read(`patients/${folder}/${name}`);
      return bytes && { name, bytes };
    };
    const [structures, doseFile] = [file('RS.dcm'), file(doseName)];
    if (structures === undefined || doseFile === undefined) return [];
    const { dose } = readRtDose(doseFile);
    const tables = new Map(
      systems.map((system) => {
        const path = `patients/${folder}/dvh/${system}.csv`;
        return [system, parseCsv(read(path) ?? new Uint8Array(), path)] as const;
      }),
    );
    return readStructureSet(structures).structures.map((structure) => roiOf(folder, structure, dose, tables));
  });
}

function roiOf(
  patient: string,
  structure: Structure,
  dose: DoseVolume,
  tables: ReadonlyMap<string, readonly CsvRow[]>,
): ClinicalRoi {
  const options = { partial: 'covered', tolerance: 0.005 } as const;
  const dvh = createStructureDvh(dose, structure, options);
  const { shape } = structure;
  const none =
    shape.kind === 'contours'
      ? createContours(shape.contours.planes, shape.contours.spacing, { ends: 'none' })
      : undefined;
  const systems = new Map<string, number>();
  for (const [system, rows] of tables) {
    const row = rows.find((r) => plain(r.ROI!) === plain(structure.name));
    if (row) systems.set(system, Number(row.mean_Gy));
  }
  return {
    patient,
    name: structure.name,
    volumeCc: dvh.volumeCc,
    coverage: dvh.coverage ?? 1,
    mean: dvh.mean,
    meanNone:
      none === undefined
        ? dvh.mean
        : createStructureDvh(dose, { ...structure, shape: { kind: 'contours', contours: none } }, options).mean,
    systems,
  };
}

/** Names are written differently in the tables: `Optic Nerve - Rt`, `OpticNerveRt`. */
const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');

/** How far a value lies outside the range of others; negative below. */
function outside(value: number, others: readonly number[]): number {
  const low = Math.min(...others);
  const high = Math.max(...others);
  return value < low ? value - low : value > high ? value - high : 0;
}

/** Rounding of the tables, Gy. */
const rounding = 0.005;

export function validateClinicalDvh(read: ReferenceReader): Comparison[] {
  const rois = clinicalRois(read);
  if (rois.length === 0) return [];
  const lag = cerrLag(rois);
  const rows: Comparison[] = [];
  for (const { folder } of patients) {
    const some = rois.filter((r) => r.patient === folder);
    const left = some.filter((r) => outside(r.mean, [...r.systems.values()]) !== 0);
    rows.push({
      quantity: `${folder}: ROIs of ${some.length} whose mean lies outside the spread of the systems`,
      reference: `${patients.find((p) => p.folder === folder)!.systems.length} systems`,
      value: left.length,
      limit: folder === 'eclipse-prostate' ? 0 : null,
      unit: 'ROIs',
      note: left.length > 0 ? 'each is listed and explained below' : '',
    });
    rows.push(...left.map((r) => roiRow(r, lag)));
  }
  const worst = rois
    .map((r) => ({ name: r.name, rest: Math.abs(unexplained(r, lag)) }))
    .reduce((a, b) => (b.rest > a.rest ? b : a));
  rows.push({
    quantity: 'mean beyond the spread that neither end slices nor bins of CERR explain',
    reference: 'all systems',
    value: worst.rest,
    limit: rounding,
    unit: 'Gy',
    fitted: `how low CERR lies, ${lag.toFixed(2)} Gy, on the first of these patients`,
    note: worst.name,
  });
  return rows;
}

/** By how much CERR lies below the mean of four other systems, median over the structures of the first patient, Gy. */
function cerrLag(rois: readonly ClinicalRoi[]): number {
  const lags = rois
    .filter((r) => r.systems.size >= 5)
    .map(({ systems }) => {
      const others = [...systems].filter(([system]) => system !== 'cerr').map(([, mean]) => mean);
      return others.reduce((a, b) => a + b, 0) / others.length - systems.get('cerr')!;
    })
    .sort((a, b) => a - b);
  return lags[lags.length >> 1] ?? 0;
}

/** What remains outside once CERR is lifted by its lag and the systems may have taken either end rule. */
function unexplained(r: ClinicalRoi, lag: number): number {
  const others = [...r.systems].map(([system, mean]) => (system === 'cerr' ? mean + lag : mean));
  const all = [...r.systems.values(), ...others];
  const half = outside(r.mean, all);
  const none = outside(r.meanNone, all);
  // Between the two rules anything is a matter of the end slices.
  return half * none <= 0 ? 0 : Math.abs(half) < Math.abs(none) ? half : none;
}

function roiRow(r: ClinicalRoi, lag: number): Comparison {
  const others = [...r.systems.values()];
  const ends = r.mean - r.meanNone;
  const byEnds = outside(r.meanNone, others) * outside(r.mean, others) <= 0;
  const why = byEnds
    ? `end slices: ${r.meanNone.toFixed(3)} Gy without the half slices`
    : `CERR's bins (${lag.toFixed(2)} Gy low) beside the end slices (${ends.toFixed(3)} Gy)`;
  return {
    quantity: `${r.patient}: ${r.name}, ${r.volumeCc.toPrecision(3)} cc, mean ${r.mean.toFixed(3)} Gy`,
    reference: [...r.systems].map(([system, mean]) => `${system} ${mean}`).join(', '),
    value: outside(r.mean, others),
    limit: null,
    unit: 'Gy',
    note: why,
  };
}
