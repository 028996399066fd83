/**
 * The least squared gamma within one cell of the evaluated dose, found with a proof.
 *
 * A cell lies between eight voxel centres; x runs in it from its lowest corner, in units of the distance criterion, and
 * the dose difference r(x) is trilinear, in units of the dose criterion. Over a box of the cell
 *
 *     f(x) = |x - q|^2 + r(x)^2,    f' / 2 = G = x - q + r g,    g = r'
 *
 * A square lies above its tangent, and only mixed second derivatives of r are not 0: with m, the most of them in the box,
 * r(x + d)^2 >= r^2 + 2 r (g d) - |r| m d^2, so that from any point x of the box
 *
 *     f(x + d) >= f(x) + 2 G d + k d^2,    k = 1 - |r| m
 *
 * whose minimum over the box is a sum over axes. Gauss-Newton steps along the free axes lower f until this bound shows
 * that nothing better is left: two or three steps, since they make r small. Where it fails (a saddle) the box is halved.
 */
const maxEvaluations = 16;
/** Boxes smaller than this, in units of the distance criterion, hold nothing that counts. */
const smallest = 1e-9;

export class GammaCell {
  /** Least squared gamma so far, over all cells visited since {@link begin}. */
  best = 0;
  /** What has no chance to be below this need not be looked at: (sqrt(best) - tolerance)^2. */
  bar = 0;
  /** Where `best` was found, from the reference point; units of the distance criterion. */
  readonly offset = new Float64Array(3);
  /** r = p0 + p1 x + p2 y + p3 z + p4 xy + p5 xz + p6 yz + p7 xyz */
  private readonly p = new Float64Array(8);
  private axis = 0;
  private readonly q = new Float64Array(3);
  private readonly boxes = new Float64Array(6 * 128);
  private readonly inverse: readonly number[];

  /**
   * @param size      edges of a cell along x, y, z, units of the distance criterion; 0 along an axis of one voxel
   * @param tolerance of gamma: what is found is at most this much above the true minimum
   */
  constructor(
    private readonly size: readonly [number, number, number],
    private readonly tolerance: number,
  ) {
    this.inverse = size.map((s) => (s > 0 ? 1 / s : 0));
  }

  /** Starts a reference voxel: nothing above `best`, the squared cap, is looked for. */
  begin(best: number): void {
    this.offset.fill(0);
    this.lower(best);
  }

  /** Takes a squared gamma that is attained at `(dx, dy, dz)` from the reference point, if it is lower. */
  offer(value: number, dx: number, dy: number, dz: number): void {
    if (value >= this.best) return;
    this.lower(value);
    this.offset[0] = dx;
    this.offset[1] = dy;
    this.offset[2] = dz;
  }

  private lower(value: number): void {
    this.best = value;
    const least = Math.sqrt(value) - this.tolerance;
    this.bar = least > 0 ? least * least : -Infinity;
  }

  /**
   * Lowers `best` to the minimum over this cell, if that is lower.
   *
   * @param data       doses, Gy; the cell's lowest corner is element `at`, its neighbours lie `nextX`, `nextY`, `nextZ` further
   * @param dose       of the reference voxel, Gy
   * @param perCriterion 1 / dose criterion, 1/Gy
   * @param qx, qy, qz reference point from the lowest corner, units of the distance criterion
   */
  visit(
    data: Float32Array,
    at: number,
    nextX: number,
    nextY: number,
    nextZ: number,
    dose: number,
    perCriterion: number,
    qx: number,
    qy: number,
    qz: number,
  ): void {
    const { p, q, size, inverse } = this;
    const ix = inverse[0]!;
    const iy = inverse[1]!;
    const iz = inverse[2]!;
    const r000 = (data[at]! - dose) * perCriterion;
    const r100 = (data[at + nextX]! - dose) * perCriterion;
    const r010 = (data[at + nextY]! - dose) * perCriterion;
    const r110 = (data[at + nextX + nextY]! - dose) * perCriterion;
    const r001 = (data[at + nextZ]! - dose) * perCriterion;
    const r101 = (data[at + nextX + nextZ]! - dose) * perCriterion;
    const r011 = (data[at + nextY + nextZ]! - dose) * perCriterion;
    const r111 = (data[at + nextX + nextY + nextZ]! - dose) * perCriterion;
    p[0] = r000;
    p[1] = (r100 - r000) * ix;
    p[2] = (r010 - r000) * iy;
    p[3] = (r001 - r000) * iz;
    p[4] = (r110 - r100 - r010 + r000) * ix * iy;
    p[5] = (r101 - r100 - r001 + r000) * ix * iz;
    p[6] = (r011 - r010 - r001 + r000) * iy * iz;
    p[7] = (r111 - r110 - r101 - r011 + r100 + r010 + r001 - r000) * ix * iy * iz;
    q[0] = qx;
    q[1] = qy;
    q[2] = qz;
    if (!this.descend(0, 0, 0, size[0], size[1], size[2])) this.halve();
  }

  /** m: largest row sum of the absolute second derivatives in the box, no less than their largest eigenvalue. */
  private twist(lx: number, ly: number, lz: number, ux: number, uy: number, uz: number): number {
    const { p } = this;
    const xyz = p[7]!;
    const mxy = Math.max(Math.abs(p[4]! + xyz * lz), Math.abs(p[4]! + xyz * uz));
    const mxz = Math.max(Math.abs(p[5]! + xyz * ly), Math.abs(p[5]! + xyz * uy));
    const myz = Math.max(Math.abs(p[6]! + xyz * lx), Math.abs(p[6]! + xyz * ux));
    return mxy + mxz + myz - Math.min(mxy, mxz, myz);
  }

  /** Lowers f from the point of the box closest to q. @returns whether the box is proven to hold nothing below the bar */
  private descend(lx: number, ly: number, lz: number, ux: number, uy: number, uz: number): boolean {
    const { p } = this;
    const twist = this.twist(lx, ly, lz, ux, uy, uz);
    const p0 = p[0]!;
    const p1 = p[1]!;
    const p2 = p[2]!;
    const p3 = p[3]!;
    const p4 = p[4]!;
    const p5 = p[5]!;
    const p6 = p[6]!;
    const p7 = p[7]!;
    const qx = this.q[0]!;
    const qy = this.q[1]!;
    const qz = this.q[2]!;
    let x = qx < lx ? lx : qx > ux ? ux : qx;
    let y = qy < ly ? ly : qy > uy ? uy : qy;
    let z = qz < lz ? lz : qz > uz ? uz : qz;
    let fromX = x;
    let fromY = y;
    let fromZ = z;
    let dx = 0;
    let dy = 0;
    let dz = 0;
    let step = 0;
    let last = Infinity;
    let slope = 0;
    for (let n = 0; n < maxEvaluations; n++) {
      const r = p0 + p1 * x + p2 * y + p3 * z + p4 * x * y + p5 * x * z + p6 * y * z + p7 * x * y * z;
      const f = (x - qx) * (x - qx) + (y - qy) * (y - qy) + (z - qz) * (z - qz) + r * r;
      if (f > last + 1e-4 * step * slope) {
        step /= 2;
        x = fromX + step * dx;
        y = fromY + step * dy;
        z = fromZ + step * dz;
        continue;
      }
      if (f < this.best) this.offer(f, x - qx, y - qy, z - qz);
      const hx = p1 + p4 * y + p5 * z + p7 * y * z;
      const hy = p2 + p4 * x + p6 * z + p7 * x * z;
      const hz = p3 + p5 * x + p6 * y + p7 * x * y;
      const gx = x - qx + r * hx;
      const gy = y - qy + r * hy;
      const gz = z - qz + r * hz;
      const curvature = 1 - Math.abs(r) * twist;
      const cx = leastChange(gx, lx - x, ux - x, curvature);
      const cy = leastChange(gy, ly - y, uy - y, curvature);
      const cz = leastChange(gz, lz - z, uz - z, curvature);
      const bound = f + cx + cy + cz;
      this.axis = cx <= cy && cx <= cz ? 0 : cy <= cz ? 1 : 2;
      if (bound >= this.bar) return true;
      // An axis at its end is free only if the step leads back into the box.
      let isFreeX = (x > lx || gx < 0) && (x < ux || gx > 0);
      let isFreeY = (y > ly || gy < 0) && (y < uy || gy > 0);
      let isFreeZ = (z > lz || gz < 0) && (z < uz || gz > 0);
      for (let isSettled = false; !isSettled; ) {
        const ax = isFreeX ? hx : 0;
        const ay = isFreeY ? hy : 0;
        const az = isFreeZ ? hz : 0;
        // (1 + g g')^-1 G by Sherman and Morrison.
        const along = (ax * gx + ay * gy + az * gz) / (1 + ax * ax + ay * ay + az * az);
        dx = isFreeX ? along * hx - gx : 0;
        dy = isFreeY ? along * hy - gy : 0;
        dz = isFreeZ ? along * hz - gz : 0;
        isSettled = true;
        if ((x <= lx && dx < 0) || (x >= ux && dx > 0)) isSettled = isFreeX = false;
        if ((y <= ly && dy < 0) || (y >= uy && dy > 0)) isSettled = isFreeY = false;
        if ((z <= lz && dz < 0) || (z >= uz && dz > 0)) isSettled = isFreeZ = false;
      }
      slope = 2 * (gx * dx + gy * dy + gz * dz);
      // A saddle: what the step could gain is little beside what the curvature leaves open.
      if (!(slope < 0) || (curvature < 0 && -slope < 0.01 * (this.bar - bound))) return false;
      step = Math.min(1, reach(x, dx, lx, ux), reach(y, dy, ly, uy), reach(z, dz, lz, uz));
      last = f;
      fromX = x;
      fromY = y;
      fromZ = z;
      x = snap(x + step * dx, lx, ux);
      y = snap(y + step * dy, ly, uy);
      z = snap(z + step * dz, lz, uz);
    }
    return false;
  }

  /** The cell again, in boxes that are halved until each is proven. */
  private halve(): void {
    const { boxes, size, q } = this;
    boxes.fill(0, 0, 3);
    boxes.set(size, 3);
    // Depth first: each level leaves one box behind, and 128 levels are far below the smallest box.
    for (let top = 0; top >= 0; top--) {
      const at = 6 * top;
      const lx = boxes[at]!;
      const ly = boxes[at + 1]!;
      const lz = boxes[at + 2]!;
      const ux = boxes[at + 3]!;
      const uy = boxes[at + 4]!;
      const uz = boxes[at + 5]!;
      const away = this.leastDifference(lx, ly, lz, ux, uy, uz);
      const bound = outside(q[0]!, lx, ux) + outside(q[1]!, ly, uy) + outside(q[2]!, lz, uz) + away * away;
      if (bound >= this.bar || this.descend(lx, ly, lz, ux, uy, uz)) continue;
      const { axis } = this;
      const low = boxes[at + axis]!;
      const high = boxes[at + axis + 3]!;
      if (high - low < smallest) continue;
      const middle = (low + high) / 2;
      boxes.copyWithin(at + 6, at, at + 6);
      boxes[at + 6 + axis] = middle;
      boxes[at + axis + 3] = middle;
      top += 2;
    }
  }

  /** Least |r| in the box: 0, or at one of its corners. */
  private leastDifference(lx: number, ly: number, lz: number, ux: number, uy: number, uz: number): number {
    const { p } = this;
    let low = Infinity;
    let high = -Infinity;
    for (let corner = 0; corner < 4; corner++) {
      const x = corner & 1 ? ux : lx;
      const y = corner & 2 ? uy : ly;
      const base = p[0]! + p[1]! * x + p[2]! * y + p[4]! * x * y;
      const slope = p[3]! + p[5]! * x + p[6]! * y + p[7]! * x * y;
      const bottom = base + slope * lz;
      const top = base + slope * uz;
      low = Math.min(low, bottom, top);
      high = Math.max(high, bottom, top);
    }
    return Math.max(0, low, -high);
  }
}

/** Minimum of 2 g d + k d^2 for d from `low` to `high`. */
function leastChange(g: number, low: number, high: number, k: number): number {
  if (k > 0) {
    const free = -g / k;
    const d = free < low ? low : free > high ? high : free;
    return (2 * g + k * d) * d;
  }
  return Math.min((2 * g + k * low) * low, (2 * g + k * high) * high);
}

/** Multiple of the step `d` that ends on the border of the box. */
function reach(x: number, d: number, low: number, high: number): number {
  return d < 0 ? (low - x) / d : d > 0 ? (high - x) / d : Infinity;
}

/** Rounding must not leave a coordinate just before its end. */
function snap(x: number, low: number, high: number): number {
  return x < low + 1e-13 ? low : x > high - 1e-13 ? high : x;
}

/** Squared distance of q from an interval. */
function outside(q: number, low: number, high: number): number {
  const d = q < low ? low - q : q > high ? q - high : 0;
  return d * d;
}
