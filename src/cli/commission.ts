/** `respine commission DIR --out machine.json`: beam data from measured tables, with residuals. */

import { basename, dirname, resolve } from 'node:path';
import { InvalidInputError } from '../core/errors.js';
import { commission } from '../machine/commission.js';
import { depthDoseCurves } from '../machine/depth-dose-curves.js';
import { parseMachine } from '../machine/machine-file.js';
import { writeAll, writeFileAtomic } from '../node/files.js';
import { loadRasterizer } from '../node/font.js';
import { loadBeamData } from '../node/load-beam-data.js';
import { encodePngFast } from '../node/png.js';
import { version } from '../node/version.js';
import { depthDoseFigure } from '../render/depth-dose-figure.js';
import { commissionReport, commissionSummary, fitReport } from '../report/commissioning.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface CommissionCommandOptions {
  readonly out: string;
  readonly picture?: string;
  readonly name?: string;
  readonly widths?: string;
  readonly json?: boolean;
}

const [READING, FITTING, RESIDUALS] = ['reading the tables', 'fitting the kernel', 'residuals'] as const;
const STAGES = [
  { name: READING, cost: 0.05 },
  { name: FITTING, cost: 0.15 },
  { name: RESIDUALS, cost: 1 },
];

/** @returns the exit code */
export async function commissionCommand(dir: string, options: CommissionCommandOptions): Promise<number> {
  const { out, picture } = options;
  if (!out.endsWith('.json')) {
    throw new InvalidInputError(`--out is "${out}", but the machine is a .json file. Use for example machine.json.`);
  }
  if (picture !== undefined && !picture.endsWith('.png')) {
    throw new InvalidInputError(`--picture is "${picture}", but must be a .png file. Use for example residuals.png.`);
  }
  const widths = options.widths === undefined ? undefined : widthsOf(options.widths);
  const progress = startProgress('commission');
  progress.expect(STAGES);
  progress.stage(READING);
  const { data, exclude, inputs } = await loadBeamData(dir, options.name);
  progress.stage(FITTING);
  const commissioned = commission(data, {
    exclude,
    ...(widths ? { widths } : {}),
    source: `commissioned by respine ${version} from the measured tables of ${basename(resolve(dir))}`,
  });
  const { machine } = commissioned;
  const text = `${JSON.stringify({ ...machine, fit: fitReport(commissioned), software: `respine ${version}`, inputs }, null, 1)}\n`;
  // Whatever is written must be readable again.
  parseMachine(JSON.parse(text), out);
  progress.stage(RESIDUALS);
  const printed = options.json
    ? JSON.stringify(commissionReport(data, commissioned, { version, inputs }), null, 2)
    : commissionSummary(data, commissioned);
  let png: Uint8Array | undefined;
  if (picture !== undefined) {
    const { kind, ssd } = data.depthDose;
    const svg = depthDoseFigure({
      title: `${machine.name}: measured and modelled depth doses`,
      subtitle: `${kind === 'tpr' ? 'Tissue-phantom ratios, point at the isocentre' : `Depth doses, SSD ${ssd} mm`}; ${machine.energy} MV`,
      kind,
      fields: depthDoseCurves(data, commissioned),
    });
    png = encodePngFast((await loadRasterizer()).rasterize(svg, 2));
  }
  const files = new Map<string, Uint8Array | string>([[basename(out), text]]);
  const isBeside = picture !== undefined && resolve(dirname(picture)) === resolve(dirname(out));
  if (png && isBeside) files.set(basename(picture), png);
  await writeAll(dirname(out), files);
  if (png && !isBeside) await writeFileAtomic(picture!, png);
  progress.end();
  print(options.json ? `${printed}\n` : `${printed}\n${[out, picture].filter(Boolean).join('\n')}\n`);
  return 0;
}

function widthsOf(text: string): number[] {
  return text.split(',').map((part) => {
    const value = Number(part);
    if (part.trim() === '' || !Number.isFinite(value)) {
      throw new InvalidInputError(
        `--widths is "${text}", but must be numbers in mm with commas between them. Use for example 0,4,7,13,24,44,80,145.`,
      );
    }
    return value;
  });
}
