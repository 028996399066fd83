/** How a number of the literature is known. It stands beside every limit, table and risk. */

export type Evidence = Source['evidence'];

/** Where a number of the literature comes from, and how it is known. */
export interface Source {
  readonly citation: string;
  readonly doi?: string;
  /**
   * `found` in its source, which was read; `recalled` from general knowledge, source not read; `computed` by us from such
   * numbers; `assumed`, a choice of ours.
   */
  readonly evidence: 'found' | 'recalled' | 'computed' | 'assumed';
  readonly note?: string;
}
