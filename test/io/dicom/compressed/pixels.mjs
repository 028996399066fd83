/** The pixels of the files in this folder. */
export const rows = 23;
export const columns = 37;

/** How they are stored. */
export const kinds = {
  unsigned12: { stored: 12, isSigned: false, intercept: -1024, low: 0, high: 4095 },
  signed16: { stored: 16, isSigned: true, intercept: 0, low: -1024, high: 3071 },
  unsigned16: { stored: 16, isSigned: false, intercept: -1000, low: 0, high: 65535 },
};

/** Stored value of pixel i: a slope with a bright disc and something rough, both ends of the range among them. */
export function storedValue(kind, i) {
  const { low, high } = kinds[kind];
  const [x, y] = [i % columns, Math.floor(i / columns)];
  if (i === 0) return low;
  if (i === rows * columns - 1) return high;
  const middle = low + Math.floor((high - low) / 3);
  const disc = (x - 20) ** 2 + (y - 9) ** 2 < 40 ? Math.floor((high - low) / 5) : 0;
  return middle + disc + 7 * x - 3 * y + ((i * i * 31 + 7 * i) % 23);
}
