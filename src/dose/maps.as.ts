/**
 * The four inner loops of the influence operator in AssemblyScript, four Float32 at a time: the separable terms of a node lie side
 * by side, so one vector holds a node of four terms.
 *
 * They do what `FluenceMap` and `lattice.ts` do in Float64; those remain the reference and take over where there is no SIMD.
 * All arguments are byte addresses and counts; the caller lays out memory. Terms are padded with zeros to `groups` vectors of
 * four, lines along u to a multiple of four.
 *
 * Built by `npm run build:wasm` into `maps.wasm.ts`.
 */

// A width of the kernel's widths, as 32-bit fields: the matrices U (by cell: first node, length, start) and V (by line of nodes: first
// cell, length, start), their values, the coefficients c[k], and V by cell (first line of nodes, length, start, values).
const WIDTH_BYTES: usize = 52;

// @ts-expect-error: decorator
@inline
function field(width: usize, at: usize): usize {
  return load<u32>(width + 4 * at) as usize;
}

/** nodes = sum over widths of c (x) V W U' for the weights W of `ny` rows of `nx` cells. */
export function spread(
  widths: usize,
  widthCount: i32,
  weights: usize,
  nx: i32,
  ny: i32,
  lineBytes: usize,
  nv: i32,
  groups: i32,
  nodes: usize,
  rows: usize,
  lines: usize,
): void {
  const rowBytes = lineBytes * ny;
  memory.fill(rows, 0, rowBytes * widthCount);
  for (let r = 0; r < widthCount; r++) {
    const width = widths + WIDTH_BYTES * r;
    const first = field(width, 0);
    const length = field(width, 1);
    const start = field(width, 2);
    const values = field(width, 3);
    for (let j = 0; j < ny; j++) {
      const row = rows + rowBytes * r + lineBytes * j;
      for (let i = 0; i < nx; i++) {
        const weight = load<f32>(weights + 4 * (i + nx * j));
        if (weight == 0) continue;
        const w = f32x4.splat(weight);
        let to = row + 4 * load<u32>(first + 4 * i);
        let from = values + 4 * load<u32>(start + 4 * i);
        for (let q = load<i32>(length + 4 * i); q > 0; q -= 4) {
          v128.store(to, f32x4.add(v128.load(to), f32x4.mul(w, v128.load(from))));
          to += 16;
          from += 16;
        }
      }
    }
  }
  const nodeBytes: usize = 16 * groups;
  const nodesAlong = lineBytes / 4;
  for (let v = 0; v < nv; v++) {
    for (let r = 0; r < widthCount; r++) {
      const width = widths + WIDTH_BYTES * r;
      const row = rows + rowBytes * r + lineBytes * load<u32>(field(width, 4) + 4 * v);
      const value = field(width, 7) + 4 * load<u32>(field(width, 6) + 4 * v);
      sumOfLines(row, lineBytes, value, load<u32>(field(width, 5) + 4 * v), lines + lineBytes * r, lineBytes);
    }
    let node = nodes + nodeBytes * nodesAlong * v;
    for (let u: usize = 0; u < lineBytes; u += 16) {
      for (let g = 0; g < groups; g++) {
        let a = f32x4.splat(0);
        let b = f32x4.splat(0);
        let c = f32x4.splat(0);
        let d = f32x4.splat(0);
        let line = lines + u;
        let width = widths;
        for (let r = 0; r < widthCount; r++) {
          const by = v128.load(field(width, 8) + 16 * g);
          a = f32x4.add(a, f32x4.mul(by, v128.load32_splat(line)));
          b = f32x4.add(b, f32x4.mul(by, v128.load32_splat(line, 4)));
          c = f32x4.add(c, f32x4.mul(by, v128.load32_splat(line, 8)));
          d = f32x4.add(d, f32x4.mul(by, v128.load32_splat(line, 12)));
          line += lineBytes;
          width += WIDTH_BYTES;
        }
        const to = node + 16 * g;
        v128.store(to, a);
        v128.store(to + nodeBytes, b);
        v128.store(to + 2 * nodeBytes, c);
        v128.store(to + 3 * nodeBytes, d);
      }
      node += 4 * nodeBytes;
    }
  }
}

/**
 * out = sum over `count` lines, `stride` bytes apart, of the line's value times the line, in their order. Four vectors of the sum stay in
 * registers for all lines.
 */
function sumOfLines(first: usize, stride: usize, values: usize, count: i32, out: usize, lineBytes: usize): void {
  const end = values + 4 * (count as usize);
  let u: usize = 0;
  for (; u + 48 < lineBytes; u += 64) {
    let a = f32x4.splat(0);
    let b = f32x4.splat(0);
    let c = f32x4.splat(0);
    let d = f32x4.splat(0);
    let line = first + u;
    for (let value = values; value < end; value += 4) {
      const w = v128.load32_splat(value);
      a = f32x4.add(a, f32x4.mul(w, v128.load(line)));
      b = f32x4.add(b, f32x4.mul(w, v128.load(line, 16)));
      c = f32x4.add(c, f32x4.mul(w, v128.load(line, 32)));
      d = f32x4.add(d, f32x4.mul(w, v128.load(line, 48)));
      line += stride;
    }
    v128.store(out + u, a);
    v128.store(out + u, b, 16);
    v128.store(out + u, c, 32);
    v128.store(out + u, d, 48);
  }
  for (; u < lineBytes; u += 16) {
    let a = f32x4.splat(0);
    let line = first + u;
    for (let value = values; value < end; value += 4) {
      a = f32x4.add(a, f32x4.mul(v128.load32_splat(value), v128.load(line)));
      line += stride;
    }
    v128.store(out + u, a);
  }
}

/** Transpose of `spread`: out[cell] += what each cell contributes to the nodes; leaves the nodes' terms apart. */
export function collect(
  widths: usize,
  widthCount: i32,
  out: usize,
  nx: i32,
  ny: i32,
  lineBytes: usize,
  nv: i32,
  groups: i32,
  nodes: usize,
  rows: usize,
  lines: usize,
): void {
  const nodeBytes: usize = 16 * groups;
  const nodesAlong = lineBytes / 4;
  // Four nodes of four terms, turned where they lie into four terms of four nodes.
  const all = nodes + nodeBytes * nodesAlong * nv;
  for (let node = nodes; node < all; node += 4 * nodeBytes) {
    for (let g = 0; g < groups; g++) {
      const at = node + 16 * g;
      const a = v128.load(at);
      const b = v128.load(at + nodeBytes);
      const c = v128.load(at + 2 * nodeBytes);
      const d = v128.load(at + 3 * nodeBytes);
      const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
      const cd = v128.shuffle<f32>(c, d, 0, 4, 1, 5);
      const ab2 = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
      const cd2 = v128.shuffle<f32>(c, d, 2, 6, 3, 7);
      v128.store(at, v128.shuffle<f32>(ab, cd, 0, 1, 4, 5));
      v128.store(at + nodeBytes, v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
      v128.store(at + 2 * nodeBytes, v128.shuffle<f32>(ab2, cd2, 0, 1, 4, 5));
      v128.store(at + 3 * nodeBytes, v128.shuffle<f32>(ab2, cd2, 2, 3, 6, 7));
    }
  }
  for (let r = 0; r < widthCount; r++) {
    const width = widths + WIDTH_BYTES * r;
    linesOfRung(field(width, 8), groups, nodes, all, nodeBytes, lines);
    const firstLine = field(width, 9);
    const lineCount = field(width, 10);
    const lineStart = field(width, 11);
    const lineValues = field(width, 12);
    const first = field(width, 0);
    const length = field(width, 1);
    const start = field(width, 2);
    const values = field(width, 3);
    for (let j = 0; j < ny; j++) {
      const from = lines + lineBytes * load<u32>(firstLine + 4 * j);
      const value = lineValues + 4 * load<u32>(lineStart + 4 * j);
      sumOfLines(from, lineBytes, value, load<u32>(lineCount + 4 * j), rows, lineBytes);
      for (let i = 0; i < nx; i++) {
        let from = rows + 4 * load<u32>(first + 4 * i);
        let value = values + 4 * load<u32>(start + 4 * i);
        let sum = f32x4.splat(0);
        for (let q = load<i32>(length + 4 * i); q > 0; q -= 4) {
          sum = f32x4.add(sum, f32x4.mul(v128.load(from), v128.load(value)));
          from += 16;
          value += 16;
        }
        const to = out + 4 * (i + nx * j);
        store<f32>(to, load<f32>(to) + horizontal(sum));
      }
    }
  }
}

/** lines = what the nodes, terms apart, are to one width. */
function linesOfRung(
  coefficients: usize,
  groups: i32,
  nodes: usize,
  end: usize,
  nodeBytes: usize,
  lines: usize,
): void {
  for (let g = 0; g < groups; g++) {
    const c0 = v128.load32_splat(coefficients + 16 * g);
    const c1 = v128.load32_splat(coefficients + 16 * g, 4);
    const c2 = v128.load32_splat(coefficients + 16 * g, 8);
    const c3 = v128.load32_splat(coefficients + 16 * g, 12);
    let line = lines;
    for (let node = nodes + 16 * g; node < end; node += 4 * nodeBytes) {
      let sum = g === 0 ? f32x4.splat(0) : v128.load(line);
      sum = f32x4.add(sum, f32x4.mul(c0, v128.load(node)));
      sum = f32x4.add(sum, f32x4.mul(c1, v128.load(node + nodeBytes)));
      sum = f32x4.add(sum, f32x4.mul(c2, v128.load(node + 2 * nodeBytes)));
      v128.store(line, f32x4.add(sum, f32x4.mul(c3, v128.load(node + 3 * nodeBytes))));
      line += 16;
    }
  }
}

// @ts-expect-error: decorator
@inline
function horizontal(a: v128): f32 {
  return (
    f32x4.extract_lane(a, 0) + f32x4.extract_lane(a, 1) + (f32x4.extract_lane(a, 2) + f32x4.extract_lane(a, 3))
  );
}

/** out[p] += sum over terms of weights[p] times the map, a quadratic spline over 3 x 3 nodes. */
export function gather(
  nodes: usize,
  lineBytes: usize,
  groups: i32,
  count: i32,
  places: usize,
  weights: usize,
  out: usize,
): void {
  const nodeBytes: usize = 16 * groups;
  const stride = nodeBytes * (lineBytes / 4);
  for (let p = 0; p < count; p++) {
    const place = places + 12 * p;
    const node = load<i32>(place);
    if (node < 0) continue;
    const tx = load<f32>(place, 4);
    const ty = load<f32>(place, 8);
    const ax = f32x4.splat(0.5 * (0.5 - tx) * (0.5 - tx));
    const bx = f32x4.splat(0.75 - tx * tx);
    const cx = f32x4.splat(0.5 * (0.5 + tx) * (0.5 + tx));
    const ay = f32x4.splat(0.5 * (0.5 - ty) * (0.5 - ty));
    const by = f32x4.splat(0.75 - ty * ty);
    const cy = f32x4.splat(0.5 * (0.5 + ty) * (0.5 + ty));
    let a = nodes + node;
    let sum = f32x4.splat(0);
    for (let g = 0; g < groups; g++) {
      const weight = v128.load(weights + nodeBytes * p + 16 * g);
      const low = line3(a, nodeBytes, ax, bx, cx);
      const middle = line3(a + stride, nodeBytes, ax, bx, cx);
      const high = line3(a + 2 * stride, nodeBytes, ax, bx, cx);
      const value = f32x4.add(f32x4.add(f32x4.mul(ay, low), f32x4.mul(by, middle)), f32x4.mul(cy, high));
      sum = f32x4.add(sum, f32x4.mul(weight, value));
      a += 16;
    }
    const to = out + 8 * p;
    store<f64>(to, load<f64>(to) + (horizontal(sum) as f64));
  }
}

// @ts-expect-error: decorator
@inline
function line3(a: usize, nodeBytes: usize, ax: v128, bx: v128, cx: v128): v128 {
  const left = f32x4.mul(ax, v128.load(a));
  const middle = f32x4.mul(bx, v128.load(a + nodeBytes));
  return f32x4.add(f32x4.add(left, middle), f32x4.mul(cx, v128.load(a + 2 * nodeBytes)));
}

/** Transpose of `gather`: nodes += what every point's value asks of them. */
export function scatter(
  nodes: usize,
  lineBytes: usize,
  groups: i32,
  count: i32,
  places: usize,
  weights: usize,
  values: usize,
): void {
  const nodeBytes: usize = 16 * groups;
  const stride = nodeBytes * (lineBytes / 4);
  for (let p = 0; p < count; p++) {
    const given = load<f64>(values + 8 * p) as f32;
    if (given == 0) continue;
    const place = places + 12 * p;
    const node = load<i32>(place);
    if (node < 0) continue;
    const tx = load<f32>(place, 4);
    const ty = load<f32>(place, 8);
    const ax = f32x4.splat(0.5 * (0.5 - tx) * (0.5 - tx));
    const bx = f32x4.splat(0.75 - tx * tx);
    const cx = f32x4.splat(0.5 * (0.5 + tx) * (0.5 + tx));
    const ay = f32x4.splat(given * 0.5 * (0.5 - ty) * (0.5 - ty));
    const by = f32x4.splat(given * (0.75 - ty * ty));
    const cy = f32x4.splat(given * 0.5 * (0.5 + ty) * (0.5 + ty));
    let a = nodes + node;
    for (let g = 0; g < groups; g++) {
      const weight = v128.load(weights + nodeBytes * p + 16 * g);
      add3(a, nodeBytes, f32x4.mul(ay, weight), ax, bx, cx);
      add3(a + stride, nodeBytes, f32x4.mul(by, weight), ax, bx, cx);
      add3(a + 2 * stride, nodeBytes, f32x4.mul(cy, weight), ax, bx, cx);
      a += 16;
    }
  }
}

// @ts-expect-error: decorator
@inline
function add3(a: usize, nodeBytes: usize, value: v128, ax: v128, bx: v128, cx: v128): void {
  v128.store(a, f32x4.add(v128.load(a), f32x4.mul(ax, value)));
  v128.store(a + nodeBytes, f32x4.add(v128.load(a + nodeBytes), f32x4.mul(bx, value)));
  v128.store(a + 2 * nodeBytes, f32x4.add(v128.load(a + 2 * nodeBytes), f32x4.mul(cx, value)));
}
