// AssemblyScript. The innermost loop of the optimiser's dense algebra with 4-wide SIMD; `dense-kernel.ts` holds
// the same in plain TypeScript, rounding for rounding, and says what it does.

export function addPanels(
  matrix: usize,
  stride: i32,
  first: i32,
  last: i32,
  panels: usize,
  count: i32,
  scales: usize,
): void {
  const row = <usize>stride << 2;
  let i = first;
  // Rows two by two share what is loaded of the panels, half a panel at a time: as many vectors as there are registers.
  for (; i + 1 < last; i += 2) {
    const at = <usize>i << 2;
    const from = <usize>(i & ~3) << 2;
    const out = matrix + <usize>(i - first) * row;
    for (let p = 0; p < 2 * count; p++) {
      const p0 = panels + <usize>(p << 2) * row;
      const p1 = p0 + row;
      const p2 = p1 + row;
      const p3 = p2 + row;
      const c = scales + (<usize>p << 4);
      const a0 = f32x4.splat(load<f32>(c) * load<f32>(p0 + at));
      const a1 = f32x4.splat(load<f32>(c, 4) * load<f32>(p1 + at));
      const a2 = f32x4.splat(load<f32>(c, 8) * load<f32>(p2 + at));
      const a3 = f32x4.splat(load<f32>(c, 12) * load<f32>(p3 + at));
      const b0 = f32x4.splat(load<f32>(c) * load<f32>(p0 + at, 4));
      const b1 = f32x4.splat(load<f32>(c, 4) * load<f32>(p1 + at, 4));
      const b2 = f32x4.splat(load<f32>(c, 8) * load<f32>(p2 + at, 4));
      const b3 = f32x4.splat(load<f32>(c, 12) * load<f32>(p3 + at, 4));
      for (let j = from; j < row; j += 16) {
        let sum = v128.load(out + j);
        let next = v128.load(out + row + j);
        let v = v128.load(p0 + j);
        sum = f32x4.add(sum, f32x4.mul(a0, v));
        next = f32x4.add(next, f32x4.mul(b0, v));
        v = v128.load(p1 + j);
        sum = f32x4.add(sum, f32x4.mul(a1, v));
        next = f32x4.add(next, f32x4.mul(b1, v));
        v = v128.load(p2 + j);
        sum = f32x4.add(sum, f32x4.mul(a2, v));
        next = f32x4.add(next, f32x4.mul(b2, v));
        v = v128.load(p3 + j);
        sum = f32x4.add(sum, f32x4.mul(a3, v));
        next = f32x4.add(next, f32x4.mul(b3, v));
        v128.store(out + j, sum);
        v128.store(out + row + j, next);
      }
    }
  }
  for (; i < last; i++) {
    const at = <usize>i << 2;
    const from = <usize>(i & ~3) << 2;
    const out = matrix + <usize>(i - first) * row;
    for (let q = 0; q < count << 3; q++) {
      const p = panels + <usize>q * row;
      const a = f32x4.splat(load<f32>(scales + (<usize>q << 2)) * load<f32>(p + at));
      for (let j = from; j < row; j += 16) {
        v128.store(out + j, f32x4.add(v128.load(out + j), f32x4.mul(a, v128.load(p + j))));
      }
    }
  }
}
