/** `respine gamma REFERENCE EVALUATED`: pass rate and map of the gamma index between two doses, RTDOSE or NRRD. */

import { InvalidInputError } from '../core/errors.js';
import { type GammaCriteria, type GammaResult, gammaIndex } from '../evaluate/gamma.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeFileAtomic } from '../node/files.js';
import { type LoadedDose, loadDose } from '../node/load-dose.js';
import { version } from '../node/version.js';
import { type DoseFlags, doseOptions, frameNote, numberOf } from './dose-options.js';
import { print } from './output.js';

export interface GammaCommandOptions extends DoseFlags {
  readonly dose: string;
  readonly distance: string;
  readonly local?: boolean;
  readonly threshold: string;
  readonly cap: string;
  readonly out?: string;
  readonly json?: boolean;
}

export async function gammaCommand(
  referencePath: string,
  evaluatedPath: string,
  options: GammaCommandOptions,
): Promise<number> {
  const criteria = {
    dose: numberOf('--dose', options.dose),
    distance: numberOf('--distance', options.distance),
    local: options.local ?? false,
    threshold: numberOf('--threshold', options.threshold),
    cap: numberOf('--cap', options.cap),
  };
  const meaning = doseOptions(options);
  if (options.out !== undefined && !options.out.endsWith('.nrrd')) {
    throw new InvalidInputError(`--out is "${options.out}", but the map is an NRRD file. Let its name end in .nrrd.`);
  }
  const reference = await loadDose(referencePath, meaning);
  const evaluated = await loadDose(evaluatedPath, meaning);
  const result = gammaIndex(reference.dose, evaluated.dose, criteria);
  const { map, ...figures } = result;
  const { quantity, alphaBeta } = reference.dose;
  const report = {
    ...figures,
    criteria,
    meaning: { quantity, fractions: reference.dose.fractions, alphaBeta },
    notes: notesOf(reference, evaluated),
    version,
    inputs: { reference: reference.hash, evaluated: evaluated.hash },
  };
  if (options.out !== undefined) {
    const fields = {
      software: `respine ${version}`,
      criteria: describe(criteria),
      reference: reference.hash,
      evaluated: evaluated.hash,
    };
    await writeFileAtomic(options.out, await encodeNrrd(map, { gzip: true, fields }));
  }
  print(options.json ? `${JSON.stringify(report, null, 2)}\n` : summaryOf(result, criteria, report.notes, options.out));
  return 0;
}

function notesOf(reference: LoadedDose, evaluated: LoadedDose): string[] {
  return [
    ...reference.notes.map((note) => `reference: ${note}`),
    ...evaluated.notes.map((note) => `evaluated: ${note}`),
    ...frameNote(reference, evaluated),
  ];
}

function summaryOf(
  result: GammaResult,
  criteria: Required<GammaCriteria>,
  notes: readonly string[],
  out?: string,
): string {
  const { passRate, passed, evaluated, mean, maximum, outside } = result;
  const lines = [
    describe(criteria),
    `passed   ${passRate.toFixed(2)} %  (${passed} of ${evaluated} voxels)`,
    `mean     ${mean.toFixed(3)}`,
    `maximum  ${maximum.toFixed(3)}${maximum >= criteria.cap ? ' (the cap)' : ''}`,
  ];
  if (outside > 0)
    lines.push(`${outside} of these voxels lie outside the evaluated dose and were compared with its border`);
  lines.push(...notes);
  if (out !== undefined) lines.push(`map in ${out}`);
  return `${lines.join('\n')}\n`;
}

const describe = ({ dose, distance, local, threshold, cap }: Required<GammaCriteria>): string =>
  `gamma ${dose} % / ${distance} mm ${local ? 'local' : 'global'}, threshold ${threshold} %, cap ${cap}`;
