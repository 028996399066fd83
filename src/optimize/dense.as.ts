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
  for (let i = first; i < last; i++) {
    const at = <usize>i << 2;
    const from = <usize>(i & ~3) << 2;
    const out = matrix + <usize>i * row;
    for (let p = 0; p < count; p++) {
      const p0 = panels + <usize>(p << 3) * row;
      const p1 = p0 + row;
      const p2 = p1 + row;
      const p3 = p2 + row;
      const p4 = p3 + row;
      const p5 = p4 + row;
      const p6 = p5 + row;
      const p7 = p6 + row;
      const c = scales + (<usize>p << 5);
      const a0 = f32x4.splat(load<f32>(c) * load<f32>(p0 + at));
      const a1 = f32x4.splat(load<f32>(c, 4) * load<f32>(p1 + at));
      const a2 = f32x4.splat(load<f32>(c, 8) * load<f32>(p2 + at));
      const a3 = f32x4.splat(load<f32>(c, 12) * load<f32>(p3 + at));
      const a4 = f32x4.splat(load<f32>(c, 16) * load<f32>(p4 + at));
      const a5 = f32x4.splat(load<f32>(c, 20) * load<f32>(p5 + at));
      const a6 = f32x4.splat(load<f32>(c, 24) * load<f32>(p6 + at));
      const a7 = f32x4.splat(load<f32>(c, 28) * load<f32>(p7 + at));
      for (let j = from; j < row; j += 16) {
        let sum = v128.load(out + j);
        sum = f32x4.add(sum, f32x4.mul(a0, v128.load(p0 + j)));
        sum = f32x4.add(sum, f32x4.mul(a1, v128.load(p1 + j)));
        sum = f32x4.add(sum, f32x4.mul(a2, v128.load(p2 + j)));
        sum = f32x4.add(sum, f32x4.mul(a3, v128.load(p3 + j)));
        sum = f32x4.add(sum, f32x4.mul(a4, v128.load(p4 + j)));
        sum = f32x4.add(sum, f32x4.mul(a5, v128.load(p5 + j)));
        sum = f32x4.add(sum, f32x4.mul(a6, v128.load(p6 + j)));
        sum = f32x4.add(sum, f32x4.mul(a7, v128.load(p7 + j)));
        v128.store(out + j, sum);
      }
    }
  }
}
