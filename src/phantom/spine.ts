/**
 * The spine of a phantom: vertebrae, discs, ribs, canal, thecal sac, cord, and the target in one of its vertebrae.
 */

import { InvalidInputError } from '../core/errors.js';
import { own } from '../core/own.js';
import type { Vec3 } from '../geometry/grid.js';
import { box, difference, ellipsoid, intersection, prism, tube, union } from '../geometry/shape.js';
import type { Solid } from '../geometry/solid.js';
import type { Structure } from '../geometry/structure.js';
import { type Material, materials } from './material.js';
import { superellipse } from './outline.js';
import type { Layer } from './paint.js';
import type { PhantomSpec } from './spec.js';
import { createDisc, createVertebra, type Sector, type VertebraMeasures } from './vertebra.js';

export type TargetName = NonNullable<TargetOptions['target']>;
export type Side = NonNullable<TargetOptions['side']>;

/** The target of a phantom of the spine, and the margins around it. */
export interface TargetOptions {
  /** @default 'horseshoe' */
  readonly target?: 'body' | 'body-pedicle' | 'horseshoe' | 'ring' | undefined;
  /** Side of the lesion, and of the pedicle of `body-pedicle`. @default 'left' */
  readonly side?: 'left' | 'right' | undefined;
  /** CTV to PTV, mm. @default 3 */
  readonly ptvMargin?: number | undefined;
  /** Gap kept between PTV and cord, mm. @default 2 */
  readonly cordCrop?: number | undefined;
}

/** Sectors of each target: the whole body; with the lesion's pedicle; both pedicles, processes and laminae; all around. */
export function targetSectors(target: TargetName, side: Side): readonly Sector[] {
  if (target === 'body') return [1];
  if (target === 'body-pedicle') return side === 'left' ? [1, 2] : [1, 6];
  return target === 'horseshoe' ? [1, 2, 3, 5, 6] : [1, 2, 3, 4, 5, 6];
}

/** What a spine adds to a phantom: layers above its other parts, and structures. */
export interface Spine {
  /** Of all vertebrae, which are built when it is called. */
  layers(): readonly Layer[];
  readonly structures: readonly Structure[];
}

const names = [
  'spinousLength spinousWidth spinousTilt bodyWidth bodyDepth bodyHeight posteriorConcavity waist canalWidth canalDepth',
  'pedicleWidth pedicleHeight laminaThickness laminaHeight transverseSpan transverseRadius transverseTipY discHeight',
  'cortexThickness endplateThickness thecalWidth thecalDepth thecalY cordWidth cordDepth cordY',
].flatMap((line) => line.split(' '));

/** @throws {InvalidInputError} for a missing measure, or a cord, sac and canal that do not lie in one another */
export function createSpine(spec: PhantomSpec, options: TargetOptions): Spine {
  const m = measuresOf(spec);
  const half = spec.length / 2;
  const home = createVertebra(m as unknown as VertebraMeasures, 0);
  // The others differ from it by their height alone: what is wrong with a measure shows here.
  createDisc(m as unknown as VertebraMeasures, 0);
  if (m.ribRadius !== undefined) rib(m, 0, 1);
  const along = (y: number, width: number, depth: number): Solid =>
    prism(superellipse([0, y], [width / 2, depth / 2]), -half, half);
  const canal = along(0, m.canalWidth!, m.canalDepth!);
  const sac = along(m.thecalY!, m.thecalWidth!, m.thecalDepth!);
  const cord = along(m.cordY!, m.cordWidth!, m.cordDepth!);
  checkNested(spec.name, m);
  // A phantom ends where its CT ends: what grows beyond is cut.
  const slab = box([-500, -500, -half], [500, 500, half]);

  const { target, side = 'left', ptvMargin = 3, cordCrop = 2 } = { ...options, target: options.target ?? 'horseshoe' };
  const ctv = union(...targetSectors(target, side).map((sector) => home.sectors[sector]));
  const ptv = difference(grown(ctv, ptvMargin), grown(cord, cordCrop));
  const gtv = intersection(lesion(m, side), union(home.sectors[1], home.sectors[side === 'left' ? 2 : 6]));
  const gtvInTarget = intersection(gtv, ctv);

  const level = spec.level!.replace(/^([A-Z])(\d)$/, '$10$2');
  const isCauda = spec.level!.startsWith('L');
  const cordName = isCauda ? 'CaudaEquina' : 'SpinalCord';
  const layer = (solid: Solid, material: Material): Layer => ({ solid, material });
  const tissue = (name: string): Material => materials[name]!;
  const structure = (name: string, role: Structure['role'], solid: Solid): Structure => ({
    name,
    role,
    shape: { kind: 'solid', solid },
  });
  const layers = (): readonly Layer[] => {
    const pitch = m.bodyHeight! + m.discHeight!;
    const reach = Math.ceil((half + pitch) / pitch);
    const heights = Array.from({ length: 2 * reach + 1 }, (_, v) => (v - reach) * pitch);
    const vertebrae = heights.map((z) => (z === 0 ? home : createVertebra(m as unknown as VertebraMeasures, z)));
    const discs = heights.map((z) => createDisc(m as unknown as VertebraMeasures, z));
    return [
      ...ribs(spec, m, pitch, reach).flatMap(([outer, inner]) => [
        layer(outer, tissue('cortical')),
        layer(inner, tissue('trabecular')),
      ]),
      ...discs.map((solid) => layer(solid, tissue('disc'))),
      ...vertebrae.flatMap((v) => v.bone.map((solid) => layer(solid, tissue('cortical')))),
      ...vertebrae.flatMap((v) => v.marrow.map((solid) => layer(solid, tissue('trabecular')))),
      layer(gtvInTarget, tissue('tumor')),
      layer(canal, tissue('adipose')),
      layer(sac, tissue('csf')),
      layer(cord, tissue('cord')),
    ];
  };
  return {
    layers,
    structures: [
      structure('PTV_3960', 'target', ptv),
      structure('CTV', 'target', ctv),
      structure('GTV', 'target', gtvInTarget),
      structure(cordName, 'organ', cord),
      structure(`${cordName}_PRV02`, 'organ', intersection(grown(cord, 2), slab)),
      structure('ThecalSac', 'organ', sac),
      structure('SpinalCanal', 'organ', canal),
      structure(`VB_${level}`, 'organ', home.sectors[1]),
    ],
  };
}

/** Minkowski sum with a ball: for an exact distance a plain subtraction. */
function grown(solid: Solid, mm: number): Solid {
  return {
    distance: (x, y, z, reach = Infinity) => solid.distance(x, y, z, reach + mm) - mm,
    box: {
      min: solid.box.min.map((c) => c - mm) as unknown as Vec3,
      max: solid.box.max.map((c) => c + mm) as unknown as Vec3,
    },
    isExact: solid.isExact,
    // Between the planes of a column's ends it is a column too: the ends are further from its surface than any leaf is wide.
    ...(solid.within && mm >= 1 ? { within: { ...solid.within, solid: grown(solid.within.solid, mm) } } : {}),
    ...(solid.isColumn ? { isColumn: true } : {}),
  };
}

/** A lytic lesion in the back of the body, on one side, that reaches into the pedicle. */
function lesion(m: Record<string, number>, side: Side): Solid {
  const x = (side === 'left' ? 1 : -1) * 0.28 * m.bodyWidth!;
  return ellipsoid(
    [x, -m.canalDepth! / 2 - 0.22 * m.bodyDepth!, 0],
    [0.22 * m.bodyWidth!, 0.36 * m.bodyDepth!, 0.4 * m.bodyHeight!],
  );
}

/** Ribs, where the phantom gives their measures: from the disc level along the transverse process around the chest. */
function ribs(spec: PhantomSpec, m: Record<string, number>, pitch: number, reach: number): [Solid, Solid][] {
  if (m.ribRadius === undefined) return [];
  const slab = spec.length / 2 + 20;
  const levels = Array.from({ length: 2 * reach + 5 }, (_, v) => v - reach - 2);
  return levels.flatMap((v) =>
    ([1, -1] as const).flatMap((side) => {
      const [outer, inner, low, high] = rib(m, v * pitch, side);
      return low > slab || high < -slab ? [] : [[outer, inner] as [Solid, Solid]];
    }),
  );
}

/**
 * @param z height of its vertebra's middle, mm
 * @returns the rib, what lies within its cortex, and the heights of its lowest and highest point
 */
function rib(m: Record<string, number>, z: number, side: 1 | -1): [Solid, Solid, number, number] {
  const top = z + m.bodyHeight! / 2;
  const points: Vec3[] = [
    [side * (m.bodyWidth! / 2 + 1), -m.canalDepth! / 2 - 5, top],
    [side * (m.transverseSpan! / 2 + 2), m.transverseTipY! - 6, top - 2],
  ];
  for (let step = 0; step <= 8; step++) {
    const angle = ((62 - 15 * step) * Math.PI) / 180;
    points.push([
      side * m.chestHalfWidth! * Math.cos(angle),
      m.chestY! + m.chestHalfDepth! * Math.sin(angle),
      top - 6 - (m.ribDrop! * step) / 8,
    ]);
  }
  const heights = points.map((p) => p[2]);
  const [outer, inner] = [tube(points, m.ribRadius!), tube(points, m.ribRadius! - 1)];
  return [outer, inner, Math.min(...heights), Math.max(...heights)];
}

function measuresOf(spec: PhantomSpec): Record<string, number> {
  for (const name of names) {
    if (own(spec.measures, name) === undefined)
      throw new InvalidInputError(
        `phantom ${spec.name}: the measure "${name}" is missing. Give it in mm with its source.`,
      );
  }
  return Object.fromEntries(Object.entries(spec.measures).map(([name, { value }]) => [name, value]));
}

function checkNested(name: string, m: Record<string, number>): void {
  const pairs = [
    ['cord', 'thecal', m.cordWidth!, m.cordDepth!, m.cordY!, m.thecalWidth!, m.thecalDepth!, m.thecalY!],
    ['thecal', 'canal', m.thecalWidth!, m.thecalDepth!, m.thecalY!, m.canalWidth!, m.canalDepth!, 0],
  ] as const;
  for (const [inner, outer, w, d, y, width, depth, middle] of pairs) {
    if (w > width || Math.abs(y - middle) + d / 2 > depth / 2 + 1e-9) {
      throw new InvalidInputError(
        `phantom ${name}: ${inner} of ${w} x ${d} mm at y = ${y} does not lie inside ${outer} of ${width} x ${depth} mm at y = ${middle}. Change one of them.`,
      );
    }
  }
}
