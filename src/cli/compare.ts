/** `respine compare REFERENCE EVALUATED`: difference, gamma, DVHs and metrics of two doses. */

import { InvalidInputError } from '../core/errors.js';
import { compareDoses, type DoseComparison } from '../evaluate/compare.js';
import type { Dvh } from '../evaluate/dvh.js';
import type { GammaCriteria } from '../evaluate/gamma.js';
import { structureDvh } from '../evaluate/roi-dvh.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeAll } from '../node/files.js';
import { type LoadedDose, loadDose } from '../node/load-dose.js';
import { type LoadedStructures, loadStructures } from '../node/load-structures.js';
import { version } from '../node/version.js';
import { bandCsv, comparisonReport, comparisonTable } from '../report/dose-comparison.js';
import { drawnOptions, pickStructures } from './dose-and-structures.js';
import { type DoseFlags, doseOf, doseOptions, frameNote, numberOf } from './dose-options.js';
import { metricsOf } from './dvh.js';
import { print } from './output.js';

export interface CompareCommandOptions extends DoseFlags {
  readonly dose: string;
  readonly distance: string;
  readonly local?: boolean;
  readonly threshold: string;
  readonly structures?: readonly string[];
  readonly roi?: readonly string[];
  readonly metrics?: readonly string[];
  readonly partial?: boolean;
  readonly endSlices?: string;
  readonly sliceSpacing?: string;
  readonly prescription?: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function compareCommand(
  referencePath: string,
  evaluatedPath: string,
  options: CompareCommandOptions,
): Promise<number> {
  const threshold = numberOf('--threshold', options.threshold);
  const gamma: GammaCriteria = {
    dose: numberOf('--dose', options.dose),
    distance: numberOf('--distance', options.distance),
    local: options.local ?? false,
    threshold,
  };
  const metrics = metricsOf(options.metrics);
  if (options.roi !== undefined && options.structures === undefined) {
    throw new InvalidInputError('--roi names structures, but none are given. Add --structures.');
  }
  const structures =
    options.structures === undefined ? undefined : await loadStructures(options.structures, drawnOptions(options));
  const frame = structures?.frameOfReferenceUid;
  const meaning = { ...doseOptions(options), ...(frame === undefined ? {} : { frameOfReferenceUid: frame }) };
  const reference = await loadDose(referencePath, meaning);
  const evaluated = await loadDose(evaluatedPath, meaning);
  const notes = [
    ...reference.notes,
    ...evaluated.notes,
    ...(structures?.notes ?? []),
    ...frameNote(reference, evaluated),
  ];
  const side = ({ dose }: LoadedDose) => ({ dose, dvhs: dvhsOf(dose, structures, options, notes) });
  const result = compareDoses(side(reference), side(evaluated), {
    gamma,
    threshold,
    metrics,
    ...(options.prescription === undefined ? {} : { prescription: doseOf('--prescription', options.prescription) }),
  });
  const inputs = { reference: reference.hash, evaluated: evaluated.hash, structures: structures?.hash };
  const files = options.out === undefined ? undefined : await filesOf(result);
  const report = {
    software: `respine ${version}`,
    inputs,
    ...comparisonReport(result, gamma, threshold),
    notes,
    ...(files === undefined ? {} : { files: ['compare.json', ...files.keys()] }),
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  if (files !== undefined) {
    files.set('compare.json', json);
    await writeAll(options.out!, files, { record: 'compare.json' });
  }
  const text = comparisonTable(result, gamma, threshold) + [...new Set(notes)].map((note) => `${note}\n`).join('');
  print(options.json ? json : text);
  return 0;
}

async function filesOf(result: DoseComparison): Promise<Map<string, Uint8Array | string>> {
  const fields = { software: `respine ${version}` };
  const files = new Map<string, Uint8Array | string>();
  files.set('difference.nrrd', await encodeNrrd(result.difference.map, { gzip: true, fields }));
  if (result.gamma) files.set('gamma.nrrd', await encodeNrrd(result.gamma.map, { gzip: true, fields }));
  if (result.structures.length > 0) files.set('dvh_band.csv', bandCsv(result.structures));
  return files;
}

function dvhsOf(
  dose: LoadedDose['dose'],
  structures: LoadedStructures | undefined,
  { roi, partial = false }: CompareCommandOptions,
  notes: string[],
): Map<string, Dvh> {
  const dvhs = new Map<string, Dvh>();
  for (const structure of pickStructures(structures ?? { structures: [] }, roi)) {
    const { dvh, reason } = structureDvh(dose, structure, { partial });
    if (dvh !== undefined) dvhs.set(structure.name, dvh);
    if (reason !== undefined) notes.push(`${reason}.`);
  }
  return dvhs;
}
