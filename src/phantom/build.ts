/**
 * From a phantom file to a patient.
 */
import { checkBytes } from '../core/budget.js';
import { checkPositive, checkRange, checkSeed } from '../core/check.js';
import { InvalidInputError } from '../core/errors.js';
import { own } from '../core/own.js';
import { createRandom } from '../core/random.js';
import { describeGrid, type Grid, gridCovering, type Vec3, voxelCount } from '../geometry/grid.js';
import type { Patient, PhantomOrigin } from '../geometry/patient.js';
import { box, difference, ellipsoid, intersection, prism, tube, union } from '../geometry/shape.js';
import type { Solid } from '../geometry/solid.js';
import type { Structure } from '../geometry/structure.js';
import { voxelizeSolid } from '../geometry/voxelize-solid.js';
import { materials } from './material.js';
import { ringSector, superellipse } from './outline.js';
import { type Layer, paint } from './paint.js';
import { changePhantom, type PartShape, type PhantomSpec } from './spec.js';
import { createSpine, type TargetOptions } from './spine.js';

/** What may be changed of a phantom: its voxels, its target, its measures, the noise of its CT. */
export interface PhantomOptions extends TargetOptions {
  /** Voxel spacing, mm. @default [2, 2, 2] */
  readonly spacing?: Vec3 | undefined;
  /** Changed numbers, by dotted path. */
  readonly parameters?: Readonly<Record<string, number>> | undefined;
  /** Gaussian noise on the CT numbers, HU; the densities stay exact. */
  readonly noise?: { readonly sd: number; readonly seed: number } | undefined;
}

/**
 * Voxelises a phantom.
 *
 * @throws {InvalidInputError} for a parameter, material or target that the phantom does not have
 */
export function buildPhantom(spec: PhantomSpec, options: PhantomOptions = {}): Patient {
  const { phantom, layers, structures, external } = solidsOfPhantom(spec, options);
  const grid = phantomGrid(external, phantom, options.spacing ?? [2, 2, 2]);
  // What is painted, and the masks that whoever builds a phantom makes of its structures.
  checkBytes(
    `phantom ${phantom.name}: ${describeGrid(grid)} and its ${structures.length} structures`,
    voxelCount(grid) * (32 + 4 * structures.length),
  );
  const { hounsfield, density } = paint(layers(), materials.air!, grid);
  const inside = voxelizeSolid(external, grid);
  for (let i = 0; i < density.data.length; i++) if (inside.data[i] === 0) density.data[i] = 0;
  if (options.noise) {
    const random = createRandom(options.noise.seed);
    for (let i = 0; i < hounsfield.data.length; i++) hounsfield.data[i]! += options.noise.sd * random.normal();
  }
  return {
    name: phantom.name,
    position: 'HFS',
    origin: phantomOrigin(spec.name, options),
    hounsfield,
    density,
    structures,
    notes: [phantom.description],
  };
}

/** What a patient built with these options says that it is. */
export function phantomOrigin(phantom: string, options: PhantomOptions): PhantomOrigin {
  const { spacing = [2, 2, 2], parameters = {}, noise } = options;
  const { target = 'horseshoe', side = 'left', ptvMargin = 3, cordCrop = 2 } = options;
  const changed = Object.fromEntries(Object.entries(parameters).sort(([a], [b]) => (a < b ? -1 : 1)));
  const noiseOf = noise === undefined ? null : { sd: noise.sd, seed: noise.seed };
  return {
    phantom,
    options: { spacing: [...spacing], target, side, ptvMargin, cordCrop, parameters: changed, noise: noiseOf },
  };
}

/**
 * The structures of a phantom alone, without a voxel: for whoever asks for their names before anything is computed.
 *
 * @throws {InvalidInputError} as {@link buildPhantom}
 */
export function phantomStructures(spec: PhantomSpec, options: PhantomOptions = {}): readonly Structure[] {
  return solidsOfPhantom(spec, options).structures;
}

interface PhantomSolids {
  /** With its changed numbers. */
  readonly phantom: PhantomSpec;
  layers(): readonly Layer[];
  readonly structures: readonly Structure[];
  readonly external: Solid;
}

function solidsOfPhantom(spec: PhantomSpec, options: PhantomOptions): PhantomSolids {
  const phantom = options.parameters ? changePhantom(spec, options.parameters) : spec;
  if (phantom.level === undefined && (options.target !== undefined || options.side !== undefined)) {
    throw new InvalidInputError(
      `phantom ${phantom.name}: it has no vertebra, so target and side do not apply. Leave them out.`,
    );
  }
  const { spacing = [2, 2, 2], ptvMargin = 0, cordCrop = 0, noise } = options;
  for (const mm of spacing) checkPositive(`phantom ${phantom.name}: spacing`, mm);
  for (const mm of [ptvMargin, cordCrop]) checkRange(`phantom ${phantom.name}: margin or crop in mm`, mm, 0, 100);
  if (noise) {
    checkRange(`phantom ${phantom.name}: noise in HU`, noise.sd, 0, 1000);
    checkSeed(noise.seed);
  }
  const half = phantom.length / 2;
  const slab = box([-2000, -2000, -half], [2000, 2000, half]);
  const whole = new Map(phantom.parts.map((part) => [part.name, solidOfPart(part.shape, half)]));
  const solids = new Map<string, Solid>();
  for (const part of phantom.parts) {
    const cut = (part.subtract ?? []).map((name) => {
      const other = whole.get(name);
      if (!other)
        throw new InvalidInputError(
          `phantom ${phantom.name}: part "${part.name}" subtracts "${name}", which is not a part.`,
        );
      return other;
    });
    const solid = whole.get(part.name)!;
    const isInside = solid.box.min[2] >= -half - 1e-9 && solid.box.max[2] <= half + 1e-9;
    const within = isInside ? solid : intersection(solid, slab);
    solids.set(part.name, cut.length > 0 ? difference(within, union(...cut)) : within);
  }
  const layers: Layer[] = phantom.parts.map((part) => {
    const material = own(materials, part.material);
    if (!material) {
      throw new InvalidInputError(
        `phantom ${phantom.name}: material "${part.material}" is unknown. There are ${Object.keys(materials).join(', ')}.`,
      );
    }
    return { solid: solids.get(part.name)!, material };
  });
  const spine = phantom.level === undefined ? { layers: () => [], structures: [] } : createSpine(phantom, options);
  const structures: Structure[] = [
    ...spine.structures,
    ...phantom.parts.flatMap((part): Structure[] =>
      part.role ? [{ name: part.name, role: part.role, shape: { kind: 'solid', solid: solids.get(part.name)! } }] : [],
    ),
  ];
  const twice = structures.find(({ name }, i) => structures.findIndex((s) => s.name === name) < i);
  if (twice !== undefined) {
    throw new InvalidInputError(
      `phantom ${phantom.name}: "${twice.name}" is the name of two structures. Rename the part.`,
    );
  }
  const external = structures.find((s) => s.role === 'external');
  if (external?.shape.kind !== 'solid') {
    throw new InvalidInputError(`phantom ${phantom.name}: no part has the role "external". Give one.`);
  }
  const body = external.shape.solid;
  const within = (l: Layer): Layer => ({
    ...l,
    solid: reaches(l.solid, body) ? l.solid : intersection(l.solid, body),
  });
  return { phantom, layers: () => [...layers, ...spine.layers().map(within)], structures, external: body };
}

/** Whether a solid lies within the body's box in x and y, so that it need not be cut. */
const reaches = (solid: Solid, body: Solid): boolean =>
  solid.box.min[2] >= body.box.min[2] && solid.box.max[2] <= body.box.max[2];

function phantomGrid(external: Solid, phantom: PhantomSpec, spacing: Vec3): Grid {
  const { min, max } = external.box;
  const air = phantom.air;
  return gridCovering(
    { min: [min[0] - air, min[1] - air, min[2]], max: [max[0] + air, max[1] + air, max[2]] },
    spacing,
  );
}

function solidOfPart(shape: PartShape, half: number): Solid {
  switch (shape.kind) {
    case 'box': {
      const [x, y, z] = shape.center;
      const [w, d, h] = shape.size;
      return box([x - w / 2, y - d / 2, z - h / 2], [x + w / 2, y + d / 2, z + h / 2]);
    }
    case 'ellipsoid':
      return ellipsoid(shape.center, shape.semiAxes);
    case 'column': {
      const [low, high] = shape.z ?? [-half, half];
      return prism(superellipse(shape.center, shape.semiAxes, shape.exponent), low, high);
    }
    case 'tube':
      return tube(shape.points, shape.radius);
    case 'ring-sector': {
      const { center, innerRadius, outerRadius, from, to, z } = shape;
      return prism(ringSector(center, [innerRadius, innerRadius], outerRadius - innerRadius, from, to), z[0], z[1]);
    }
  }
}
