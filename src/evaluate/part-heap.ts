/**
 * Boxes with their bounds, the largest bound first: the parts that a branch and bound has yet to look at, in memory that it
 * keeps. As objects they would cost more than what is computed of them.
 */

/** Six numbers: low x, y, z, high x, y, z. */
const SIZE = 6;

export class PartHeap {
  /** Parts in the heap. */
  size = 0;
  /** Of each place in the heap: its bound, and where its box is kept. */
  private bounds = new Float64Array(256);
  private slots = new Int32Array(256);
  private boxes = new Float64Array(256 * SIZE);
  /** Slots that are free again, those that never were in use behind them. */
  private free = new Int32Array(256);
  private freed = 0;
  private used = 0;

  /** Largest bound; -Infinity where there is no part. */
  get top(): number {
    return this.size > 0 ? this.bounds[0]! : -Infinity;
  }

  push(bound: number, x0: number, y0: number, z0: number, x1: number, y1: number, z1: number): void {
    if (this.size === this.bounds.length) this.grow();
    const slot = this.freed > 0 ? this.free[--this.freed]! : this.used++;
    const { bounds, slots, boxes } = this;
    const b = SIZE * slot;
    boxes[b] = x0;
    boxes[b + 1] = y0;
    boxes[b + 2] = z0;
    boxes[b + 3] = x1;
    boxes[b + 4] = y1;
    boxes[b + 5] = z1;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (bounds[parent]! >= bound) break;
      bounds[at] = bounds[parent]!;
      slots[at] = slots[parent]!;
      at = parent;
    }
    bounds[at] = bound;
    slots[at] = slot;
  }

  /** Takes out the part with the largest bound; its box goes to `out`. The heap must not be empty. */
  pop(out: Float64Array): void {
    const { bounds, slots, boxes } = this;
    const taken = slots[0]!;
    for (let c = 0; c < SIZE; c++) out[c] = boxes[SIZE * taken + c]!;
    this.free[this.freed++] = taken;
    const n = --this.size;
    if (n === 0) return;
    const bound = bounds[n]!;
    const slot = slots[n]!;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= n) break;
      if (child + 1 < n && bounds[child + 1]! > bounds[child]!) child++;
      if (bounds[child]! <= bound) break;
      bounds[at] = bounds[child]!;
      slots[at] = slots[child]!;
      at = child;
    }
    bounds[at] = bound;
    slots[at] = slot;
  }

  private grow(): void {
    const n = 2 * this.bounds.length;
    const bounds = new Float64Array(n);
    const slots = new Int32Array(n);
    const free = new Int32Array(n);
    const boxes = new Float64Array(n * SIZE);
    bounds.set(this.bounds);
    slots.set(this.slots);
    free.set(this.free);
    boxes.set(this.boxes);
    [this.bounds, this.slots, this.free, this.boxes] = [bounds, slots, free, boxes];
  }
}
