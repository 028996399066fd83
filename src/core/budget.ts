/**
 * What one request may ask of the machine: checked from the request itself, before anything is allocated.
 *
 * The limits lie well beyond what a plan needs (a CT of 512 x 512 x 300 voxels, a dose grid of 1 mm around a thorax, 9 beams of
 * 5 mm beamlets) and well below what brings a usual computer down.
 */

import { InvalidInputError } from './errors.js';
import { toDigits } from './rounding.js';

/** Voxels of one grid: 400 MB of Float32. */
export const MOST_VOXELS = 100_000_000;
/** Bytes of all volumes that a command holds at once. */
export const MOST_BYTES = 2e9;
/** Bytes of one file, and of all files of a folder. */
export const MOST_FILE_BYTES = 2e9;
/** Bytes of one JSON file; 16 MB hold 500,000 beamlets. */
export const MOST_JSON_BYTES = 16e6;
/** Files of one folder that are read. */
export const MOST_FILES = 10_000;
/** Characters of one goal, metric or name. */
export const MOST_CHARACTERS = 200;

/** @throws {InvalidInputError} if a grid has more voxels than {@link MOST_VOXELS} */
export function checkVoxels(what: string, voxels: number): void {
  if (!(voxels <= MOST_VOXELS)) {
    throw new InvalidInputError(
      `${what} has ${amount(voxels)} voxels, more than ${amount(MOST_VOXELS)}. Use larger voxels or a smaller region.`,
    );
  }
}

/** @throws {InvalidInputError} if volumes that are held at once need more than {@link MOST_BYTES} */
export function checkBytes(what: string, bytes: number): void {
  if (!(bytes <= MOST_BYTES)) {
    throw new InvalidInputError(
      `${what} need about ${(bytes / 1e9).toPrecision(3)} GB of memory, more than ${MOST_BYTES / 1e9} GB. Use larger voxels or a smaller region.`,
    );
  }
}

/** @throws {InvalidInputError} if there are more of something than a limit */
export function checkCount(what: string, count: number, limit: number, remedy: string): void {
  if (!(count <= limit)) {
    throw new InvalidInputError(`${what}: ${amount(count)}, more than ${amount(limit)}. ${remedy}`);
  }
}

/** @throws {InvalidInputError} if a text is longer than {@link MOST_CHARACTERS} */
export function checkText(what: string, text: string): void {
  if (text.length > MOST_CHARACTERS) {
    throw new InvalidInputError(
      `${what} "${text.slice(0, 40)}..." has ${text.length} characters, more than ${MOST_CHARACTERS}. Shorten it.`,
    );
  }
}

/** `382 million`, `1200`, `1.2e+30`. */
const amount = (n: number): string =>
  n >= 1e6 && n < 1e15 ? `${toDigits(n / 1e6, 4)} million` : String(toDigits(n, 4));
