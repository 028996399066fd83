/**
 * One vertebra from its measures, in sectors as the International Spine Radiosurgery Consortium numbers them.
 *
 *     1 body   2 left pedicle   3 left transverse process and lamina   4 spinous process
 *     6 right pedicle   5 right transverse process and lamina
 *
 * The frame is the phantom's: LPS, mm, origin in the middle of the spinal canal. No part enters the canal (an ellipse of
 * the canal's width and depth), so nothing has to be cut out and every part keeps its exact distance. Articular
 * processes belong to the bone but to no sector.
 *
 * @see Cox et al., IJROBP 83 (2012) e597, doi:10.1016/j.ijrobp.2012.03.009 (sectors)
 */

import type { Vec3 } from '../geometry/grid.js';
import { box, inset, prism, tube, union } from '../geometry/shape.js';
import type { Solid } from '../geometry/solid.js';
import { bodyOutline, mirrored, ringSector, superellipse } from './outline.js';

/** Measures of a vertebra, mm and degrees; every one is a parameter of a spine phantom. */
export interface VertebraMeasures {
  readonly bodyWidth: number;
  readonly bodyDepth: number;
  readonly bodyHeight: number;
  readonly posteriorConcavity: number;
  /** Width of the waist over the width of the end plates. */
  readonly waist: number;
  readonly canalWidth: number;
  readonly canalDepth: number;
  readonly pedicleWidth: number;
  readonly pedicleHeight: number;
  readonly laminaThickness: number;
  readonly laminaHeight: number;
  /** Tip to tip. */
  readonly transverseSpan: number;
  readonly transverseRadius: number;
  /** y of the tips behind the canal's middle. */
  readonly transverseTipY: number;
  readonly spinousLength: number;
  readonly spinousWidth: number;
  /** Downward from horizontal, degrees. */
  readonly spinousTilt: number;
  readonly discHeight: number;
  readonly cortexThickness: number;
  readonly endplateThickness: number;
}

export type Sector = 1 | 2 | 3 | 4 | 5 | 6;

export interface Vertebra {
  /** Bone with its cortex, by sector; each an exact union. */
  readonly sectors: Readonly<Record<Sector, Solid>>;
  /** Everything with a cortex, to be painted. */
  readonly bone: readonly Solid[];
  /** The same without the cortex. */
  readonly marrow: readonly Solid[];
}

/** Clearance between the canal and the laminae, mm: larger than the sagitta of the polygon's chords. */
const clearance = 0.3;

/** @param z height of the vertebra's middle, mm */
export function createVertebra(m: VertebraMeasures, z: number): Vertebra {
  const cortex = m.cortexThickness;
  const body = bodyParts(m, z, 0, 0);
  const bodyMarrow = bodyParts(m, z, cortex, m.endplateThickness);
  const sides = ([1, -1] as const).map((side) => sideParts(m, z, side));
  const [left, right] = sides as [SideParts, SideParts];
  const spinous = spinousParts(m, z);
  const posterior = [...sides.flatMap((s) => [s.pedicle, s.lamina, s.transverse, ...s.articular]), ...spinous];
  return {
    sectors: {
      1: union(...body),
      2: left.pedicle,
      3: union(left.transverse, left.lamina),
      4: union(...spinous),
      5: union(right.transverse, right.lamina),
      6: right.pedicle,
    },
    bone: [...body, ...posterior],
    marrow: [...bodyMarrow, ...posterior.map((part) => inset(part, cortex))],
  };
}

/** Waist over the full height, and the wider ends: a quarter of the height each. */
function bodyParts(m: VertebraMeasures, z: number, cortex: number, endplate: number): Solid[] {
  const wall = -m.canalDepth / 2;
  const low = z - m.bodyHeight / 2 + endplate;
  const high = z + m.bodyHeight / 2 - endplate;
  const rim = m.bodyHeight / 4 - endplate;
  const end = bodyOutline(m.bodyWidth, m.bodyDepth, wall, m.posteriorConcavity);
  const waist = bodyOutline(m.bodyWidth, m.bodyDepth, wall, m.posteriorConcavity, m.waist);
  const options = { inset: cortex };
  return [prism(waist, low, high, options), prism(end, low, low + rim, options), prism(end, high - rim, high, options)];
}

interface SideParts {
  readonly pedicle: Solid;
  readonly lamina: Solid;
  readonly transverse: Solid;
  readonly articular: readonly Solid[];
}

/** @param side +1 left (x > 0 in LPS), -1 right */
function sideParts(m: VertebraMeasures, z: number, side: 1 | -1): SideParts {
  const x = m.canalWidth / 2 + m.pedicleWidth / 2;
  const pedicleZ = z + 0.5 * m.bodyHeight - 0.5 * m.pedicleHeight;
  const section = superellipse([side * x, pedicleZ], [m.pedicleWidth / 2, m.pedicleHeight / 2], 2.5, 32);
  const reach = m.canalDepth / 2 + Math.min(5, 0.3 * m.bodyDepth);

  const arch: readonly [number, number] = [m.canalWidth / 2 + clearance, m.canalDepth / 2 + clearance];
  const sector = ringSector([0, 0], arch, m.laminaThickness, 8, 62);
  const laminaZ = laminaMiddle(m, z);
  const lamina = [laminaZ - m.laminaHeight / 2, laminaZ + m.laminaHeight / 2] as const;

  const root: Vec3 = [side * (x + 1), 5, pedicleZ];
  const tip: Vec3 = [side * (m.transverseSpan / 2 - m.transverseRadius), m.transverseTipY, pedicleZ];

  const inner = m.canalWidth / 2 + 0.5;
  const gap = m.discHeight / 2 + 2;
  const sided = (y0: number, y1: number, z0: number, z1: number): Solid => {
    const [a, b] = side === 1 ? [inner, inner + 7] : [-inner - 7, -inner];
    return box([a, y0, z0], [b, y1, z1]);
  };
  return {
    pedicle: prism(section, -reach, 3, { axis: 'y' }),
    lamina: prism(side === 1 ? sector : mirrored(sector), lamina[0], lamina[1]),
    transverse: tube([root, tip], m.transverseRadius),
    articular: [
      sided(0.5, 5, pedicleZ, z + m.bodyHeight / 2 + gap),
      sided(5.5, 9.5, z - m.bodyHeight / 2 - gap, laminaZ),
    ],
  };
}

const laminaMiddle = (m: VertebraMeasures, z: number): number => z - 0.1 * m.bodyHeight;

/** The junction of the laminae and the blade behind it. */
function spinousParts(m: VertebraMeasures, z: number): Solid[] {
  const middle = laminaMiddle(m, z);
  const arch: readonly [number, number] = [m.canalWidth / 2 + clearance, m.canalDepth / 2 + clearance];
  const junction = ringSector([0, 0], arch, m.laminaThickness, 62, 118);
  const tilt = (m.spinousTilt * Math.PI) / 180;
  const rootY = m.canalDepth / 2 + clearance + m.laminaThickness / 2;
  const tipY = rootY + m.spinousLength * Math.cos(tilt);
  const tipZ = middle - m.spinousLength * Math.sin(tilt);
  const blade = Float64Array.of(
    rootY,
    middle + 0.3 * m.laminaHeight,
    rootY,
    middle - 0.5 * m.laminaHeight,
    tipY,
    tipZ - 5,
    tipY + 2,
    tipZ,
    tipY,
    tipZ + 4,
  );
  return [
    prism(junction, middle - m.laminaHeight / 2, middle + m.laminaHeight / 2),
    prism(blade, -m.spinousWidth / 2, m.spinousWidth / 2, { axis: 'x' }),
  ];
}

/** The disc below a vertebra, reaching 0.5 mm into the bodies that are painted over it. */
export function createDisc(m: VertebraMeasures, z: number): Solid {
  const outline = bodyOutline(m.bodyWidth, m.bodyDepth, -m.canalDepth / 2, m.posteriorConcavity);
  const top = z - m.bodyHeight / 2;
  return prism(outline, top - m.discHeight - 0.5, top + 0.5);
}
