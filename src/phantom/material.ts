/**
 * Materials of the phantoms: CT number, electron density and mass density.
 *
 * Electron densities (relative to water) and mass densities are those of the tissue compositions of ICRU Report 44 as
 * they are usually quoted, rounded; they are defaults to be changed, not citations. The CT number of each is the one that
 * the default HU-to-density table turns back into this electron density, so a phantom that is exported and read again
 * as a CT plans the same.
 */
export interface Material {
  /** HU */
  readonly hounsfield: number;
  /** Electron density relative to water. */
  readonly density: number;
  /** g/cc */
  readonly massDensity: number;
}

export const materials: Readonly<Record<string, Material>> = {
  air: { hounsfield: -1000, density: 0.001, massDensity: 0.0012 },
  lung: { hounsfield: -752.8, density: 0.258, massDensity: 0.26 },
  adipose: { hounsfield: -88.9, density: 0.951, massDensity: 0.95 },
  water: { hounsfield: 0, density: 1, massDensity: 0.998 },
  csf: { hounsfield: 3.2, density: 1.003, massDensity: 1.007 },
  bowel: { hounsfield: 28.4, density: 1.027, massDensity: 1.03 },
  cord: { hounsfield: 36.8, density: 1.035, massDensity: 1.04 },
  muscle: { hounsfield: 42.1, density: 1.04, massDensity: 1.05 },
  tumor: { hounsfield: 42.1, density: 1.04, massDensity: 1.05 },
  organ: { hounsfield: 42.1, density: 1.04, massDensity: 1.05 },
  blood: { hounsfield: 52.6, density: 1.05, massDensity: 1.06 },
  liver: { hounsfield: 52.6, density: 1.05, massDensity: 1.06 },
  skin: { hounsfield: 82.1, density: 1.078, massDensity: 1.09 },
  disc: { hounsfield: 87.4, density: 1.083, massDensity: 1.1 },
  trabecular: { hounsfield: 232.2, density: 1.15, massDensity: 1.18 },
  cortical: { hounsfield: 1530.9, density: 1.781, massDensity: 1.92 },
};
