/** Stored values of a CT slice as HU: rescale, padding, and what cannot be a CT number. */
import { FormatError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';
import { describePlace } from '../../geometry/grid.js';
import type { Volume } from '../../geometry/volume.js';
import type { Slice } from './ct-slices.js';
import { type Dataset, number } from './dataset.js';
import { frameReader, type StoredValues } from './pixels.js';

const AIR = -1000;
/** From vacuum to metal as scanners write it; what lies beyond is told. */
const LOWEST = -1100;
const HIGHEST = 4000;
/** Nothing that a scanner writes: 16 bits at a slope of 2 give 132,000. */
const ABSURD = 200_000;
/** HU of what may be tissue: a padding value in there is not believed. */
const TISSUE = [-950, 2000] as const;

/** Values of a slice and what turns them into HU. */
export interface SliceValues {
  readonly stored: StoredValues;
  readonly slope: number;
  readonly intercept: number;
  /** Stored values from `low` to `high` are no measurement but filling around it: air. */
  readonly padding: { readonly low: number; readonly high: number } | undefined;
}

/**
 * Reads slice after slice; what several frames share is parsed once.
 *
 * @throws as `frameReader` does, and {FormatError} for a slope of 0 or values that are no CT numbers
 */
export function sliceReader(notes: string[]): (slice: Slice) => SliceValues {
  const readers = new WeakMap<Dataset, (frame: number) => StoredValues>();
  const told = new Set<string>();
  const tell = (note: string): void => {
    if (!told.has(note)) notes.push(note);
    told.add(note);
  };
  return (slice) => {
    const { dataset, name, slope, intercept } = slice;
    if (slope === 0) {
      throw new FormatError('RescaleSlope is 0, which makes every pixel one CT number. Export it again.', name);
    }
    let read = readers.get(dataset);
    if (read === undefined) {
      read = frameReader(dataset, slice.frames);
      readers.set(dataset, read);
    }
    return { stored: read(slice.frame), slope, intercept, padding: paddingOf(slice, tell) };
  };
}

/** The range of PixelPaddingValue and PixelPaddingRangeLimit, PS3.3 C.7.5.1.1.2; undefined where it is air already. */
function paddingOf({ dataset, slope, intercept }: Slice, tell: (note: string) => void): SliceValues['padding'] {
  const { elements } = dataset;
  const isSigned = number(elements, '00280103') === 1;
  const bits = number(elements, '00280101') ?? 16;
  // Writers give its bits as they give those of pixels, under either representation.
  const value = (tag: string): number | undefined => {
    const raw = number(elements, tag);
    if (raw === undefined) return undefined;
    const masked = raw & (2 ** Math.min(bits, 31) - 1);
    return isSigned && masked >= 2 ** (bits - 1) ? masked - 2 ** bits : masked;
  };
  const padding = value('00280120');
  if (padding === undefined) return undefined;
  const limit = value('00280121') ?? padding;
  const [low, high] = [Math.min(padding, limit), Math.max(padding, limit)];
  const ends = [slope * low + intercept, slope * high + intercept].sort((a, b) => a - b);
  if (ends.every((hu) => hu >= LOWEST && hu <= TISSUE[0])) return undefined;
  if (ends[1]! > TISSUE[0] && ends[0]! < TISSUE[1]) {
    tell(`CT: PixelPaddingValue ${padding} is ${toDigits(ends[0]!, 6)} HU, which may be tissue; it is read as such.`);
    return undefined;
  }
  tell(`CT: pixels of the padding value ${padding} (${toDigits(ends[0]!, 6)} HU) are read as air.`);
  return { low, high };
}

/**
 * HU of a row of pixels into `out`, `step` elements apart from `to` on.
 *
 * @returns whether one of them is beyond air and metal
 */
export function fillRow(
  { stored, slope, intercept, padding }: SliceValues,
  from: number,
  count: number,
  out: Float32Array,
  to: number,
  step: number,
): boolean {
  let isOdd = false;
  if (padding === undefined) {
    for (let c = 0, at = to; c < count; c++, at += step) {
      const hu = slope * stored[from + c]! + intercept;
      out[at] = hu;
      if (!(hu >= LOWEST && hu <= HIGHEST)) isOdd = true;
    }
    return isOdd;
  }
  for (let c = 0, at = to; c < count; c++, at += step) {
    const value = stored[from + c]!;
    const hu = value >= padding.low && value <= padding.high ? AIR : slope * value + intercept;
    out[at] = hu;
    if (!(hu >= LOWEST && hu <= HIGHEST)) isOdd = true;
  }
  return isOdd;
}

/**
 * Looks for the HU of a whole CT that are beyond air and metal.
 *
 * @throws {FormatError} where they are nothing that a scanner writes
 */
export function checkHounsfield({ grid, data }: Volume<'hounsfield'>, notes: string[]): void {
  let low = 0;
  let high = 0;
  let under = 0;
  let over = 0;
  for (let i = 0; i < data.length; i++) {
    const hu = data[i]!;
    if (hu < LOWEST) {
      under++;
      if (hu < data[low]!) low = i;
    } else if (hu > HIGHEST) {
      over++;
      if (hu > data[high]!) high = i;
    }
  }
  const place = (i: number): string => `${toDigits(data[i]!, 6)} HU at ${describePlace(grid, i)}`;
  for (const i of [low, high]) {
    if (Math.abs(data[i]!) > ABSURD || !Number.isFinite(data[i]!)) {
      throw new FormatError(
        `the CT has ${place(i)}, which is no CT number. Look at RescaleSlope and RescaleIntercept.`,
      );
    }
  }
  if (under > 0) notes.push(`CT: ${under} voxel(s) lie below ${LOWEST} HU (${place(low)}); they count as air.`);
  if (over > 0) {
    notes.push(
      `CT: ${over} voxel(s) lie above ${HIGHEST} HU (${place(high)}): metal, or no CT numbers. Their density is that at the end of the HU table, unless a density override says otherwise.`,
    );
  }
}
