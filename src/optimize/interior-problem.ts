/**
 * What the interior-point method is given: the problem on half-spaces, and how far one step goes.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { HalfSpaces } from './half-spaces.js';
import type { VoxelSample } from './normal-matrix.js';
import type { Objective } from './objective/objective.js';

export interface InteriorProblem {
  readonly operator: LinearOperator;
  readonly objectives: readonly Objective[];
  readonly constraints: HalfSpaces;
  /** Where the rows of the limits stand by themselves, steps cost less. @default the operator is asked */
  readonly sample?: VoxelSample;
  /**
   * Whether mu waits for the multipliers: it is not lowered below what the reduced costs are off, and no step is judged by the objective.
   * Linear objectives need that, as nothing but the constraints curves. @default false
   */
  readonly isPatient?: boolean;
}

export interface StepOptions {
  /** mu is not lowered below this. */
  readonly leastMu: number;
  /** Products of the operator per step, at most. */
  readonly maxProducts: number;
  /** Residual of the linear system, relative, in the preconditioner's norm. */
  readonly accuracy: number;
  /** Asked in steps to the least mu with what the reduced costs would be then; more products are made until it is true. */
  readonly isEnough?: ((reducedCosts: Float64Array) => boolean) | undefined;
  /** Asked between products: once true, the step is taken as far as it is solved. */
  readonly isOver?: (() => boolean) | undefined;
}
