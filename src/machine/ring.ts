/** Mean radius of a ring by area, mm: where a ring's mean dose is read. */
export function ringMeanRadius(inner: number, outer: number): number {
  return ((2 / 3) * (outer ** 3 - inner ** 3)) / (outer ** 2 - inner ** 2);
}
