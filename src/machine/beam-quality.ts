/**
 * The handful of numbers by which physicists know a beam, from a machine's model.
 *
 * @see IAEA TRS-398 (2000), section 6.3, for TPR20/10
 */
import { openFieldDose, squareField } from './field-integral.js';
import type { Machine } from './machine.js';

export interface BeamQuality {
  /** Depth of the maximum, mm; 100 mm field, SSD = SAD. */
  readonly maximumDepth: number;
  /** Percent of the maximum at 100 mm; 100 mm field, SSD = SAD. Null where the tables end before. */
  readonly pdd10: number | null;
  /** Dose at 200 mm over that at 100 mm, point at the isocentre, 100 mm field. Null where the tables end before 200 mm. */
  readonly tpr2010: number | null;
}

export function beamQuality(machine: Machine): BeamQuality {
  const { sad, range } = machine;
  const field = squareField(100);
  const pdd = (depth: number): number => openFieldDose(machine, field, sad, depth);
  let maximumDepth = 0;
  let maximum = pdd(0);
  const climb = (from: number, to: number, step: number): void => {
    for (let depth = from; depth <= to; depth += step) {
      const dose = pdd(depth);
      if (dose > maximum) [maximum, maximumDepth] = [dose, depth];
    }
  };
  climb(0, Math.min(60, range.depth[1]), 1);
  climb(maximumDepth - 1, maximumDepth + 1, 0.1);
  const tpr = (depth: number): number => openFieldDose(machine, field, sad - depth, depth);
  return {
    maximumDepth,
    pdd10: range.depth[1] >= 100 ? (100 * pdd(100)) / maximum : null,
    tpr2010: range.depth[1] >= 200 ? tpr(200) / tpr(100) : null,
  };
}
