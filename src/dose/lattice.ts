/**
 * A map on a lattice of the isocentre plane as quadratic B-spline coefficients, and the two inner loops of the engine: read
 * it at many points, and its transpose.
 *
 * Node (i, j) lies at (u0 + i step, v0 + j step); a point reads the 3 x 3 nodes around it. Each node holds K numbers, one per
 * separable term, side by side; each point has K weights. Points outside the lattice read nothing.
 */
export interface Lattice {
  readonly u0: number;
  readonly v0: number;
  /** mm */
  readonly step: number;
  readonly nu: number;
  readonly nv: number;
  /** K */
  readonly terms: number;
  /** [v][u][k] */
  readonly nodes: Float64Array;
}

/** N points in the isocentre plane, mm, each with K weights [point][k]. */
export interface LatticePoints {
  readonly u: Float32Array;
  readonly v: Float32Array;
  readonly weights: Float32Array;
}

/** out[p] += sum_k weights[p][k] map_k(u_p, v_p) */
export function readLattice(lattice: Lattice, points: LatticePoints, out: Float64Array): void {
  const { nodes, nu, nv, step, terms: K } = lattice;
  const { u, v, weights } = points;
  const count = u.length;
  const inverse = 1 / step;
  const shiftU = 0.5 - lattice.u0 * inverse;
  const shiftV = 0.5 - lattice.v0 * inverse;
  const row = nu * K;
  for (let p = 0; p < count; p++) {
    const x = u[p]! * inverse + shiftU;
    const y = v[p]! * inverse + shiftV;
    if (!(x >= 1 && x < nu - 1 && y >= 1 && y < nv - 1)) continue;
    const i = Math.trunc(x);
    const j = Math.trunc(y);
    const tx = x - i - 0.5;
    const ty = y - j - 0.5;
    const ax = 0.5 * (0.5 - tx) * (0.5 - tx);
    const bx = 0.75 - tx * tx;
    const cx = 0.5 * (0.5 + tx) * (0.5 + tx);
    const ay = 0.5 * (0.5 - ty) * (0.5 - ty);
    const by = 0.75 - ty * ty;
    const cy = 0.5 * (0.5 + ty) * (0.5 + ty);
    let a = ((j - 1) * nu + i - 1) * K;
    let sum = 0;
    // The usual number of terms, unrolled: nine nodes of four consecutive numbers each.
    if (K === 4) {
      const w0 = weights[4 * p]!;
      const w1 = weights[4 * p + 1]!;
      const w2 = weights[4 * p + 2]!;
      const w3 = weights[4 * p + 3]!;
      for (let r = 0; r < 3; r++, a += row) {
        const yr = r === 0 ? ay : r === 1 ? by : cy;
        sum +=
          yr *
          (ax * (w0 * nodes[a]! + w1 * nodes[a + 1]! + w2 * nodes[a + 2]! + w3 * nodes[a + 3]!) +
            bx * (w0 * nodes[a + 4]! + w1 * nodes[a + 5]! + w2 * nodes[a + 6]! + w3 * nodes[a + 7]!) +
            cx * (w0 * nodes[a + 8]! + w1 * nodes[a + 9]! + w2 * nodes[a + 10]! + w3 * nodes[a + 11]!));
      }
    } else {
      for (let r = 0; r < 3; r++, a += row) {
        const yr = r === 0 ? ay : r === 1 ? by : cy;
        let line = 0;
        for (let k = 0; k < K; k++) {
          line += weights[p * K + k]! * (ax * nodes[a + k]! + bx * nodes[a + K + k]! + cx * nodes[a + 2 * K + k]!);
        }
        sum += yr * line;
      }
    }
    out[p]! += sum;
  }
}

/** Transpose of {@link readLattice}: nodes += what every point's value asks of them. */
export function writeLattice(lattice: Lattice, points: LatticePoints, values: Float64Array): void {
  const { nodes, nu, nv, step, terms: K } = lattice;
  const { u, v, weights } = points;
  const count = u.length;
  const inverse = 1 / step;
  const shiftU = 0.5 - lattice.u0 * inverse;
  const shiftV = 0.5 - lattice.v0 * inverse;
  const row = nu * K;
  for (let p = 0; p < count; p++) {
    const value = values[p]!;
    if (value === 0) continue;
    const x = u[p]! * inverse + shiftU;
    const y = v[p]! * inverse + shiftV;
    if (!(x >= 1 && x < nu - 1 && y >= 1 && y < nv - 1)) continue;
    const i = Math.trunc(x);
    const j = Math.trunc(y);
    const tx = x - i - 0.5;
    const ty = y - j - 0.5;
    const ax = 0.5 * (0.5 - tx) * (0.5 - tx);
    const bx = 0.75 - tx * tx;
    const cx = 0.5 * (0.5 + tx) * (0.5 + tx);
    const ay = 0.5 * (0.5 - ty) * (0.5 - ty);
    const by = 0.75 - ty * ty;
    const cy = 0.5 * (0.5 + ty) * (0.5 + ty);
    let a = ((j - 1) * nu + i - 1) * K;
    if (K === 4) {
      const g0 = value * weights[4 * p]!;
      const g1 = value * weights[4 * p + 1]!;
      const g2 = value * weights[4 * p + 2]!;
      const g3 = value * weights[4 * p + 3]!;
      for (let r = 0; r < 3; r++, a += row) {
        const yr = r === 0 ? ay : r === 1 ? by : cy;
        const xa = yr * ax;
        const xb = yr * bx;
        const xc = yr * cx;
        nodes[a]! += g0 * xa;
        nodes[a + 1]! += g1 * xa;
        nodes[a + 2]! += g2 * xa;
        nodes[a + 3]! += g3 * xa;
        nodes[a + 4]! += g0 * xb;
        nodes[a + 5]! += g1 * xb;
        nodes[a + 6]! += g2 * xb;
        nodes[a + 7]! += g3 * xb;
        nodes[a + 8]! += g0 * xc;
        nodes[a + 9]! += g1 * xc;
        nodes[a + 10]! += g2 * xc;
        nodes[a + 11]! += g3 * xc;
      }
    } else {
      for (let r = 0; r < 3; r++, a += row) {
        const yr = r === 0 ? ay : r === 1 ? by : cy;
        for (let k = 0; k < K; k++) {
          const g = yr * value * weights[p * K + k]!;
          nodes[a + k]! += g * ax;
          nodes[a + K + k]! += g * bx;
          nodes[a + 2 * K + k]! += g * cx;
        }
      }
    }
  }
}
