/**
 * Painting: CT number and electron density of every voxel from a stack of solids, mixed by volume.
 *
 * Later layers lie on top. An octree splits every voxel that a boundary crosses down to leaves of 1 mm; in a leaf, layer
 * k gets `F(min d_1..d_k) - F(min d_1..d_(k-1))`, counted from the top, with F the fraction below a plane: exact for
 * nested walls, however thin.
 */
import type { Grid } from '../geometry/grid.js';
import { clearance, type Solid, sideOfBox } from '../geometry/solid.js';
import { createVolume, type Volume } from '../geometry/volume.js';
import { partsOf, type VoxelParts, voxelMeans, voxelSums } from '../geometry/voxel-parts.js';
import type { Material } from './material.js';

export interface Layer {
  readonly solid: Solid;
  readonly material: Material;
}

const leafEdge = 1;
/** Parts of voxels along an edge of the blocks that share one list of layers. */
const block = 4;

/**
 * @param layers from the bottom to the top
 * @param background fills what no layer covers
 */
export function paint(
  layers: readonly Layer[],
  background: Material,
  grid: Grid,
): { hounsfield: Volume<'hounsfield'>; density: Volume<'density'> } {
  const parts = partsOf(grid, leafEdge);
  const [hounsfield, density] = [voxelSums(grid, parts), voxelSums(grid, parts)];
  new Painter([...layers].reverse(), background, grid, parts, hounsfield, density).run();
  return {
    hounsfield: createVolume('hounsfield', grid, voxelMeans(hounsfield, parts)),
    density: createVolume('density', grid, voxelMeans(density, parts)),
  };
}

/** Adds up CT number and density of all parts of every voxel. */
class Painter {
  /** Of the parts. */
  private readonly grid: Grid;
  private readonly nx: number;
  private readonly area: number;
  /** What the parts of a block's last slice were given. */
  private readonly lastHounsfield = new Float64Array(block * block);
  private readonly lastDensity = new Float64Array(block * block);
  private readonly solids: readonly Solid[];
  /** What each of them is between two planes, and these, mm. */
  private readonly parts: readonly Solid[];
  private readonly lows: Float64Array;
  private readonly highs: Float64Array;
  private readonly isColumn: Uint8Array;
  /** Layers of the block below. */
  private readonly listBelow: Int32Array;
  private readonly depth: number;
  /** Layers that cross the cell, one list per level, topmost first. */
  private readonly lists: Int32Array[];
  private readonly counts: Int32Array;
  /** Their distances from the cell's centre. */
  private readonly distances: Float64Array[];
  /** 1 where the last layer of the list fills the cell, and so every part of it. */
  private readonly fulls: Uint8Array;
  private hu = 0;
  private red = 0;

  constructor(
    private readonly layers: readonly Layer[],
    private readonly background: Material,
    voxels: Grid,
    private readonly voxelParts: VoxelParts,
    private readonly hounsfield: Float32Array | Float64Array,
    private readonly density: Float32Array | Float64Array,
  ) {
    const { grid, depth } = voxelParts;
    this.grid = grid;
    this.nx = voxels.shape[2];
    this.area = voxels.shape[1] * voxels.shape[2];
    this.solids = layers.map((l) => l.solid);
    this.depth = depth;
    const leaves = 2 ** (this.depth + 1);
    const [sx, sy, sz] = grid.spacing;
    const margin = clearance(sx / leaves, sy / leaves, sz / leaves);
    this.parts = this.solids.map((solid) => solid.within?.solid ?? solid);
    this.lows = Float64Array.from(this.solids, ({ within }) => (within ? within.low + margin : Infinity));
    this.highs = Float64Array.from(this.solids, ({ within }) => (within ? within.high - margin : -Infinity));
    this.isColumn = Uint8Array.from(this.parts, (part) => (part.isColumn ? 1 : 0));
    this.listBelow = new Int32Array(layers.length);
    this.lists = Array.from({ length: this.depth + 4 }, () => new Int32Array(layers.length + 1));
    this.counts = new Int32Array(this.depth + 4);
    this.fulls = new Uint8Array(this.depth + 4);
    this.distances = this.lists.map((list) => new Float64Array(list.length));
  }

  run(): void {
    const [, ny, nx] = this.grid.shape;
    for (let j0 = 0; j0 < ny; j0 += block) {
      for (let i0 = 0; i0 < nx; i0 += block) this.runStack(i0, j0);
    }
  }

  /** The blocks above one another, from their lowest. */
  private runStack(i0: number, j0: number): void {
    const [nz] = this.grid.shape;
    const [sx, sy, sz] = this.grid.spacing;
    const [ox, oy, oz] = this.grid.origin;
    const middle = (block - 1) / 2;
    const x = ox + (i0 + middle) * sx;
    const y = oy + (j0 + middle) * sy;
    const hx = (block / 2) * sx;
    const hy = (block / 2) * sy;
    const hz = (block / 2) * sz;
    this.gather(x, y, hx, hy);
    const list = this.lists[1]!;
    const below = this.listBelow;
    let isColumnBelow = false;
    let countBelow = 0;
    for (let k0 = 0; k0 < nz; k0 += block) {
      const z = oz + (k0 + middle) * sz;
      const isPure = this.narrow(0, x, y, z, hx, hy, hz);
      const end = Math.min(nz, k0 + block);
      const count = this.counts[1]!;
      if (isPure) {
        this.hu = 0;
        this.red = 0;
        this.addPure(1, 1);
        this.lastHounsfield.fill(this.hu);
        this.lastDensity.fill(this.red);
        for (let k = k0; k < end; k++) this.addSlice(i0, j0, k);
        isColumnBelow = false;
        continue;
      }
      let isColumn = true;
      let isSame = isColumnBelow && count === countBelow;
      for (let q = 0; q < count; q++) {
        const layer = list[q]!;
        isColumn &&= this.isColumn[layer] === 1 && z - hz >= this.lows[layer]! && z + hz <= this.highs[layer]!;
        isSame &&= below[q] === layer;
        below[q] = layer;
      }
      // Where nothing changes along z every slice is as the one below.
      for (let k = k0; k < end; k++) {
        const isAsBelow = isColumn && (isSame || k > k0);
        if (!isAsBelow) this.paintSlice(i0, j0, k);
        this.addSlice(i0, j0, k);
      }
      isColumnBelow = isColumn;
      countBelow = count;
    }
  }

  /** Lists for level 0 the layers whose boxes reach into a stack of blocks. */
  private gather(x: number, y: number, hx: number, hy: number): void {
    const list = this.lists[0]!;
    let n = 0;
    for (let layer = 0; layer < this.solids.length; layer++) {
      const { min, max } = this.solids[layer]!.box;
      if (x + hx < min[0] || x - hx > max[0] || y + hy < min[1] || y - hy > max[1]) continue;
      list[n++] = layer;
    }
    this.counts[0] = n;
  }

  /** One slice of a block whose layers level 1 lists: what it is given, still to be added. */
  private paintSlice(i0: number, j0: number, k: number): void {
    const [, ny, nx] = this.grid.shape;
    const [sx, sy, sz] = this.grid.spacing;
    const [ox, oy, oz] = this.grid.origin;
    for (let j = j0; j < Math.min(ny, j0 + block); j++) {
      for (let i = i0; i < Math.min(nx, i0 + block); i++) {
        this.hu = 0;
        this.red = 0;
        this.fill(1, ox + i * sx, oy + j * sy, oz + k * sz, sx / 2, sy / 2, sz / 2, 1);
        const at = i - i0 + block * (j - j0);
        this.lastHounsfield[at] = this.hu;
        this.lastDensity[at] = this.red;
      }
    }
  }

  /** Adds the block's last slice at slice k. */
  private addSlice(i0: number, j0: number, k: number): void {
    const [, ny, nx] = this.grid.shape;
    const [ofX, ofY, ofZ] = this.voxelParts.voxelOf;
    const { hounsfield, density, lastHounsfield, lastDensity } = this;
    const end = Math.min(nx, i0 + block);
    for (let j = j0; j < Math.min(ny, j0 + block); j++) {
      const row = this.nx * ofY[j]! + this.area * ofZ[k]!;
      for (let i = i0, at = block * (j - j0); i < end; i++, at++) {
        hounsfield[row + ofX[i]!]! += lastHounsfield[at]!;
        density[row + ofX[i]!]! += lastDensity[at]!;
      }
    }
  }

  /** Lists for level + 1 the layers of `level` that reach into the cell, down to the first that fills it. True if one list entry or none is left. */
  private narrow(level: number, x: number, y: number, z: number, hx: number, hy: number, hz: number): boolean {
    const from = this.lists[level]!;
    const to = this.lists[level + 1]!;
    const distances = this.distances[level + 1]!;
    // A leaf takes the boundary to be a plane along one of its faces: beyond this it does not cut the leaf.
    const radius = level > this.depth ? (hx + hy + hz) / 3 : Math.sqrt(hx * hx + hy * hy + hz * hz);
    const isLastFull = this.fulls[level]! === 1;
    const count = this.counts[level]!;
    let n = 0;
    let crossing = 0;
    this.fulls[level + 1] = 0;
    for (let q = 0; q < count; q++) {
      const layer = from[q]!;
      if (isLastFull && q === count - 1) {
        distances[n] = -Infinity;
        to[n++] = layer;
        this.fulls[level + 1] = 1;
        break;
      }
      const solid = this.solids[layer]!;
      if (solid.isBox) {
        const side = sideOfBox(solid, x, y, z, hx, hy, hz);
        if (side < 0) continue;
        if (side > 0) {
          distances[n] = -Infinity;
          to[n++] = layer;
          this.fulls[level + 1] = 1;
          break;
        }
      }
      const { min, max } = solid.box;
      if (
        x + hx < min[0] ||
        x - hx > max[0] ||
        y + hy < min[1] ||
        y - hy > max[1] ||
        z + hz < min[2] ||
        z - hz > max[2]
      ) {
        continue;
      }
      const isBetween = z - hz >= this.lows[layer]! && z + hz <= this.highs[layer]!;
      const d = (isBetween ? this.parts[layer]! : solid).distance(x, y, z, radius);
      if (d >= radius) continue;
      distances[n] = d;
      to[n++] = layer;
      if (d <= -radius) {
        this.fulls[level + 1] = 1;
        break;
      }
      crossing++;
    }
    this.counts[level + 1] = n;
    return crossing === 0;
  }

  private fill(
    level: number,
    x: number,
    y: number,
    z: number,
    hx: number,
    hy: number,
    hz: number,
    fraction: number,
  ): void {
    const isPure = this.narrow(level, x, y, z, hx, hy, hz);
    if (isPure) {
      this.addPure(level + 1, fraction);
      return;
    }
    if (level > this.depth) {
      this.leaf(level + 1, hx + hy + hz, fraction);
      return;
    }
    const qx = hx / 2;
    const qy = hy / 2;
    const qz = hz / 2;
    for (let c = 0; c < 8; c++) {
      this.fill(
        level + 1,
        x + (c & 1 ? qx : -qx),
        y + (c & 2 ? qy : -qy),
        z + (c & 4 ? qz : -qz),
        qx,
        qy,
        qz,
        fraction / 8,
      );
    }
  }

  private addPure(level: number, fraction: number): void {
    const material = this.counts[level]! > 0 ? this.layers[this.lists[level]![0]!]!.material : this.background;
    this.hu += fraction * material.hounsfield;
    this.red += fraction * material.density;
  }

  private leaf(level: number, edges: number, fraction: number): void {
    const list = this.lists[level]!;
    const distances = this.distances[level]!;
    let nearest = Infinity;
    let covered = 0;
    for (let q = 0; q < this.counts[level]! && covered < 1; q++) {
      const layer = this.layers[list[q]!]!;
      nearest = Math.min(nearest, distances[q]!);
      const f = Math.min(1, Math.max(0, 0.5 - (1.5 * nearest) / edges));
      this.hu += fraction * (f - covered) * layer.material.hounsfield;
      this.red += fraction * (f - covered) * layer.material.density;
      covered = f;
    }
    this.hu += fraction * (1 - covered) * this.background.hounsfield;
    this.red += fraction * (1 - covered) * this.background.density;
  }
}
