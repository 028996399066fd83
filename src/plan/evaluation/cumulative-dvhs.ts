/**
 * DVHs of all courses together. Doses are converted point by point in the structures as they are drawn, and added there.
 */

import { convertDvh } from '../../evaluate/converted-dvh.js';
import type { DoseField } from '../../evaluate/dose-field.js';
import type { Dvh } from '../../evaluate/dvh.js';
import { createStructureDvh, StructureDvhWorkspace } from '../../evaluate/structure-dvh.js';
import type { DoseVolume } from '../../geometry/volume.js';
import { courseTerm } from '../patient/course-term.js';
import type { PatientModel } from '../patient/patient-model.js';
import { priorsAtCord, priorsOnGrid } from '../patient/prior-around.js';
import { evenEffect, largestEffect, whyNoEffect } from '../patient/prior-effect.js';
import type { PriorExposure } from '../patient/prior-exposure.js';
import { type DoseIn, withCordMaximum } from '../technique/drawn-dvh.js';

/**
 * DVHs of both courses by structure, quantity and alpha/beta: each is made once. Where the prior course is even in the structure
 * they follow from the DVH of this one.
 */
export class CumulativeDvhs {
  private readonly found = new Map<string, Dvh | string>();
  private readonly workspace = new StructureDvhWorkspace();
  private readonly own: Map<string, Dvh>;

  /**
   * @param own DVHs of this course, physical, as far as there are. @default made where they are asked for
   * @param doseOf this course at the cord's points, Gy: then the cord's largest sum is of these points
   */
  constructor(
    private readonly model: PatientModel,
    private readonly prior: PriorExposure,
    private readonly doseIn: DoseIn,
    own: ReadonlyMap<string, Dvh> = new Map(),
    private readonly doseOf?: (voxel: number) => number,
  ) {
    this.own = new Map(own);
  }

  /** @returns the reason where the prior dose is unknown in part of the structure */
  of(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh | string {
    const key = `${structure} ${quantity} ${alphaBeta}`;
    const known = this.found.get(key);
    if (known !== undefined) return known;
    const cells = this.model.cells.get(structure)!;
    const { data } = this.prior.dose;
    const untold = whyNoEffect(this.prior, alphaBeta);
    let unknown = 0;
    for (let v = 0; v < cells.voxels.length; v++) if (Number.isNaN(data[cells.voxels[v]!]!)) unknown++;
    const dvh =
      untold ??
      (unknown > 0
        ? `the prior dose is unknown in ${unknown} voxels of ${structure}, beyond its grid`
        : (this.beyondEven(structure, quantity, alphaBeta) ?? this.drawnSum(structure, quantity, alphaBeta)));
    this.found.set(key, dvh);
    return dvh;
  }

  /** Gy of the quantity, as {@link largestEffect}. */
  largestPrior(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): ReturnType<typeof largestEffect> {
    return largestEffect(this.prior, this.model, structure, quantity, alphaBeta);
  }

  /** This course's DVH, converted, on top of an even prior dose; undefined where that is not even. */
  private beyondEven(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh | undefined {
    const even = evenEffect(this.prior, this.model, structure, quantity, alphaBeta);
    if (even === undefined) return undefined;
    const now = this.doseIn(structure);
    const own = this.own.get(structure) ?? this.drawn(now, structure);
    this.own.set(structure, own);
    const { convert } = courseTerm(now, quantity, alphaBeta);
    return convertDvh(own, (gray) => even + convert(gray), { quantity, alphaBeta });
  }

  private drawnSum(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): Dvh {
    const { model, prior, doseOf } = this;
    const dvh = this.drawn(this.sum(structure, quantity, alphaBeta), structure);
    if (structure !== model.cord || doseOf === undefined) return dvh;
    const now = courseTerm(this.doseIn(structure), quantity, alphaBeta);
    const before = priorsAtCord(prior, model).map((at, c) => {
      const { convert } = courseTerm(prior.courses[c]!.dose, quantity, alphaBeta);
      return (voxel: number): number => convert(at(voxel));
    });
    return withCordMaximum(model, dvh, (voxel) =>
      before.reduce((sum, at) => sum + at(voxel), now.convert(doseOf(voxel))),
    );
  }

  private drawn(dose: DoseVolume | DoseField, structure: string): Dvh {
    const { model, workspace } = this;
    return createStructureDvh(dose, model.lines.get(structure)!, { partial: 'covered', workspace });
  }

  /** All courses, each interpolated and then converted. */
  private sum(structure: string, quantity: 'eqd2' | 'bed', alphaBeta: number): DoseField {
    const now = this.doseIn(structure);
    const before = priorsOnGrid(this.prior, this.model, structure, now.grid);
    const terms = [
      ...before.map((dose) => courseTerm(dose, quantity, alphaBeta)),
      courseTerm(now, quantity, alphaBeta),
    ];
    return { grid: now.grid, quantity, alphaBeta, terms };
  }
}
