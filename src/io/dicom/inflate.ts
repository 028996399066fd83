/**
 * The deflated part of a DICOM file, unpacked to no more than an image of its rows, columns and frames, or text, can be.
 *
 * Zeros pack a thousandfold, and so may a dose: how much is believable is asked of the elements that have come so far.
 */

import dicomParser from 'dicom-parser';
import { Inflate } from 'fflate';
import { MOST_VOXELS } from '../../core/budget.js';
import { joinBytes } from '../join-bytes.js';

/** Bytes that are unpacked without a question: a structure set of a large study. */
const UNASKED = 32e6;
/** What text packs to at the most, and what may stand beside pixels. */
const TEXT_RATIO = 40;
const BESIDE = 16e6;
/** Bytes that are handed over at once: a thousandfold of that is the largest step. */
const STEP = 16_384;

/**
 * @param enough stop where so many bytes have come. @default all
 * @throws {Error} if the bytes are no deflated stream, end too early, or unpack to more than they can hold
 */
export function inflate(packed: Uint8Array, enough = Infinity): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  const stream = new Inflate((part, isLast) => {
    parts.push(part);
    length += part.length;
    isWhole ||= isLast;
  });
  let allowed = Math.max(UNASKED, TEXT_RATIO * packed.length);
  let isAsked = false;
  for (let at = 0; at < packed.length && !isWhole && length < enough; at += STEP) {
    stream.push(packed.subarray(at, at + STEP), at + STEP >= packed.length);
    if (length > allowed && !isAsked) {
      isAsked = true;
      allowed = Math.max(allowed, BESIDE + pixelBytes(joinBytes(parts)));
    }
    if (length > allowed) {
      throw new Error(
        `${packed.length} deflated bytes grow beyond ${Math.round(allowed / 1e6)} MB, more than rows, columns and frames explain`,
      );
    }
  }
  return joinBytes(parts);
}

/** Of the image that the elements so far speak of; 0 where they speak of none. */
function pixelBytes(bytes: Uint8Array): number {
  try {
    const dataSet = dicomParser.parseDicom(bytes, { TransferSyntaxUID: '1.2.840.10008.1.2.1', untilTag: 'x00280100' });
    const number = (tag: string): number => dataSet.uint16(tag) ?? 0;
    const frames = dataSet.intString('x00280008') ?? 1;
    const values = number('x00280010') * number('x00280011') * frames;
    return values <= MOST_VOXELS ? (values * number('x00280100')) / 8 : 0;
  } catch {
    return 0;
  }
}
