/**
 * The lateral spread of dose by electrons in water: shares of Gaussians by depth, made by
 * test/reference/make-electron-kernel.mjs from our own EGSnrc simulation of a 6 MV pencil beam (24 million photons or more).
 *
 * A measured machine does not resolve it: fields of centimetres and a source of millimetres hide the electrons' millimetre.
 * It is the same for all 6 MV beams to the accuracy needed here, and what lung stretches.
 */

// biome-ignore format: generated
export const electronKernel = {
  /** mm of water */
  depths: [0, 5, 10, 15, 20, 30, 50, 75, 100, 150, 200, 250, 280],
  /** Standard deviations, mm of water. */
  widths: [0.2, 0.5, 1, 1.8, 3, 5, 9],
  /** [depth][width], each row sums to 1. */
  shares: [
    [0.6362, 0.1799, 0.116, 0.0365, 0.0253, 0.0057, 0.0004],
    [0.3246, 0.1951, 0.2352, 0.1621, 0.0686, 0.0121, 0.0023],
    [0.2687, 0.1613, 0.203, 0.1879, 0.1365, 0.0406, 0.002],
    [0.2531, 0.1516, 0.1926, 0.1752, 0.1597, 0.064, 0.004],
    [0.2475, 0.1491, 0.1886, 0.1748, 0.1576, 0.0751, 0.0074],
    [0.2417, 0.15, 0.1857, 0.1776, 0.1533, 0.0792, 0.0126],
    [0.235, 0.1488, 0.1887, 0.1745, 0.1613, 0.0744, 0.0174],
    [0.2288, 0.1491, 0.1932, 0.1769, 0.1686, 0.0718, 0.0116],
    [0.2234, 0.1501, 0.191, 0.1861, 0.1711, 0.074, 0.0044],
    [0.21, 0.1477, 0.1938, 0.1898, 0.1859, 0.0728, 0],
    [0.1985, 0.1451, 0.1923, 0.1913, 0.2006, 0.0723, 0],
    [0.1865, 0.1409, 0.1917, 0.1924, 0.2109, 0.0776, 0],
    [0.1809, 0.1382, 0.1878, 0.1949, 0.2145, 0.0829, 0.0009],
  ],
} as const;
