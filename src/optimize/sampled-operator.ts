/**
 * A linear operator made of a sample alone: every row is the sample row that stands for it.
 *
 * Where the sample holds every row by itself this is the operator that it was read from, to Float32. With fewer rows it is a coarser
 * problem, on which a sub-problem costs a fraction of a second.
 */
import type { LinearOperator } from '../core/linear-operator.js';
import type { VoxelSample } from './normal-matrix.js';
import { createRowProducts, type ProductOptions, type RowProducts } from './row-products.js';

export class SampledOperator implements LinearOperator {
  readonly rows: number;
  private readonly products: RowProducts;
  private readonly ofSample: Float64Array;

  /**
   * @param sample  rows of which none stands for them get no dose
   * @param options with WebAssembly the sample is copied
   */
  constructor(
    private readonly sample: VoxelSample,
    readonly columns: number,
    options: ProductOptions = {},
  ) {
    const { matrix, count, memberOf } = sample;
    const starts = Float64Array.from({ length: count }, (_, r) => r * columns);
    this.rows = memberOf.length;
    this.products = createRowProducts(matrix, starts, columns, options);
    this.ofSample = new Float64Array(count);
  }

  apply(weights: Float64Array, out: Float64Array): Float64Array {
    const { ofSample } = this;
    const { memberOf } = this.sample;
    this.products.dots(weights, ofSample);
    for (let i = 0; i < out.length; i++) out[i] = memberOf[i]! >= 0 ? ofSample[memberOf[i]!]! : 0;
    return out;
  }

  applyTranspose(rowValues: Float64Array, out: Float64Array): Float64Array {
    const { ofSample } = this;
    const { memberOf } = this.sample;
    ofSample.fill(0);
    for (let i = 0; i < rowValues.length; i++) if (memberOf[i]! >= 0) ofSample[memberOf[i]!]! += rowValues[i]!;
    return this.products.combine(ofSample, out);
  }
}
