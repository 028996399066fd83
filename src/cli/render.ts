/** `respine render`: pictures of any dose on any CT with any structures, DICOM or NRRD. */
import { basename } from 'node:path';
import { checkRange } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import type { AnyStructure } from '../evaluate/roi-dvh.js';
import { missingStructure } from '../evaluate/structure-name.js';
import { type Box, gridBox, type Vec3 } from '../geometry/grid.js';
import { writeAll } from '../node/files.js';
import { type LoadedCt, loadCt } from '../node/load-ct.js';
import { loadDose } from '../node/load-dose.js';
import { type LoadedStructures, loadStructures } from '../node/load-structures.js';
import { figureFiles } from '../node/pictures.js';
import { version } from '../node/version.js';
import { aboutPicture } from '../render/about.js';
import { doseUnits } from '../render/dose-legend.js';
import type { InsetOptions } from '../render/inset.js';
import { parseWindow } from '../render/window.js';
import {
  asEqd2,
  cropAroundStructure,
  dosePictures,
  middleOfDose,
  middleOfStructure,
  type NamedDose,
  type PairView,
  prescriptionEqd2,
} from '../report/dose-pictures.js';
import { describeEndRule, drawnOptions, endRuleOf, pickStructures } from './dose-and-structures.js';
import { alphaBetaOf, countOf, type DoseFlags, doseOf, doseOptions, listOf, numberOf, oneOf } from './dose-options.js';
import { coloursOf, type FigureFlags, figureStyle } from './figure-options.js';
import { print } from './output.js';
import { startProgress } from './progress.js';

export interface RenderCommandOptions extends DoseFlags, Omit<FigureFlags, 'pixelScale'> {
  readonly ct: string;
  readonly structures?: readonly string[];
  readonly dose: string;
  readonly against?: string;
  readonly as: string;
  readonly roi?: readonly string[];
  readonly endSlices?: string;
  readonly sliceSpacing?: string;
  readonly prescription?: string;
  readonly eqd2?: string;
  readonly planes: string;
  readonly at?: string;
  readonly crop?: string;
  readonly inset?: string;
  readonly sheet?: string;
  readonly window: string;
  readonly levels?: string;
  readonly washFrom?: string;
  readonly scale?: string;
  readonly out: string;
  readonly json?: boolean;
}

const [READING, PICTURES] = ['reading CT, structures, dose', 'pictures'] as const;

/** @returns the exit code */
export async function renderCommand(options: RenderCommandOptions): Promise<number> {
  // Words first: a wrong one must not wait for a CT.
  const style = figureStyle({ ...options, ...(options.scale !== undefined && { pixelScale: options.scale }) });
  const view = oneOf('--as', options.as, ['panels', 'lines', 'difference'] as const);
  const look = lookOf(options);
  const planes = listOf('--planes', options.planes).map((name) =>
    oneOf('--planes', name, ['axial', 'sagittal', 'coronal'] as const),
  );
  const sheet = options.sheet === undefined ? 0 : checkRange('--sheet', countOf('--sheet', options.sheet), 1, 60);
  const asked = options.prescription === undefined ? undefined : doseOf('--prescription', options.prescription);
  if (sheet > 0 && options.against !== undefined) {
    throw new InvalidInputError('--sheet shows one dose. Leave --against or --sheet out.');
  }
  checkInsetFits(options, sheet);

  const progress = startProgress('render');
  progress.expect([
    { name: READING, cost: 1 },
    { name: PICTURES, cost: 1 },
  ]);
  progress.stage(READING);
  const ct = await loadCt(options.ct);
  const loaded = await structuresOf(options, ct);
  const structures = pickStructures(loaded, options.roi);
  const plan = await namedDose(options.dose, options, ct);
  const other = options.against === undefined ? undefined : await namedDose(options.against, options, ct);
  const { grid } = plan.dose;
  const point = pointOf(options.at, structures, plan);
  const crop =
    options.crop === undefined ? undefined : cropOf(options.crop, structures, plan, gridBox(ct.hounsfield.grid));
  const inset = options.inset === undefined ? undefined : insetAsked(options.inset, structures);
  progress.stage(PICTURES);
  const pictures = dosePictures({
    ...look,
    ...{ hounsfield: ct.hounsfield, structures, plan, planes, point, sheet },
    ...(crop && { crop }),
    ...(inset && { inset }),
    ...(other && { other: { ...other, view: view satisfies PairView } }),
    ...(asked !== undefined && { prescription: prescriptionOf(asked, options, plan) }),
  });
  const inputs = { ct: ct.hash, structures: loaded.hash, dose: plan.hash, against: other?.hash };
  const notes = [...ct.notes, ...(loaded.notes ?? []), ...plan.notes, ...(other?.notes ?? [])];
  const about = aboutPicture({
    ...{ version, inputs, quantity: doseUnits(plan.dose) },
    assumptions: [describeEndRule(endRuleOf(options.endSlices)), ...notes],
  });
  const files = await figureFiles(pictures, {
    ...style,
    about,
    onPicture: (name, done) => progress.step({ done, total: pictures.size, unit: 'pictures', case: name }),
  });
  await writeAll(options.out, files);
  progress.end();
  const report = { software: `respine ${version}`, inputs, point, grid, files: [...files.keys()], notes };
  print(
    options.json
      ? `${JSON.stringify(report, null, 2)}\n`
      : [...notes, `${[...files.keys()].join(', ')} in ${options.out}`].map((line) => `${line}\n`).join(''),
  );
  return 0;
}

function lookOf({ window, levels, washFrom, colours }: RenderCommandOptions) {
  return {
    window: parseWindow(window),
    colors: coloursOf(colours),
    ...(levels !== undefined && {
      levels: listOf('--levels', levels).map((text) => checkRange('--levels', numberOf('--levels', text), 0.1, 1000)),
    }),
    ...(washFrom !== undefined && { washFrom: checkRange('--wash-from', numberOf('--wash-from', washFrom), 0, 100) }),
  };
}

type Loaded = Pick<LoadedStructures, 'structures' | 'unfit'> & Partial<Pick<LoadedStructures, 'hash' | 'notes'>>;

async function structuresOf(options: RenderCommandOptions, ct: LoadedCt): Promise<Loaded> {
  if (options.structures === undefined) {
    if (options.roi !== undefined)
      throw new InvalidInputError('--roi names structures, but none are given. Add --structures.');
    return { structures: [] };
  }
  const loaded = await loadStructures(options.structures, {
    sliceSpacing: ct.hounsfield.grid.spacing[2],
    ...drawnOptions(options),
  });
  const [drawnOn, own] = [loaded.frameOfReferenceUid, ct.frameOfReferenceUid];
  if (drawnOn !== undefined && own !== undefined && drawnOn !== own) {
    throw new InvalidInputError(
      `render: the structures lie in frame of reference ${drawnOn}, but the CT in ${own}. Give the structure set that was drawn on this CT.`,
    );
  }
  return loaded;
}

type RenderedDose = NamedDose & { readonly hash: string; readonly notes: readonly string[] };

async function namedDose(path: string, options: RenderCommandOptions, ct: LoadedCt): Promise<RenderedDose> {
  const { frameOfReferenceUid } = ct;
  const { dose, hash, notes } = await loadDose(path, {
    ...doseOptions(options),
    ...(frameOfReferenceUid !== undefined && { frameOfReferenceUid }),
  });
  const alphaBeta = options.eqd2 === undefined ? undefined : alphaBetaOf('--eqd2', options.eqd2);
  const shown = alphaBeta === undefined ? dose : asEqd2(dose, alphaBeta);
  return { label: basename(path).replace(/\.(nrrd|dcm)$/i, ''), dose: shown, hash, notes };
}

function prescriptionOf(asked: number, { eqd2 }: RenderCommandOptions, { dose }: NamedDose): number {
  return eqd2 === undefined ? asked : prescriptionEqd2(asked, dose.fractions!, dose.alphaBeta!);
}

/** A structure by name, or three numbers; otherwise the target, or where the dose is. */
function pointOf(text: string | undefined, structures: readonly AnyStructure[], { dose }: NamedDose): Vec3 {
  if (text === undefined) {
    const target = structures.find(({ role }) => role === 'target');
    return (target && middleOfStructure(target, dose.grid)) ?? middleOfDose(dose);
  }
  const numbers = text.split(',');
  if (numbers.length === 3 && numbers.every((part) => part.trim() !== '' && Number.isFinite(Number(part)))) {
    return numbers.map(Number) as unknown as Vec3;
  }
  const middle = middleOfStructure(structureNamed('--at', text, structures), dose.grid);
  if (middle === undefined)
    throw new InvalidInputError(
      `--at: "${text}" has no volume in the dose grid. Name another structure, or give x,y,z in mm.`,
    );
  return middle;
}

function cropOf(text: string, structures: readonly AnyStructure[], { dose }: NamedDose, within: Box): Box {
  const { name, margin = 45 } = nameAndMargin('--crop', text);
  return cropAroundStructure(structureNamed('--crop', name, structures), dose.grid, within, margin);
}

/** `NAME` or `NAME,mm`. */
function nameAndMargin(option: string, text: string): { readonly name: string; readonly margin?: number } {
  const comma = text.lastIndexOf(',');
  const margin = comma < 0 || text.slice(comma + 1).trim() === '' ? Number.NaN : Number(text.slice(comma + 1));
  if (!Number.isFinite(margin)) return { name: text };
  return { name: text.slice(0, comma), margin: checkRange(`${option}: margin`, margin, 0, 1000) };
}

/** @throws {InvalidInputError} beside what has no single panel */
function checkInsetFits({ inset, against, as }: RenderCommandOptions, sheet: number): void {
  if (inset === undefined || (sheet === 0 && (against === undefined || as === 'lines'))) return;
  throw new InvalidInputError(
    '--inset stands beside one panel: of one dose, or of two with --as lines. Leave it out, or what asks for more panels.',
  );
}

function insetAsked(text: string, structures: readonly AnyStructure[]): InsetOptions {
  const { name, margin } = nameAndMargin('--inset', text);
  return { structure: structureNamed('--inset', name, structures).name, ...(margin !== undefined && { margin }) };
}

/** @throws {InvalidInputError} that names what is near, or lists those that are there */
function structureNamed(option: string, name: string, structures: readonly AnyStructure[]): AnyStructure {
  const found = structures.find((structure) => structure.name === name);
  if (found !== undefined) return found;
  const known = structures.map((structure) => structure.name);
  throw new InvalidInputError(`${option}: ${missingStructure(name, known)} Names are matched to the letter.`);
}
