/**
 * The distances of CT slices: even, of several spacings in turn, or with a gap.
 *
 * A scan of two spacings (3 mm through the target, 5 mm beyond) has runs of each, and is resampled to the finest. One gap that
 * stands alone is a slice that is missing or misplaced: what lay there is unknown, and an export that lost one may have lost others
 * at its ends, where nothing shows it. So that is refused, with the place, and not filled.
 */
import { InvalidInputError } from '../../core/errors.js';
import { toDecimals } from '../../core/rounding.js';
import { usualGap } from '../../geometry/contour.js';

/** Slices from one place to another with one distance, mm. */
export interface GapRun {
  readonly from: number;
  readonly to: number;
  readonly gap: number;
}

/** Distances that differ by less than this fraction are one spacing, written with jitter. */
const JITTER = 0.1;
/** No scan leaves more between its slices, mm. */
const WIDEST = 50;

/**
 * @param places rising, mm
 * @returns one run where all are even
 * @throws {InvalidInputError} for a gap that stands alone
 */
export function gapRuns(places: readonly number[]): { readonly isEven: boolean; readonly runs: readonly GapRun[] } {
  const usual = usualGap(places)!;
  const last = places.length - 1;
  const mean = (places[last]! - places[0]!) / last;
  if (usual > WIDEST) {
    throw new InvalidInputError(
      `CT: slices are ${toDecimals(usual, 3)} mm apart, more than ${WIDEST} mm, which is no CT to plan on. Export the whole series.`,
    );
  }
  // Positions are rounded to 0.01 mm in some exports.
  const tolerance = Math.max(0.025, 0.01 * usual);
  if (places.every((place, i) => i === 0 || Math.abs(place - places[i - 1]! - usual) <= tolerance)) {
    return { isEven: true, runs: [{ from: places[0]!, to: places[last]!, gap: mean }] };
  }
  const runs = parted(places);
  runs.forEach(({ gaps, start }, r) => {
    const [gap] = gaps;
    const [before, after] = [runs[r - 1]?.gaps[0] ?? gap!, runs[r + 1]?.gaps[0] ?? gap!];
    const isBetween = r > 0 && r < runs.length - 1 && (gap! - before) * (after - gap!) > 0;
    const isUsual = Math.abs(gap! - usual) <= JITTER * usual;
    if (gaps.length === 1 && !isBetween && !isUsual) throw lonely(places[start]!, places[start + 1]!, usual, tolerance);
  });
  return {
    isEven: false,
    runs: runs.map(({ start, gaps }) => {
      const [from, to] = [places[start]!, places[start + gaps.length]!];
      return { from, to, gap: (to - from) / gaps.length };
    }),
  };
}

function parted(places: readonly number[]): { readonly start: number; readonly gaps: number[] }[] {
  const runs: { start: number; gaps: number[] }[] = [];
  for (let i = 1; i < places.length; i++) {
    const gap = places[i]! - places[i - 1]!;
    const run = runs.at(-1);
    if (run && Math.abs(gap - run.gaps[0]!) <= JITTER * Math.min(gap, run.gaps[0]!)) run.gaps.push(gap);
    else runs.push({ start: i - 1, gaps: [gap] });
  }
  return runs;
}

function lonely(from: number, to: number, usual: number, tolerance: number): InvalidInputError {
  const gap = to - from;
  const missing = Math.round(gap / usual) - 1;
  const others = toDecimals(usual, 3);
  if (missing >= 1 && Math.abs(gap - (missing + 1) * usual) <= (missing + 1) * tolerance) {
    return new InvalidInputError(
      `CT: ${missing} slice(s) missing between z = ${from} and ${to} mm (the others are ${others} mm apart). Export the whole series.`,
    );
  }
  return new InvalidInputError(
    `CT: slices at z = ${from} and ${to} mm are ${toDecimals(gap, 3)} mm apart, the others ${others} mm. Export the whole series, or resample it to even slices.`,
  );
}
