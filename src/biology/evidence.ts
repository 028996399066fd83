/** How a number of the literature is known. It stands beside every limit, table and risk. */

/**
 * `found` in its source, which was read; `recalled` from general knowledge, source not read; `computed` by us from such
 * numbers; `assumed`, a choice of ours.
 */
export type Evidence = 'found' | 'recalled' | 'computed' | 'assumed';

export interface Source {
  readonly citation: string;
  readonly doi?: string;
  readonly evidence: Evidence;
  readonly note?: string;
}
