/**
 * A strip of the fan in plain Float64: the reference of `simd-fan.ts`, and what runs where there is no SIMD.
 *
 * Slices are made as `beam-pass.ts` says: density and mask sampled where each ray meets the slice, both averaged over the
 * footprint, then one step of the three recurrences.
 */
import type { DensityBox } from './density-box.js';
import {
  type Fan,
  type FanGeometry,
  type FanPoints,
  type FanSettings,
  type FanStrip,
  type RayRange,
  raysOfSlice,
  type SeenPoints,
} from './fan.js';

/** Path in matter, mm, from which on a ray has a mean. */
const LEAST_PATH = 0.01;

interface Made {
  readonly geometry: FanGeometry;
  readonly strip: FanStrip;
  /** [slice][v][u] */
  readonly electron: Float64Array;
  readonly slope: Float64Array;
  readonly scatter: Float64Array;
}

export class PlainFan implements Fan {
  private made: Made | undefined;

  constructor(
    private readonly box: DensityBox,
    private readonly settings: FanSettings,
  ) {}

  make(geometry: FanGeometry, strip: FanStrip): void {
    const { memory } = this.settings;
    const { nu, nv, count, u0, v0, k0 } = strip;
    const { sad, pitch, step } = geometry;
    const size = nu * nv;
    const all = (): Float64Array => new Float64Array(size * count);
    const [electron, slope, scatter] = [all(), all(), all().fill(1)];
    const [mass, path, ns, ds] = [all(), all(), all(), all()];
    const state = Array.from({ length: 4 }, () => new Float64Array(size)) as [
      Float64Array,
      Float64Array,
      Float64Array,
      Float64Array,
    ];
    const length = Float64Array.from({ length: size }, (_, c) => {
      const [u, v] = [(u0 + (c % nu)) * pitch, (v0 + Math.floor(c / nu)) * pitch];
      return step * Math.sqrt(1 + (u * u + v * v) / (sad * sad));
    });
    let here = this.slice(geometry, strip, k0);
    for (let k = 0; k < count; k++) {
      const next = this.slice(geometry, strip, k0 + k + 1);
      const range = raysOfSlice(this.box, geometry, k0 + k);
      for (let c = 0; c < size; c++) {
        if (!isWithin(range, u0 + (c % nu), v0 + Math.floor(c / nu))) continue;
        const at = k * size + c;
        const isMet = state[1][c]! > LEAST_PATH;
        const rho = isMet ? state[0][c]! / state[1][c]! : 0;
        electron[at] = rho;
        if (isMet && here.smoothMask[c]! > 0) {
          slope[at] = (length[c]! * (here.smooth[c]! / here.smoothMask[c]! - rho)) / state[1][c]!;
        }
        ns[at] = state[2][c]!;
        ds[at] = state[3][c]!;
        mass[at] = 0.5 * (here.smooth[c]! + next.smooth[c]!) * length[c]!;
        path[at] = 0.5 * (here.smoothMask[c]! + next.smoothMask[c]!) * length[c]!;
        advance(state[0], state[1], c, mass[at]!, path[at]!, memory.electron);
        advance(state[2], state[3], c, mass[at]!, path[at]!, memory.scatter);
      }
      here = next;
    }
    const [n, d, first] = [new Float64Array(size), new Float64Array(size), new Float64Array(size).fill(1)];
    for (let k = count - 1; k >= 0; k--) {
      const range = raysOfSlice(this.box, geometry, k0 + k);
      for (let c = 0; c < size; c++) {
        if (!isWithin(range, u0 + (c % nu), v0 + Math.floor(c / nu))) continue;
        const at = k * size + c;
        advance(n, d, c, mass[at]!, path[at]!, memory.scatterBehind);
        const sum = ds[at]! + memory.fractionBehind * d[c]!;
        scatter[at] = sum > 0 ? (ns[at]! + memory.fractionBehind * n[c]!) / sum : 1;
        // Where nothing lies upstream the first that comes counts.
        if (electron[at]! > 0) first[c] = electron[at]!;
        else electron[at] = first[c]!;
      }
    }
    this.made = { geometry, strip, electron, slope, scatter };
  }

  read({ u: us, v: vs, distances, low, high, ...out }: FanPoints): void {
    const { geometry, strip, electron, slope, scatter } = this.made!;
    const { nu, nv, u0, v0, k0 } = strip;
    const { sad, pitch, step } = geometry;
    const size = nu * nv;
    for (let p = 0; p < out.electron.length; p++) {
      const [u, v] = [us[p]! / pitch, vs[p]! / pitch];
      if (!(Math.floor(v) >= low && Math.floor(v) < high) || out.electron[p] !== 0) continue;
      const along = distances[p]! / Math.sqrt(1 + (us[p]! ** 2 + vs[p]! ** 2) / sad ** 2);
      const [x, y, z] = [u - u0 + 0.5, v - v0 + 0.5, (along - sad) / step - k0];
      const [i, j, k] = [Math.trunc(x), Math.trunc(y), Math.trunc(z)];
      const t = z - k;
      const [xs, ys] = [splineWeights(x - i - 0.5), splineWeights(y - j - 0.5)];
      const middle = i + nu * j + size * k;
      const across = (values: Float64Array, from: number): number =>
        ys.reduce(
          (sum, wy, r) => sum + wy * xs.reduce((s, wx, q) => s + wx * values[from + q - 1 + nu * (r - 1)]!, 0),
          0,
        );
      const e0 = across(electron, middle);
      const rise = across(electron, middle + size) - e0;
      // Slopes within the bounds that keep the cubic between both values.
      const [lowest, highest] = [Math.min(0, 3 * rise), Math.max(0, 3 * rise)];
      const [s0, s1] = [middle, middle + size].map((node) =>
        Math.min(highest, Math.max(lowest, across(slope, node))),
      ) as [number, number];
      out.electron[p] = e0 + t * rise + t * (1 - t) * ((1 - t) * (s0 - rise) - t * (s1 - rise));
      out.scatter[p] = (1 - t) * across(scatter, middle) + t * across(scatter, middle + size);
    }
  }

  see(geometry: FanGeometry, points: Float64Array, out: Partial<SeenPoints>, outside?: Float32Array): void {
    const { beamFromPatient: m, sad } = geometry;
    const { origin, spacing } = this.box;
    for (let p = 0; p < points.length / 3; p++) {
      const point = points.subarray(3 * p, 3 * p + 3);
      const [bx, by, bz] = [0, 1, 2].map((r) => point.reduce((sum, c, a) => sum + m[r + 4 * a]! * c, m[12 + r]!)) as [
        number,
        number,
        number,
      ];
      const scale = sad / (sad - bz);
      const length = Math.hypot(bx, by, sad - bz);
      const voxel = [0, 1, 2].map((a) => (point[a]! - origin[a]!) / spacing[a]!) as [number, number, number];
      if (out.u) out.u[p] = bx * scale;
      if (out.v) out.v[p] = by * scale;
      if (out.distances) out.distances[p] = length;
      if (out.depths) out.depths[p] = this.pathTo(geometry, voxel, length);
      if (outside) outside[p] = this.isInBox(...voxel) ? 0 : 1;
    }
  }

  /** Density and mask where rays meet a slice, [v][u]. */
  private sampleAll({ sad, pitch, step, source, axis, perU, perV }: FanGeometry, strip: FanStrip, k: number): Sampled {
    const { nu, nv, u0, v0 } = strip;
    const density = new Float64Array(nu * nv);
    const mask = new Float64Array(nu * nv);
    const a = sad + k * step;
    for (let c = 0; c < density.length; c++) {
      const [u, v] = [(u0 + (c % nu)) * pitch, (v0 + Math.floor(c / nu)) * pitch];
      const at = (d: number): number => source[d]! + a * (axis[d]! + u * perU[d]! + v * perV[d]!);
      const [rho, matter] = this.sample(at(0), at(1), at(2));
      density[c] = rho;
      mask[c] = matter;
    }
    return { density, mask };
  }

  /** Density and mask of a slice, averaged over the footprint, [v][u]. */
  private slice(geometry: FanGeometry, strip: FanStrip, k: number): Slice {
    const { nu, nv } = strip;
    const { density, mask } = this.sampleAll(geometry, strip, k);
    const { footprint } = this.settings;
    const blur = (plane: Float64Array): Float64Array =>
      convolve(convolve(plane, footprint, 1, nu, nu), footprint, nu, nv, nu);
    return { smooth: blur(density), smoothMask: blur(mask) };
  }

  /** Trilinear density and mask at voxel coordinates of the box; zero beyond it. */
  private sample(x: number, y: number, z: number): readonly [density: number, mask: number] {
    const [nx, ny, nz] = this.box.counts;
    if (!(x >= 0 && x < nx - 1 && y >= 0 && y < ny - 1 && z >= 0 && z < nz - 1)) return [0, 0];
    const [i, j, k] = [Math.trunc(x), Math.trunc(y), Math.trunc(z)];
    let [rho, matter] = [0, 0];
    for (let corner = 0; corner < 8; corner++) {
      const [di, dj, dk] = [corner & 1, (corner >> 1) & 1, corner >> 2];
      const weight = (di ? x - i : 1 - x + i) * (dj ? y - j : 1 - y + j) * (dk ? z - k : 1 - z + k);
      const here = this.box.densities[i + di + nx * (j + dj + ny * (k + dk))]!;
      rho += weight * here;
      matter += here > 0 ? weight : 0;
    }
    return [rho, matter];
  }

  private isInBox(x: number, y: number, z: number): boolean {
    const [nx, ny, nz] = this.box.counts;
    return x >= 0 && x < nx - 1 && y >= 0 && y < ny - 1 && z >= 0 && z < nz - 1;
  }

  /**
   * Density summed along a point's own ray, mm of water: its bilinear values on the planes of voxel centres that the ray crosses
   * most of, joined by straight lines, and to the point's own value.
   */
  private pathTo({ source }: FanGeometry, point: readonly number[], length: number): number {
    const d = [0, 1, 2].map((a) => point[a]! - source[a]!);
    const size = d.map(Math.abs) as [number, number, number];
    const axis = size[0] >= size[1] && size[0] >= size[2] ? 0 : size[1] >= size[2] ? 1 : 2;
    const last = this.box.counts[axis]! - 1;
    const isForward = source[axis]! < last / 2;
    const place = point[axis]!;
    const inside = Math.min(last, Math.max(0, place));
    const plane = isForward ? Math.floor(inside) : Math.ceil(inside);
    if (isForward ? place < 0 || d[axis]! <= 0 : place > last || d[axis]! >= 0) return 0;
    const count = 1 + (isForward ? plane : last - plane);
    const part = Math.abs(place - plane);
    const at = (q: number): number => {
      const [x, y, z] = [0, 1, 2].map((a) =>
        a === axis ? plane - q * Math.sign(d[a]!) : point[a]! - ((part + q) * d[a]!) / size[axis]!,
      );
      return this.sample(x!, y!, z!)[0];
    };
    const values = Array.from({ length: count }, (_, q) => at(q));
    const own = part <= 1 ? this.sample(point[0]!, point[1]!, point[2]!)[0] : 0;
    const sum = values.reduce((total, value) => total + value, 0);
    return (length / size[axis]!) * (sum - 0.5 * values[0]! + 0.5 * part * (values[0]! + own));
  }
}

/** Weights of the quadratic B-spline at the nodes before, at and behind, `t` from the middle one. */
function splineWeights(t: number): readonly number[] {
  return [0.5 * (0.5 - t) ** 2, 0.75 - t * t, 0.5 * (0.5 + t) ** 2];
}

function isWithin({ u0, u1, v0, v1 }: RayRange, u: number, v: number): boolean {
  return u >= u0 && u < u1 && v >= v0 && v < v1;
}

interface Sampled {
  readonly density: Float64Array;
  readonly mask: Float64Array;
}

interface Slice {
  readonly smooth: Float64Array;
  readonly smoothMask: Float64Array;
}

/** One step of the recurrence; exp(-x) as its rational approximation (1 - x/2 + x^2/12) / (1 + x/2 + x^2/12). */
function advance(n: Float64Array, d: Float64Array, c: number, mass: number, path: number, range: number): void {
  const x = mass / range;
  const gain = 1 / (1 + x * (0.5 + x / 12));
  const kept = gain * (1 - x * (0.5 - x / 12));
  n[c] = kept * n[c]! + mass * gain;
  d[c] = kept * d[c]! + path * gain;
}

/** Lines of `count` values `stride` apart, convolved with a symmetric kernel; beyond their ends there is nothing. */
function convolve(plane: Float64Array, kernel: Float64Array, stride: number, count: number, nu: number): Float64Array {
  const out = new Float64Array(plane.length);
  for (let c = 0; c < plane.length; c++) {
    const place = stride === 1 ? c % nu : Math.floor(c / nu);
    let sum = kernel[0]! * plane[c]!;
    for (let q = 1; q < kernel.length; q++) {
      const low = place >= q ? plane[c - q * stride]! : 0;
      const high = place + q < count ? plane[c + q * stride]! : 0;
      sum += kernel[q]! * (low + high);
    }
    out[c] = sum;
  }
  return out;
}
