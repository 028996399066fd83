/**
 * Sliding windows: both leaves of a pair cross the field once, and what lies between them on the way is the fluence.
 *
 * The right end passes the place x when r(x) units have been given, the left end when t(x) have; x is open in between, so
 * t - r is the fluence there. No end is faster than one millimetre in `rate` units:
 *
 *     r' >= rate,     t' >= rate,     t - r = fluence.
 *
 * The faster end of the two at full speed is the least (Spirou and Chui 1994; Stein et al. 1994; Svensson et al. 1994). Less the
 * common sweep rate * x this is the unidirectional sweep of `sweep.ts` in real numbers: where the fluence rises the left end waits for
 * the rise, where it falls the right end does, both at the edges of pixels, and a row takes
 *
 *     rate * width + sum of rises     units.
 *
 * Ends of a pair that keep a gap are a least fluence, with the place beside the field for the gap at start and end. Where opposing ends
 * of neighbouring pairs must not overlap, a right end waits as in `sweep.ts`. A left end that would come nearer than the gap to one that
 * waits stays a gap behind: with a gap *and* that rule a strip as wide as the gap gets more than was asked for, since no leaves can help it.
 */
import { checkNonNegative, checkPositive } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';

/** What leaves can do. */
export interface WindowRules {
  /** Units that are given while a leaf at full speed travels a millimetre, > 0. */
  readonly rate: number;
  /** Least distance of the two ends of a pair within the field, mm; every place then gets at least rate * gap units. @default 0 */
  readonly gap?: number;
  /** Whether opposing ends of neighbouring pairs may touch, but not overlap. @default false */
  readonly interleaf?: boolean;
}

/** When the ends of every pair pass every pixel, less the common sweep. */
export interface WindowSchedule {
  /** mm, rising. */
  readonly edges: Float64Array;
  readonly rows: number;
  readonly columns: number;
  readonly rate: number;
  readonly gap: number;
  /** Pixels from the first to behind the last that each pair crosses: from equal to equal where it crosses none. */
  readonly spans: readonly (readonly [first: number, end: number])[];
  /** Right end, at `row * columns + pixel`: units at a place x of the pixel, less rate * (x - first edge). */
  readonly uncovered: Float64Array;
  /** Left end: later by what the pixel gets. */
  readonly covered: Float64Array;
  /** In which all is delivered. */
  readonly units: number;
}

/** Where the ends of every pair stand after some units, mm. */
export interface WindowPoint {
  readonly units: number;
  readonly left: Float64Array;
  readonly right: Float64Array;
}

/**
 * The schedule in which a fluence takes the fewest units, and so the least time at a constant dose rate.
 *
 * @param rows  units of each pair between edges, >= 0
 * @param edges along the travel, mm, rising: one more than pixels
 * @throws {InvalidInputError} for a fluence that is none, no speed, or a gap as wide as a pixel
 */
export function slidingWindow(
  rows: readonly Float64Array[],
  edges: Float64Array,
  { rate, gap = 0, interleaf = false }: WindowRules,
): WindowSchedule {
  checkPositive('sliding window: units per mm', rate);
  checkNonNegative('sliding window: gap in mm', gap);
  const columns = edges.length - 1;
  checkRows(rows, columns);
  const narrowest = edges.subarray(1).reduce((least, edge, j) => Math.min(least, edge - edges[j]!), Infinity);
  if (gap > narrowest) {
    throw new InvalidInputError(
      `sliding window: the gap is ${gap} mm, but pixels are ${narrowest} mm wide. Give a gap of at most that, or larger pixels.`,
    );
  }
  const isWhole = interleaf || gap > 0;
  const common = isWhole ? unionOf(rows.map(litSpan)) : undefined;
  const spans = rows.map((row) => common ?? litSpan(row));
  const asked = rows.map((row) => row.map((units) => Math.max(units, rate * gap)));
  const { uncovered, covered } = earliest(asked, spans, edges, { rate, interleaf });
  let units = 0;
  spans.forEach(([first, end], i) => {
    if (end > first) units = Math.max(units, covered[i * columns + end - 1]! + rate * (edges[end]! - edges[0]!));
  });
  return { edges, rows: rows.length, columns, rate, gap, spans, uncovered, covered, units };
}

function checkRows(rows: readonly Float64Array[], columns: number): void {
  rows.forEach((row, i) => {
    if (row.length !== columns) {
      throw new InvalidInputError(
        `sliding window: row ${i + 1} has ${row.length} pixels between ${columns + 1} edges. Give one for each.`,
      );
    }
    const wrong = row.findIndex((units) => !(units >= 0 && Number.isFinite(units)));
    if (wrong < 0) return;
    throw new InvalidInputError(
      `sliding window: pixel ${wrong + 1} of row ${i + 1} is ${row[wrong]} units, but leaves deliver finite units >= 0. Mend the map.`,
    );
  });
  if (rows.some((row) => row.some((units) => units > 0))) return;
  throw new InvalidInputError('sliding window: every pixel is 0 units. There is nothing to deliver.');
}

/** From the first pixel with fluence to behind the last. */
function litSpan(row: Float64Array): readonly [number, number] {
  const first = row.findIndex((units) => units > 0);
  return first < 0 ? [0, 0] : [first, row.findLastIndex((units) => units > 0) + 1];
}

function unionOf(spans: readonly (readonly [number, number])[]): readonly [number, number] {
  const lit = spans.filter(([first, end]) => end > first);
  return [Math.min(...lit.map(([first]) => first)), Math.max(...lit.map(([, end]) => end))];
}

/** Column by column: what a column waits for lies in it or before it. */
function earliest(
  asked: readonly Float64Array[],
  spans: WindowSchedule['spans'],
  edges: Float64Array,
  { rate, interleaf }: Pick<WindowSchedule, 'rate'> & { readonly interleaf: boolean },
): Pick<WindowSchedule, 'uncovered' | 'covered'> {
  const columns = edges.length - 1;
  const uncovered = new Float64Array(asked.length * columns);
  const covered = new Float64Array(asked.length * columns);
  const begin = (i: number, j: number): number => {
    const at = i * columns + j;
    // Each pair begins when the beam does, wherever its own span begins.
    if (j === spans[i]![0]) return -rate * (edges[j]! - edges[0]!);
    return Math.max(uncovered[at - 1]!, covered[at - 1]! - asked[i]![j]!);
  };
  const wait = (i: number, other: number, j: number): void => {
    const at = i * columns + j;
    uncovered[at] = Math.max(uncovered[at]!, uncovered[other * columns + j]! - asked[i]![j]!);
  };
  for (let j = 0; j < columns; j++) {
    const crossing = spans.flatMap(([first, end], i) => (j >= first && j < end ? [i] : []));
    for (const i of crossing) uncovered[i * columns + j] = begin(i, j);
    if (interleaf) {
      for (const i of crossing) if (i > 0) wait(i, i - 1, j);
      for (const i of crossing.toReversed()) if (i + 1 < asked.length) wait(i, i + 1, j);
    }
    for (const i of crossing) covered[i * columns + j] = uncovered[i * columns + j]! + asked[i]![j]!;
  }
  return { uncovered, covered };
}

/** What a schedule gives each pixel of each pair: what was asked for, at least that of the gap. */
export function windowFluence({ rows, columns, uncovered, covered }: WindowSchedule): Float64Array[] {
  return Array.from({ length: rows }, (_, i) =>
    Float64Array.from({ length: columns }, (__, j) => covered[i * columns + j]! - uncovered[i * columns + j]!),
  );
}

/** Places of one end over the units, both rising: straight in between, at rest before and after. */
interface Path {
  readonly units: number[];
  readonly places: number[];
}

/**
 * Control points of a schedule; between them ends move evenly with the units.
 *
 * Ends of one pair that keep their order, their gap, their speed and their distance from neighbours at two points keep them between.
 *
 * @param count of points, >= 2, evenly over the units. @default wherever any end starts or stops, which is the schedule itself
 */
export function windowPoints(schedule: WindowSchedule, count?: number): WindowPoint[] {
  const { rows, units: whole } = schedule;
  const [lefts, rights] = (['left', 'right'] as const).map((side) =>
    Array.from({ length: rows }, (_, i) => pathOf(schedule, i, side)),
  ) as [Path[], Path[]];
  const times = count === undefined ? eventsOf([...lefts, ...rights], whole) : evenly(count, whole);
  const { gap, spans } = schedule;
  return times.map((units) => {
    const right = Float64Array.from(rights, (path) => placeAfter(path, units));
    const left = Float64Array.from(lefts, (path, i) => {
      const place = placeAfter(path, units);
      return spans[i]![1] > spans[i]![0] ? Math.min(place, right[i]! - gap) : place;
    });
    return { units, left, right };
  });
}

const evenly = (count: number, whole: number): number[] =>
  Array.from({ length: count }, (_, n) => (n === count - 1 ? whole : (n * whole) / (count - 1)));

function eventsOf(paths: readonly Path[], whole: number): number[] {
  const all = [0, whole, ...paths.flatMap(({ units }) => units.filter((m) => m > 0 && m < whole))].sort(
    (a, b) => a - b,
  );
  return all
    .filter((m, n) => n === 0 || m - all[n - 1]! > 1e-9 * whole || m === whole)
    .filter((m, n, kept) => n === 0 || m > kept[n - 1]!);
}

function pathOf(
  { edges, columns, rate, gap, spans, uncovered, covered }: WindowSchedule,
  row: number,
  side: 'left' | 'right',
): Path {
  const [first, end] = spans[row]!;
  const path: Path = { units: [], places: [] };
  const put = (units: number, place: number): void => {
    path.units.push(units);
    path.places.push(place);
  };
  const passing = side === 'left' ? covered : uncovered;
  const unitsAt = (j: number, edge: number): number => passing[row * columns + j]! + rate * (edges[edge]! - edges[0]!);
  if (end === first) put(0, edges[first]!);
  // A gap has its place beside the field, under the jaws.
  else if (side === 'left' && gap > 0) put(unitsAt(first, first) - rate * gap, edges[first]! - gap);
  for (let j = first; j < end; j++) {
    put(unitsAt(j, j), edges[j]!);
    put(unitsAt(j, j + 1), edges[j + 1]!);
  }
  if (end > first && side === 'right' && gap > 0) put(unitsAt(end - 1, end) + rate * gap, edges[end]! + gap);
  return path;
}

function placeAfter({ units, places }: Path, m: number): number {
  if (m <= units[0]!) return places[0]!;
  let high = units.length - 1;
  if (m >= units[high]!) return places[high]!;
  let low = 0;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (units[middle]! <= m) low = middle;
    else high = middle;
  }
  const [a, b] = [units[low]!, units[high]!];
  return places[low]! + ((m - a) / (b - a)) * (places[high]! - places[low]!);
}
