/** `respine gamma REFERENCE EVALUATED`: pass rate and map of the gamma index between two dose files. */
import { InvalidInputError } from '../core/errors.js';
import { type GammaCriteria, type GammaResult, gammaIndex } from '../evaluate/gamma.js';
import { encodeNrrd } from '../io/nrrd.js';
import { writeFileAtomic } from '../node/files.js';
import { loadDose } from '../node/load-dose.js';
import { version } from '../node/version.js';

export interface GammaCommandOptions {
  readonly dose: string;
  readonly distance: string;
  readonly local?: boolean;
  readonly threshold: string;
  readonly cap: string;
  readonly fractions: string;
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
  const fractions = numberOf('--fractions', options.fractions);
  if (!Number.isInteger(fractions) || fractions < 1) {
    throw new InvalidInputError(`--fractions is "${options.fractions}", but must be a whole number >= 1.`);
  }
  if (options.out !== undefined && !options.out.endsWith('.nrrd')) {
    throw new InvalidInputError(`--out is "${options.out}", but the map is an NRRD file. Let its name end in .nrrd.`);
  }
  const reference = await loadDose(referencePath, fractions);
  const evaluated = await loadDose(evaluatedPath, fractions);
  const result = gammaIndex(reference.dose, evaluated.dose, criteria);
  const { map, ...figures } = result;
  const { quantity, alphaBeta } = reference.dose;
  const report = {
    ...figures,
    criteria,
    meaning: { quantity, fractions: reference.dose.fractions, alphaBeta },
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
  process.stdout.write(
    options.json ? `${JSON.stringify(report, null, 2)}\n` : summaryOf(result, criteria, options.out),
  );
  return 0;
}

function summaryOf(result: GammaResult, criteria: Required<GammaCriteria>, out?: string): string {
  const { passRate, passed, evaluated, mean, maximum, outside } = result;
  const lines = [
    describe(criteria),
    `passed   ${passRate.toFixed(2)} %  (${passed} of ${evaluated} voxels)`,
    `mean     ${mean.toFixed(3)}`,
    `maximum  ${maximum.toFixed(3)}${maximum >= criteria.cap ? ' (the cap)' : ''}`,
  ];
  if (outside > 0)
    lines.push(`${outside} of these voxels lie outside the evaluated dose and were compared with its border`);
  if (out !== undefined) lines.push(`map in ${out}`);
  return `${lines.join('\n')}\n`;
}

const describe = ({ dose, distance, local, threshold, cap }: Required<GammaCriteria>): string =>
  `gamma ${dose} % / ${distance} mm ${local ? 'local' : 'global'}, threshold ${threshold} %, cap ${cap}`;

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value))
    throw new InvalidInputError(`${option} is "${text}", but must be a number.`);
  return value;
}
