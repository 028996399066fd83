/**
 * Sets of pixels as runs along their rows: growing a set by a disc, and its connected pieces, at the cost of the runs.
 *
 * A slice of a CT has a quarter of a million pixels but a few runs per row; what lies within a disc of a run is the union of
 * runs in the rows around it, each longer by the disc's half width there. No distance is computed pixel by pixel.
 */

/** Runs row by row: those of row r are first[r] .. first[r + 1] - 1, each from start up to, not including, end. */
export interface PixelRuns {
  readonly start: Int32Array;
  readonly end: Int32Array;
  readonly first: Int32Array;
}

/** Runs as they come, row after row, in arrays that grow. */
export class RunBuffer {
  private start = new Int32Array(1024);
  private end = new Int32Array(1024);
  private readonly first: Int32Array;
  private count = 0;
  private row = 0;

  /** @param rows in all */
  constructor(rows: number) {
    this.first = new Int32Array(rows + 1);
  }

  /**
   * Appends the runs of one value of a row.
   *
   * @param at where the row begins
   */
  addRow(pixels: Uint8Array, at: number, nx: number, value: 0 | 1): void {
    let i = 0;
    for (;;) {
      while (i < nx && pixels[at + i] !== value) i++;
      if (i === nx) break;
      const start = i;
      while (i < nx && pixels[at + i] === value) i++;
      this.push(start, i);
    }
    this.first[++this.row] = this.count;
  }

  /** From the first row again. */
  clear(): void {
    this.count = 0;
    this.row = 0;
  }

  /** Views of the buffer's own memory, good until more is added. */
  get runs(): PixelRuns {
    const { start, end, first, count } = this;
    return { start: start.subarray(0, count), end: end.subarray(0, count), first };
  }

  private push(start: number, end: number): void {
    if (this.count === this.start.length) {
      this.start = grown(this.start);
      this.end = grown(this.end);
    }
    this.start[this.count] = start;
    this.end[this.count++] = end;
  }
}

function grown(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const more = new Int32Array(2 * array.length);
  more.set(array);
  return more;
}

/**
 * A disc in pixels: for each distance in rows, 0, 1, ..., how many pixels along the row still lie within it.
 *
 * @param radius mm; what lies at it counts
 * @param sx,sy size of a pixel, mm
 */
export function discHalfWidths(radius: number, sx: number, sy: number): Int32Array {
  const widths: number[] = [];
  for (let y = 0; y ** 2 <= radius * radius; y += sy) {
    let d = 0;
    while (((d + 1) * sx) ** 2 + y ** 2 <= radius * radius) d++;
    widths.push(d);
  }
  return Int32Array.from(widths);
}

/**
 * Pixels of a slice within a disc of a set.
 *
 * @param runs    of the set; only the rows from `firstRow` on, ny of them
 * @param isKept  by run; the others do not count. @default all do
 * @param out     1 within, 0 elsewhere; overwritten and returned
 */
export function growRuns(
  { start, end, first }: PixelRuns,
  firstRow: number,
  halfWidths: Int32Array,
  [nx, ny]: readonly [number, number],
  isKept: Uint8Array | undefined,
  out: Uint8Array,
): Uint8Array {
  // Where runs begin and end, counted; the row's running sum is then how many cover a pixel.
  const change = new Int32Array(nx + 1);
  const reach = halfWidths.length - 1;
  for (let j = 0; j < ny; j++) {
    let any = false;
    for (let from = Math.max(0, j - reach); from <= Math.min(ny - 1, j + reach); from++) {
      const by = halfWidths[Math.abs(from - j)]!;
      for (let r = first[firstRow + from]!, stop = first[firstRow + from + 1]!; r < stop; r++) {
        if (isKept !== undefined && isKept[r] === 0) continue;
        const low = start[r]! - by;
        const high = end[r]! + by;
        change[low > 0 ? low : 0]!++;
        change[high < nx ? high : nx]!--;
        any = true;
      }
    }
    const row = nx * j;
    if (!any) {
      out.fill(0, row, row + nx);
      continue;
    }
    let covering = 0;
    for (let i = 0; i < nx; i++) {
      covering += change[i]!;
      change[i] = 0;
      out[row + i] = covering > 0 ? 1 : 0;
    }
    change[nx] = 0;
  }
  return out;
}

/** Connected pieces: each run's piece, named by one of its runs. */
export class RunPieces {
  private readonly parent: Int32Array;

  constructor(private readonly runs: PixelRuns) {
    this.parent = Int32Array.from(runs.start.keys());
  }

  /** The first of the runs that belong together. */
  pieceOf(run: number): number {
    const { parent } = this;
    let root = run;
    while (parent[root] !== root) root = parent[root]!;
    for (let at = run; at !== root; ) {
      const next = parent[at]!;
      parent[at] = root;
      at = next;
    }
    return root;
  }

  join(a: number, b: number): void {
    const [p, q] = [this.pieceOf(a), this.pieceOf(b)];
    if (p < q) this.parent[q] = p;
    else this.parent[p] = q;
  }

  /** Joins the runs of two rows that have a column in common. */
  joinRows(row: number, other: number): void {
    const { start, end, first } = this.runs;
    let a = first[row]!;
    let b = first[other]!;
    while (a < first[row + 1]! && b < first[other + 1]!) {
      if (start[a]! < end[b]! && start[b]! < end[a]!) this.join(a, b);
      if (end[a]! < end[b]!) a++;
      else b++;
    }
  }
}
