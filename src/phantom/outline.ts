/**
 * Outlines in a plane, as polygons [u0, v0, u1, v1, ...] in mm.
 */

/**
 * Superellipse |u/a|^n + |v/b|^n = 1 as a polygon of the same area for n = 2.
 *
 * @param points vertices; the polygon of an ellipse is scaled by 1 / sqrt(sinc) so that its area is pi a b
 */
export function superellipse(
  center: readonly [number, number],
  semiAxes: readonly [number, number],
  exponent = 2,
  points = 48,
): Float64Array {
  const step = (2 * Math.PI) / points;
  const scale = Math.sqrt(step / Math.sin(step));
  const out = new Float64Array(2 * points);
  for (let i = 0; i < points; i++) {
    const c = Math.cos(i * step);
    const s = Math.sin(i * step);
    out[2 * i] = center[0] + scale * semiAxes[0] * Math.sign(c) * Math.abs(c) ** (2 / exponent);
    out[2 * i + 1] = center[1] + scale * semiAxes[1] * Math.sign(s) * Math.abs(s) ** (2 / exponent);
  }
  return out;
}

/** Sector of an elliptical ring, inner semi-axes `inner`, `thickness` more outside; angles from +u towards +v, degrees. */
export function ringSector(
  center: readonly [number, number],
  inner: readonly [number, number],
  thickness: number,
  from: number,
  to: number,
): Float64Array {
  const n = Math.max(2, Math.ceil((to - from) / 6));
  const out: number[] = [];
  const arc = (a: number, b: number, i: number): void => {
    const angle = ((from + ((to - from) * i) / n) * Math.PI) / 180;
    out.push(center[0] + a * Math.cos(angle), center[1] + b * Math.sin(angle));
  };
  for (let i = 0; i <= n; i++) arc(inner[0], inner[1], i);
  for (let i = n; i >= 0; i--) arc(inner[0] + thickness, inner[1] + thickness, i);
  return Float64Array.from(out);
}

/**
 * Axial outline of a vertebral body: a superellipse of exponent 2.5 whose posterior wall is hollowed out.
 *
 * @param width,depth full extents, mm
 * @param wall y of the posterior wall in the midline, mm
 * @param concavity how far the wall's shoulders stand behind its middle, mm
 * @param waist factor on the width and depth, about the wall
 */
export function bodyOutline(width: number, depth: number, wall: number, concavity: number, waist = 1): Float64Array {
  const a = (width / 2) * waist;
  const b = (depth / 2) * waist;
  const out = superellipse([0, wall - b], [a, b], 2.5, 40);
  for (let i = 0; i < out.length; i += 2) {
    const x = out[i]! / a;
    const behind = Math.max(0, (out[i + 1]! - (wall - b)) / b);
    out[i + 1]! += concavity * behind ** 2 * (4 * x * x * (1 - x * x));
  }
  return out;
}

/** The outline mirrored about u = 0, in the same winding. */
export function mirrored(outline: Float64Array): Float64Array {
  const out = new Float64Array(outline.length);
  for (let i = 0; i < outline.length; i += 2) {
    out[outline.length - 2 - i] = -outline[i]!;
    out[outline.length - 1 - i] = outline[i + 1]!;
  }
  return out;
}

/** Area, mm^2, by the shoelace formula. */
export function outlineArea(outline: Float64Array): number {
  let twice = 0;
  const n = outline.length;
  for (let i = 0; i < n; i += 2) {
    const j = (i + 2) % n;
    twice += outline[i]! * outline[j + 1]! - outline[j]! * outline[i + 1]!;
  }
  return Math.abs(twice) / 2;
}
