/** `respine masks`: drawn structures as voxels of a CT, NRRD each, and all of them as one segmentation of 3D Slicer. */
import { InvalidInputError } from '../core/errors.js';
import { toDecimals } from '../core/rounding.js';
import { contoursVolume } from '../geometry/contour.js';
import type { Grid } from '../geometry/grid.js';
import type { Structure } from '../geometry/structure.js';
import { voxelizeStructure } from '../geometry/voxelize.js';
import { solidVolume } from '../geometry/voxelize-solid.js';
import { encodeNrrd } from '../io/nrrd.js';
import { encodeSegmentation, type WrittenSegment } from '../io/nrrd-segmentation.js';
import { writeAll } from '../node/files.js';
import { loadCt } from '../node/load-ct.js';
import { loadStructures } from '../node/load-structures.js';
import { version } from '../node/version.js';
import { maskVolume } from '../plan/patient/patient-model.js';
import { columns } from '../report/table.js';
import { drawnOptions, pickStructures } from './dose-and-structures.js';
import { print } from './output.js';

export interface MasksCommandOptions {
  readonly structures: string;
  readonly ct: string;
  readonly roi?: readonly string[];
  readonly endSlices?: string;
  readonly sliceSpacing?: string;
  readonly out: string;
  readonly json?: boolean;
}

/** @returns the exit code */
export async function masksCommand(options: MasksCommandOptions): Promise<number> {
  const ct = await loadCt(options.ct);
  const { grid } = ct.hounsfield;
  const loaded = await loadStructures([options.structures], {
    sliceSpacing: grid.spacing[2],
    ...drawnOptions(options),
  });
  checkFrames(loaded.frameOfReferenceUid, ct.frameOfReferenceUid);
  const drawn = pickStructures(loaded, options.roi).filter((own): own is Structure => 'shape' in own);
  if (drawn.length === 0)
    throw new InvalidInputError(`masks: nothing is drawn in ${options.structures}. Name an RTSTRUCT.`);
  const { files, rows } = await masksOf(drawn, grid);
  const notes = [...ct.notes, ...loaded.notes, ...rows.flatMap(({ note }) => note ?? [])];
  const report = {
    software: `respine ${version}`,
    inputs: { ct: ct.hash, structures: loaded.hash },
    grid,
    segmentation: segmentationFile,
    structures: rows.map(({ note: _, ...row }) => row),
    notes,
  };
  const json = `${JSON.stringify(report, null, 2)}\n`;
  files.set('hounsfield.nrrd', await encodeNrrd(ct.hounsfield, { gzip: true }));
  files.set('masks.json', json);
  await writeAll(options.out, files, {
    ours: /^(hounsfield\.nrrd|mask_[^/]*\.nrrd|structures\.seg\.nrrd|masks\.json)$/,
  });
  if (options.json) print(json);
  else {
    const table = rows.map((row) => [
      row.name,
      ...[row.volumeCc, row.maskCc, row.labelCc].map((cc) => cc.toFixed(3)),
      `±${row.labelBoundCc.toFixed(3)}`,
    ]);
    const head = ['structure', 'drawn, cc', 'mask', 'labels', ''];
    print(
      `${columns([head, ...table])}${notes.map((note) => `${note}\n`).join('')}${files.size} files in ${options.out}\n`,
    );
  }
  return 0;
}

const segmentationFile = 'structures.seg.nrrd';

interface MaskRow {
  readonly name: string;
  readonly role: Structure['role'];
  readonly file: string;
  /** As drawn; the sum of fractions; whole voxels, and how far these may be from the fractions. */
  readonly volumeCc: number;
  readonly maskCc: number;
  readonly labelCc: number;
  readonly labelBoundCc: number;
  readonly note?: string;
}

async function masksOf(
  drawn: readonly Structure[],
  grid: Grid,
): Promise<{ files: Map<string, Uint8Array | string>; rows: readonly MaskRow[] }> {
  const masks = drawn.map((structure) => ({ ...structure, mask: voxelizeStructure(structure, grid) }));
  const { bytes, segments } = await encodeSegmentation(masks);
  const files = new Map<string, Uint8Array | string>([[segmentationFile, bytes]]);
  const rows: MaskRow[] = [];
  for (const [s, { mask, ...structure }] of masks.entries()) {
    const file = freeName(structure.name, files);
    files.set(
      file,
      await encodeNrrd(mask, { gzip: true, fields: { structure: structure.name.replace(/[\r\n]|:=/g, ' ') } }),
    );
    rows.push(rowOf(structure, file, maskVolume(mask), segments[s]!));
  }
  return { files, rows };
}

function rowOf({ name, role, shape }: Structure, file: string, maskCc: number, segment: WrittenSegment): MaskRow {
  const volumeCc = shape.kind === 'contours' ? contoursVolume(shape.contours) : solidVolume(shape.solid);
  const off = volumeCc - maskCc;
  const note =
    off > 1e-3 * volumeCc + 1e-4
      ? `"${name}": ${toDecimals(off, 3)} of ${toDecimals(volumeCc, 3)} cc lie off the CT and are cut off.`
      : undefined;
  const [drawn, mask, label, bound] = [volumeCc, maskCc, segment.volumeCc, segment.boundCc].map((cc) =>
    toDecimals(cc, 6),
  );
  return {
    name,
    role,
    file,
    volumeCc: drawn!,
    maskCc: mask!,
    labelCc: label!,
    labelBoundCc: bound!,
    ...(note && { note }),
  };
}

/** `mask_NAME.nrrd`, without what no file name may hold; another where it is taken. */
function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is left out
  const plain = name.replace(/[\u0000-\u001f/\\:*?"<>|]/g, '_').slice(0, 100);
  let file = `mask_${plain}.nrrd`;
  for (let n = 2; taken.has(file); n++) file = `mask_${plain}_${n}.nrrd`;
  return file;
}

function checkFrames(drawnOn: string | undefined, ct: string | undefined): void {
  if (drawnOn === undefined || ct === undefined || drawnOn === ct) return;
  throw new InvalidInputError(
    `masks: the structures lie in frame of reference ${drawnOn}, but the CT in ${ct}. Give the structure set that was drawn on this CT.`,
  );
}
