/**
 * Sorting Float32 numbers in linear time.
 *
 * The bits of a float, with all but the sign flipped when negative, sort as an integer. What a key lies above the least one
 * is sorted digit by digit, from the lowest, with its index beside it, so that every pass reads memory in order. Many keys
 * are first dealt out, by their highest digit, into runs that fit the fastest cache: passes over all of them at once would
 * write to as many places as there are digits, all over memory. A comparator sort of the 10^5 to 10^6 dose values of a
 * large structure takes twenty times longer, and a DVH is made for every structure of every plan.
 */

/** Bits of a digit, and of the one by which many keys are dealt out. */
const digitBits = 11;
const dealBits = 9;

/** From so many keys on they are dealt out first. */
const many = 1 << 15;

/** Runs of up to so many keys are sorted by insertion. */
const few = 24;

/** Keys with their indices: views of one memory. A pair moves as one double, whose exponent the index never fills. */
interface Pairs {
  /** Key, index, key, index, ... */
  readonly words: Int32Array;
  readonly whole: Float64Array;
  /** The words as floats: keys, once they are sorted. */
  readonly floats: Float32Array;
}

function createPairs(n: number): Pairs {
  const whole = new Float64Array(n);
  return { whole, words: new Int32Array(whole.buffer), floats: new Float32Array(whole.buffer) };
}

/**
 * Sorts run by run, so that a sweep finds each run in the cache, and keeps its memory for the next time: fresh memory costs
 * as much as the work that is done in it.
 */
export class RadixSorter {
  /** Of the run sorted last: key of pair p at floats[2 p], its index at words[2 p + 1], for `count` pairs from `from` on. */
  floats: Float32Array = new Float32Array(0);
  words: Int32Array = new Int32Array(0);
  from = 0;
  count = 0;
  private pairs = createPairs(0);
  private spare = createPairs(0);
  private readonly counts = new Int32Array(1 << digitBits);
  /** Where each run ends. */
  private readonly ends = new Int32Array((1 << dealBits) + 1);
  private least = 0;
  private bits = 0;

  /**
   * Deals keys out into runs, each of keys above those of the run before; to be sorted one by one.
   *
   * @param keys free of NaN; -0 comes out as 0
   * @returns the number of runs
   */
  deal(keys: Float32Array): number {
    const n = keys.length;
    if (this.pairs.whole.length < n) this.pairs = createPairs(n);
    const { ends } = this;
    if (n === 0) return 0;
    const raw = new Int32Array(keys.buffer, keys.byteOffset, n);
    const { least, largest } = rangeOf(raw);
    const span = (largest - least) >>> 0;
    const bits = 32 - Math.clz32(span);
    this.least = least;
    if (n < many || bits <= dealBits) {
      pairUp(raw, least, this.pairs.words);
      ends[0] = n;
      this.bits = bits;
      return 1;
    }
    this.bits = bits - dealBits;
    countDigits(raw, least, this.bits, ends);
    dealPairs(raw, least, this.bits, this.pairs.words, ends);
    return (span >>> this.bits) + 1;
  }

  /** Sorts a run; its pairs, in rising order, equal keys in the order of their indices, are then where the fields say. */
  sort(run: number): void {
    const { bits, least } = this;
    const first = run === 0 ? 0 : this.ends[run - 1]!;
    const n = this.ends[run]! - first;
    let { pairs } = this;
    let at = first;
    if (n <= few) insertionSort(pairs, at, n);
    else {
      if (this.spare.whole.length < n) this.spare = createPairs(Math.ceil(1.5 * n));
      let next = this.spare;
      let to = 0;
      // Keys of a run differ in their lowest bits alone.
      const passes = Math.ceil(bits / digitBits);
      for (let pass = 0; pass < passes; pass++) {
        const low = Math.floor((bits * pass) / passes);
        sortDigit(pairs, at, next, to, n, low, Math.floor((bits * (pass + 1)) / passes) - low, this.counts);
        [pairs, next] = [next, pairs];
        [at, to] = [to, at];
      }
    }
    const { words } = pairs;
    toBits(words, 2 * at, 2 * (at + n), least);
    this.floats = pairs.floats;
    this.words = words;
    this.from = at;
    this.count = n;
  }
}

function rangeOf(raw: Int32Array): { least: number; largest: number } {
  let least = 0x7fffffff;
  let largest = -0x80000000;
  for (let i = 0; i < raw.length; i++) {
    const rank = rankOf(raw[i]!);
    if (rank < least) least = rank;
    if (rank > largest) largest = rank;
  }
  return { least, largest };
}

/** Keys and indices, as they come. */
function pairUp(raw: Int32Array, least: number, words: Int32Array): void {
  for (let i = 0; i < raw.length; i++) {
    words[2 * i] = (rankOf(raw[i]!) - least) | 0;
    words[2 * i + 1] = i;
  }
}

/** Counts the digits above `shift`: `ends` is then where each digit's run begins. */
function countDigits(raw: Int32Array, least: number, shift: number, ends: Int32Array): void {
  ends.fill(0);
  for (let i = 0; i < raw.length; i++) ends[((rankOf(raw[i]!) - least) >>> shift) + 1]!++;
  for (let run = 1; run < ends.length; run++) ends[run]! += ends[run - 1]!;
}

/** Keys and indices to the runs of their digits, in their order; `ends` is then where each run ends. */
function dealPairs(raw: Int32Array, least: number, shift: number, words: Int32Array, ends: Int32Array): void {
  for (let i = 0; i < raw.length; i++) {
    const key = (rankOf(raw[i]!) - least) | 0;
    const run = key >>> shift;
    const to = ends[run]!;
    ends[run] = to + 1;
    words[2 * to] = key;
    words[2 * to + 1] = i;
  }
}

/** The keys of words from up to end as the bits of their floats. */
function toBits(words: Int32Array, from: number, end: number, least: number): void {
  for (let p = from; p < end; p += 2) {
    const rank = (words[p]! + least) | 0;
    words[p] = rank < 0 ? rank ^ 0x7fffffff : rank;
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
