/**
 * The targets of a case that has more than one: all of them as one, and what of each voxel belongs to which.
 *
 * What a voxel holds of several targets belongs to the first in their order of ownership (`ownersOf`): each owns what the union of the solids up
 * to it fills of the voxel, less what the union before it does. So nothing counts twice and nothing is left out.
 */
import { InvalidInputError } from '../../core/errors.js';
import { toDigits } from '../../core/rounding.js';
import { distanceMap } from '../../geometry/distance-map.js';
import { type Grid, voxelVolume } from '../../geometry/grid.js';
import { uniteStructures } from '../../geometry/margin.js';
import type { Structure } from '../../geometry/structure.js';
import { createVolume, occupiedFrom, type Volume } from '../../geometry/volume.js';
import { voxelizeStructure } from '../../geometry/voxelize.js';
import { type AskedTarget, ownersOf, type TargetsCase, targetsOf } from '../asked/asked-target.js';

/** Several targets on a grid. */
export interface TargetsOnGrid {
  /** Of all targets in one. */
  readonly mask: Volume<'mask'>;
  /** Fractions of a voxel that each target holds, and that belong to it, in the order of {@link SeveralTargets.owners}. */
  fractionsOf(voxel: number): { readonly held: readonly number[]; readonly owned: readonly number[] };
}

/** What a patient's model knows of its targets, where there are several. */
export interface SeveralTargets extends TargetsOnGrid {
  /** The one that the level follows first. */
  readonly all: readonly AskedTarget[];
  /** The same in the order in which they own what they share. */
  readonly owners: readonly AskedTarget[];
  readonly union: Structure;
  /** The highest dose that is asked for anywhere in a target, Gy: its own, or that of one which owns a part of it. */
  readonly highestIn: ReadonlyMap<string, number>;
  /** What was taken from whom, and what that means, in sentences. */
  readonly notes: readonly string[];
  /** On another grid. */
  on(grid: Grid): TargetsOnGrid;
  /** Of every voxel of the dose grid: mm from the nearest target, and which one of {@link all} that is; of equally near ones that of the highest dose. */
  nearest(): { readonly distance: Float32Array; readonly target: Uint8Array };
}

/** What is known of the structures when targets are put together. */
export interface DrawnTargets {
  readonly structures: ReadonlyMap<string, Structure>;
  readonly masks: ReadonlyMap<string, Volume<'mask'>>;
  readonly grid: Grid;
  /** As drawn, cc. */
  volumeOf(name: string): number;
}

/** The fraction of a target that must be left to it: less is rounding of its surface. */
const LEFT = 1e-3;

/** Voxels that a target fills in all, at least. */
const LEAST_VOXELS = 0.5;

/**
 * @returns undefined where the case has one target
 * @throws {InvalidInputError} for a target of no volume, one of which nothing is left to it, or a main target whose prescribed dose is one of another
 */
export function severalTargets(
  planCase: TargetsCase & { readonly overlap?: readonly string[] | undefined },
  { structures, masks, grid, volumeOf }: DrawnTargets,
): SeveralTargets | undefined {
  const all = targetsOf(planCase);
  if (all.length === 1) return undefined;
  const owners = ownersOf(all, planCase.overlap, volumeOf);
  const of = (name: string): Structure => structures.get(name)!;
  /** Of the first two, of the first three, and so on. */
  const unions = owners.slice(1).map((_, last) =>
    uniteStructures(
      owners.slice(0, last + 2).map(({ name }) => of(name)),
      'targets',
    ),
  );
  const onGrids = new Map<Grid, TargetsOnGrid>();
  const on = (other: Grid): TargetsOnGrid => {
    const known =
      onGrids.get(other) ??
      targetsOn(
        owners.map(({ name }) => (other === grid ? masks.get(name)! : voxelizeStructure(of(name), other))),
        unions.map((union) => voxelizeStructure(union, other)),
      );
    onGrids.set(other, known);
    return known;
  };
  const own = on(grid);
  const shared = volumesOwned(owners, own);
  const cc = voxelVolume(grid);
  checkVolumes(planCase, owners, shared);
  let found: ReturnType<SeveralTargets['nearest']> | undefined;
  return {
    ...own,
    all,
    owners,
    union: unions.at(-1)!,
    highestIn: new Map(
      owners.map(({ name, dose }, t) => {
        const { held, takenBy } = shared[t]!;
        const others = owners.filter((_, other) => takenBy[other]! > LEFT * held);
        return [name, Math.max(dose, ...others.map((other) => other.dose))];
      }),
    ),
    notes: takenNotes(owners, shared, cc),
    on,
    nearest: () => {
      found ??= nearestOf(
        all,
        all.map(({ name }) => masks.get(name)!),
      );
      return found;
    },
  };
}

function targetsOn(masks: readonly Volume<'mask'>[], drawn: readonly Volume<'mask'>[]): TargetsOnGrid {
  const [first, ...others] = masks;
  const filled = [first!.data];
  others.forEach(({ data: own }, k) => {
    // A solid's fractions are sampled: what they are off by is neither owned twice nor lost.
    const before = filled[k]!;
    filled.push(
      drawn[k]!.data.map((both, v) => {
        const [a, b] = [before[v]!, own[v]!];
        return Math.max(a, b, Math.min(1, a + b, both));
      }),
    );
  });
  return {
    mask: createVolume('mask', first!.grid, filled.at(-1)!),
    fractionsOf(voxel) {
      const held = masks.map((mask) => mask.data[voxel]!);
      return { held, owned: filled.map((data, k) => data[voxel]! - (filled[k - 1]?.[voxel] ?? 0)) };
    },
  };
}

/** What each target holds and owns, and what each of the others took of it, in voxels. */
interface HeldVolume {
  readonly held: number;
  readonly owned: number;
  readonly takenBy: readonly number[];
}

function volumesOwned(owners: readonly AskedTarget[], { mask, fractionsOf }: TargetsOnGrid): HeldVolume[] {
  const volumes = owners.map(() => ({ held: 0, owned: 0, takenBy: owners.map(() => 0) }));
  for (let voxel = 0; voxel < mask.data.length; voxel++) {
    if (!(mask.data[voxel]! > 0)) continue;
    const { held, owned } = fractionsOf(voxel);
    volumes.forEach((own, t) => {
      own.held += held[t]!;
      own.owned += owned[t]!;
      let lost = held[t]! - owned[t]!;
      for (let other = 0; other < t && lost > 0; other++) {
        const taken = Math.min(lost, owned[other]!);
        own.takenBy[other]! += taken;
        lost -= taken;
      }
    });
  }
  return volumes;
}

function checkVolumes(
  { target, prescription }: TargetsCase,
  owners: readonly AskedTarget[],
  volumes: readonly HeldVolume[],
): void {
  owners.forEach(({ name, dose }, t) => {
    const { held, owned, takenBy } = volumes[t]!;
    if (!(held >= LEAST_VOXELS)) {
      throw new InvalidInputError(
        `case: target "${name}" fills ${toDigits(held, 2)} voxels of the dose grid, too few to ask for a dose there. Use a smaller doseGrid.spacing, check its contours, or leave it out.`,
      );
    }
    if (owned > LEFT * held) return;
    const by = owners.filter((_, other) => takenBy[other]! > 0).map((other) => `${other.name} (${other.dose} Gy)`);
    const remedy = name === target ? 'Let that be "target"' : 'Leave it out of targets';
    throw new InvalidInputError(
      `case: targets: nothing of ${name} (${dose} Gy) is left to it, as ${by.join(' and ')} ${by.length > 1 ? 'hold' : 'holds'} all of it. ${remedy}, or say by "overlap" that ${name} owns what they share.`,
    );
  });
  const { to } = prescription;
  if (to === 'isocenter') return;
  const main = owners.findIndex(({ name }) => name === target);
  const { held, takenBy } = volumes[main]!;
  const takenIf = (isSo: (dose: number) => boolean): number =>
    takenBy.reduce((sum, voxels, other) => sum + (isSo(owners[other]!.dose) ? voxels / held : 0), 0);
  const hotter = takenIf((dose) => dose > prescription.dose);
  const colder = takenIf((dose) => dose < prescription.dose);
  const fraction = to === 'D95' ? 0.95 : 0.5;
  if (hotter < fraction && colder < 1 - fraction) return;
  const [part, kind] = hotter >= fraction ? [hotter, 'higher'] : [colder, 'lower'];
  throw new InvalidInputError(
    `case: targets: ${(100 * part).toFixed(0)} % of ${target} belong to targets of a ${kind} dose, so that its ${to ?? 'D50'} is a dose of theirs. Let "target" be a structure without them, or another of the targets, or change prescription.to.`,
  );
}

function takenNotes(owners: readonly AskedTarget[], volumes: readonly HeldVolume[], cc: number): string[] {
  return owners.flatMap(({ name, dose }, t) =>
    volumes[t]!.takenBy.flatMap((voxels, other) => {
      if (!(voxels * cc > 5e-4)) return [];
      const owner = owners[other]!;
      return [
        `${owner.name} owns ${toDigits(voxels * cc, 3)} cc of ${name}: ${owner.dose} Gy are asked for there, not ${dose} Gy.`,
      ];
    }),
  );
}

function nearestOf(
  all: readonly AskedTarget[],
  masks: readonly Volume<'mask'>[],
): ReturnType<SeveralTargets['nearest']> {
  const distance = new Float32Array(masks[0]!.data.length).fill(Infinity);
  const target = new Uint8Array(distance.length);
  masks.forEach((mask, t) => {
    const own = distanceMap(mask, occupiedFrom(mask));
    for (let voxel = 0; voxel < own.length; voxel++) {
      const isNearer = own[voxel]! < distance[voxel]!;
      if (!isNearer && !(own[voxel] === distance[voxel] && all[t]!.dose > all[target[voxel]!]!.dose)) continue;
      distance[voxel] = own[voxel]!;
      target[voxel] = t;
    }
  });
  return { distance, target };
}
