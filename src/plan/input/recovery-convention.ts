/** The convention of recovery that a case names. */
import {
  angRecovery,
  discountPrior,
  type RecoveryConvention,
  recoveryConvention,
  scaleTolerance,
} from '../../biology/recovery.js';
import type { PlanCase } from './plan-case.js';

/**
 * The convention that a case names, or one of its own month table.
 *
 * @throws {InvalidInputError} for an unknown name or a table that makes no sense
 */
export function conventionOf(input: PlanCase['retreatment']['recovery']): RecoveryConvention {
  if (typeof input === 'string') return recoveryConvention(input);
  const { convention, table } = input;
  const source = { citation: "the case's own month table", evidence: 'assumed' } as const;
  if (convention === 'ang') return { ...angRecovery(table), name: 'ang, own table', source };
  return convention === 'discount-prior'
    ? discountPrior(table, source, 'discount-prior, own table')
    : scaleTolerance(table, source, 'scale-tolerance, own table');
}
