/**
 * Sorting Float32 numbers in linear time.
 *
 * The bits of a float, with all but the sign flipped when negative, sort as an integer. What a key lies above the least one
 * is sorted digit by digit, from the lowest, with its index beside it, so that every pass reads memory in order. Many keys
 * are first dealt out, by their highest digit, into runs that fit the fastest cache: passes over all of them at once would
 * write to as many places as there are digits, all over memory. A comparator sort of the 10^5 to 10^6 dose values of a
 * large structure takes twenty times longer, and a DVH is made for every structure of every plan.
 */

export interface RisingOrder {
  /** The keys in rising order; -0 comes out as 0. */
  readonly values: Float32Array;
  /** Where each of them was; equal keys keep their order. */
  readonly order: Uint32Array;
}

/** Bits of a digit, and of the one by which many keys are dealt out. */
const digitBits = 11;
const dealBits = 9;

/** From so many keys on they are dealt out first. */
const many = 1 << 15;

/** Runs of up to so many keys are sorted by insertion. */
const few = 24;

/** Keys with their indices: two views of one memory. A pair moves as one double, whose exponent the index never fills. */
interface Pairs {
  /** Key, index, key, index, ... */
  readonly words: Int32Array;
  readonly whole: Float64Array;
}

function createPairs(n: number): Pairs {
  const whole = new Float64Array(n);
  return { whole, words: new Int32Array(whole.buffer) };
}

/** Sorts, and keeps its memory for the next time: fresh memory costs as much as the work that is done in it. */
export class RadixSorter {
  private pairs = createPairs(0);
  private spare = createPairs(0);
  private out = createPairs(0);
  private readonly counts = new Int32Array(1 << digitBits);
  private readonly starts = new Int32Array((1 << dealBits) + 1);

  /**
   * @param keys free of NaN
   * @returns views of the sorter's own memory, good until it sorts again
   */
  risingOrder(keys: Float32Array): RisingOrder {
    const n = keys.length;
    if (this.pairs.whole.length < n) {
      this.pairs = createPairs(n);
      this.out = createPairs(n);
    }
    const { buffer } = this.out.whole;
    const ranks = new Int32Array(buffer, 0, n);
    const order = new Uint32Array(buffer, 4 * n, n);
    const sorted = { values: new Float32Array(buffer, 0, n), order };
    if (n === 0) return sorted;
    const raw = new Int32Array(keys.buffer, keys.byteOffset, n);
    let least = 0x7fffffff;
    let most = -0x80000000;
    for (let i = 0; i < n; i++) {
      const rank = rankOf(raw[i]!);
      if (rank < least) least = rank;
      if (rank > most) most = rank;
    }
    const span = (most - least) >>> 0;
    const bits = 32 - Math.clz32(span);
    if (n < many || bits <= dealBits) {
      const { words } = this.pairs;
      for (let i = 0; i < n; i++) {
        words[2 * i] = rankOf(raw[i]!) - least;
        words[2 * i + 1] = i;
      }
      this.sortRun(0, n, bits, least, ranks, order);
      return sorted;
    }
    const shift = bits - dealBits;
    this.deal(raw, least, shift);
    const { starts } = this;
    // Dealing has moved every start to the end of its run.
    for (let run = 0, from = 0; run <= span >>> shift; run++) {
      const end = starts[run]!;
      this.sortRun(from, end, shift, least, ranks, order);
      from = end;
    }
    return sorted;
  }

  /** Pairs by their highest digit, in their order; `starts` then holds where each digit's run ends. */
  private deal(raw: Int32Array, least: number, shift: number): void {
    const { starts } = this;
    const { words } = this.pairs;
    const n = raw.length;
    starts.fill(0);
    for (let i = 0; i < n; i++) starts[((rankOf(raw[i]!) - least) >>> shift) + 1]!++;
    for (let run = 1; run < starts.length; run++) starts[run]! += starts[run - 1]!;
    for (let i = 0; i < n; i++) {
      const key = (rankOf(raw[i]!) - least) | 0;
      const run = key >>> shift;
      const to = starts[run]!;
      starts[run] = to + 1;
      words[2 * to] = key;
      words[2 * to + 1] = i;
    }
  }

  /** Sorts the pairs from `from` up to `end` by the lowest `bits` bits, in which alone they differ, into the result. */
  private sortRun(from: number, end: number, bits: number, least: number, ranks: Int32Array, order: Uint32Array): void {
    const n = end - from;
    if (n === 0) return;
    let { pairs } = this;
    let at = from;
    if (n <= few) insertionSort(pairs, at, n);
    else {
      if (this.spare.whole.length < n) this.spare = createPairs(Math.ceil(1.5 * n));
      let next = this.spare;
      let to = 0;
      const passes = Math.ceil(bits / digitBits);
      for (let pass = 0; pass < passes; pass++) {
        const low = Math.floor((bits * pass) / passes);
        sortDigit(pairs, at, next, to, n, low, Math.floor((bits * (pass + 1)) / passes) - low, this.counts);
        [pairs, next] = [next, pairs];
        [at, to] = [to, at];
      }
    }
    const { words } = pairs;
    for (let i = from, p = 2 * at; i < end; i++, p += 2) {
      const rank = (words[p]! + least) | 0;
      ranks[i] = rank < 0 ? rank ^ 0x7fffffff : rank;
      order[i] = words[p + 1]!;
    }
  }
}

/** One pass: n pairs from `at` on go to `to` in the other memory, by the digit of `width` bits above `shift`. */
function sortDigit(
  pairs: Pairs,
  at: number,
  next: Pairs,
  to: number,
  n: number,
  shift: number,
  width: number,
  counts: Int32Array,
): void {
  const { words, whole } = pairs;
  const out = next.whole;
  const mask = (1 << width) - 1;
  const end = at + n;
  counts.fill(0, 0, mask + 1);
  for (let p = at; p < end; p++) counts[(words[2 * p]! >>> shift) & mask]!++;
  let sum = to;
  for (let digit = 0; digit <= mask; digit++) {
    const here = counts[digit]!;
    counts[digit] = sum;
    sum += here;
  }
  for (let p = at; p < end; p++) {
    const digit = (words[2 * p]! >>> shift) & mask;
    const place = counts[digit]!;
    counts[digit] = place + 1;
    out[place] = whole[p]!;
  }
}

/** An integer that rises with the float of these bits; -0 and 0 are one dose. */
const rankOf = (bits: number): number => (bits >= 0 ? bits : bits === -0x80000000 ? 0 : bits ^ 0x7fffffff);

function insertionSort({ words }: Pairs, at: number, n: number): void {
  const first = 2 * at;
  for (let p = first + 2; p < first + 2 * n; p += 2) {
    const key = words[p]!;
    const index = words[p + 1]!;
    let q = p;
    for (; q > first && words[q - 2]! >>> 0 > key >>> 0; q -= 2) {
      words[q] = words[q - 2]!;
      words[q + 1] = words[q - 1]!;
    }
    words[q] = key;
    words[q + 1] = index;
  }
}
