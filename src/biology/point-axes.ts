/**
 * Points by their coordinates along each axis, each coordinate once: what depends on one coordinate alone is worked out for
 * a few dozen of them, not for every point, where the points are voxel centres.
 */

export interface PointAxes {
  readonly count: number;
  /** Different coordinates along x, y, z, mm. */
  readonly coordinates: readonly [Float64Array, Float64Array, Float64Array];
  /** For each point which of them it has. */
  readonly places: readonly [Uint32Array, Uint32Array, Uint32Array];
}

/** @param points x, y, z triples, mm */
export function pointAxes(points: Float64Array): PointAxes {
  const count = points.length / 3;
  const axes = [0, 1, 2].map((axis) => {
    const known = new Map<number, number>();
    const places = new Uint32Array(count);
    for (let p = 0; p < count; p++) {
      const coordinate = points[3 * p + axis]!;
      let place = known.get(coordinate);
      if (place === undefined) {
        place = known.size;
        known.set(coordinate, place);
      }
      places[p] = place;
    }
    return { coordinates: Float64Array.from(known.keys()), places };
  });
  const [x, y, z] = axes as [(typeof axes)[0], (typeof axes)[0], (typeof axes)[0]];
  return {
    count,
    coordinates: [x.coordinates, y.coordinates, z.coordinates],
    places: [x.places, y.places, z.places],
  };
}
