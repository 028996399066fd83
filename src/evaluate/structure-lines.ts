/**
 * The lines through a structure at several spacings, kept: they depend on the structure alone, and serve the DVHs of all plans.
 *
 * Of a solid with many parts they cost far more than what is read along them.
 */
import { solidOfStructure } from '../geometry/contour-solid.js';
import type { Grid } from '../geometry/grid.js';
import { coarsestStep, scanStructure } from '../geometry/scan.js';
import type { ScanLines, ScanStep } from '../geometry/scan-lines.js';
import type { Structure } from '../geometry/structure.js';

/** Pieces that the first three scans may hold. */
const coarsePieces = 200_000;

/** Lines of the coarsest scan, at most. */
const coarseLines = 1024;

export class StructureLines {
  private readonly step: ScanStep;
  private readonly known = new Map<number, ScanLines>();

  /**
   * @param grid of the doses, about: how many voxels a line crosses
   * @param budget pieces of line, each within one voxel, that a scan may hold; see `StructureDvhOptions`
   * @param finest division of the finest scan that a DVH makes, 4 or a higher power of two; bounds are larger where it does not suffice
   */
  constructor(
    readonly structure: Structure,
    { spacing }: Pick<Grid, 'spacing'>,
    readonly budget: number,
    readonly finest = Number.POSITIVE_INFINITY,
  ) {
    const { box } = solidOfStructure(structure);
    const piecesPerLine = 2 + (box.max[0] - box.min[0]) / spacing[0];
    // Two halvings of the step make 16 times the lines of the coarsest scan.
    const lines = Math.min(coarseLines, Math.max(1, Math.min(budget, coarsePieces) / 16 / piecesPerLine));
    this.step = coarsestStep(structure, lines);
  }

  /** With the coarsest step cut into `division`, a whole number >= 1. */
  at(division: number): ScanLines {
    let lines = this.known.get(division);
    if (lines === undefined) {
      lines = scanStructure(this.structure, this.step, division);
      this.known.set(division, lines);
    }
    return lines;
  }
}
