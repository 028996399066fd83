/** The two halves of a double, as fdlibm works on them. */
const double = new Float64Array(1);
const halves = new Int32Array(double.buffer);
/** Which half is which depends on the machine. */
const HIGH = new Uint8Array(Float64Array.of(1).buffer)[7] === 0x3f ? 1 : 0;

export function high(x: number): number {
  double[0] = x;
  return halves[HIGH]!;
}

export function low(x: number): number {
  double[0] = x;
  return halves[1 - HIGH]!;
}

export function words(first: number, second: number): number {
  halves[HIGH] = first;
  halves[1 - HIGH] = second;
  return double[0]!;
}

export function withHigh(x: number, first: number): number {
  double[0] = x;
  halves[HIGH] = first;
  return double[0]!;
}
