/**
 * Lines along x through a structure, and the arrays in which they gather.
 */

export interface ScanLines {
  readonly count: number;
  /** Position of each line, mm. */
  readonly y: Float64Array;
  readonly z: Float64Array;
  /** Size in y and z of the rectangle that each line stands for, mm. */
  readonly height: Float64Array;
  readonly depth: Float64Array;
  /** Area that each line stands for, mm^2. */
  readonly weight: Float64Array;
  /** Crossings of line l are x[first[l]] .. x[end[l] - 1]: entry, exit, entry, exit, ... rising, mm. */
  readonly first: Uint32Array;
  readonly end: Uint32Array;
  readonly x: Float64Array;
}

/** How wide the lines of the coarsest scan lie apart; finer scans divide every step by a whole number. */
export interface ScanStep {
  /** mm */
  readonly y: number;
  readonly z: number;
}

/** Lines and crossings as they come, in arrays that grow. */
export class LineBuffer {
  used = 0;
  private count = 0;
  private x = new Float64Array(1024);
  /** y, z, height, depth, weight of each line. */
  private places = new Float64Array(5 * 256);
  private ranges = new Uint32Array(2 * 256);

  push(x: number): void {
    if (this.used === this.x.length) this.x = grown(this.x, this.used + 1);
    this.x[this.used++] = x;
  }

  /** Room for n more crossings; @returns the array, to be filled from where `used` was */
  reserve(n: number): Float64Array {
    this.used += n;
    if (this.used > this.x.length) this.x = grown(this.x, this.used);
    return this.x;
  }

  add(y: number, z: number, height: number, depth: number, weight: number, first: number, end: number): void {
    const at = this.count++;
    if (5 * this.count > this.places.length) {
      this.places = grown(this.places, 5 * this.count);
      const more = new Uint32Array((2 * this.places.length) / 5);
      more.set(this.ranges);
      this.ranges = more;
    }
    const p = 5 * at;
    this.places[p] = y;
    this.places[p + 1] = z;
    this.places[p + 2] = height;
    this.places[p + 3] = depth;
    this.places[p + 4] = weight;
    this.ranges[2 * at] = first;
    this.ranges[2 * at + 1] = end;
  }

  finish(): ScanLines {
    const { count, places, ranges } = this;
    const column = (c: number): Float64Array => {
      const values = new Float64Array(count);
      for (let l = 0; l < count; l++) values[l] = places[5 * l + c]!;
      return values;
    };
    const range = (c: number): Uint32Array => {
      const values = new Uint32Array(count);
      for (let l = 0; l < count; l++) values[l] = ranges[2 * l + c]!;
      return values;
    };
    return {
      count,
      y: column(0),
      z: column(1),
      height: column(2),
      depth: column(3),
      weight: column(4),
      first: range(0),
      end: range(1),
      x: this.x.subarray(0, this.used),
    };
  }
}

function grown(array: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const more = new Float64Array(Math.ceil(Math.max(needed, 2 * array.length) / 5) * 5);
  more.set(array);
  return more;
}
