/** What a picture says of itself in its file: which program made it, of which inputs, of which quantity, assuming what. */
import { DISCLAIMER } from './figure.js';

export interface PictureSource {
  /** Of respine. */
  readonly version: string;
  /** SHA-256 of the inputs by name. */
  readonly inputs: Readonly<Record<string, string | undefined>>;
  /** Of the dose, as `Gy (total, physical, 22 fractions)`. */
  readonly quantity: string;
  readonly assumptions: readonly string[];
}

/** By the keywords that PNG (Third Edition, W3C, 11.3.3.1) has for it. */
export function aboutPicture({ version, inputs, quantity, assumptions }: PictureSource): Record<string, string> {
  const hashes = Object.entries(inputs).filter((entry) => entry[1] !== undefined);
  return {
    Software: `respine ${version}`,
    Source: hashes.map(([name, hash]) => `${name} ${hash}`).join('\n'),
    Description: `Dose in ${quantity}`,
    ...(assumptions.length > 0 && { Comment: assumptions.join('\n') }),
    Disclaimer: DISCLAIMER,
  };
}
