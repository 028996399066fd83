/** Transfer syntaxes of compressed pixels, by what decodes them. PS3.6 annex A. */
import { own } from '../../core/own.js';

export type CodecName = 'jpegLossless' | 'jpegLs' | 'jpeg2000' | 'htj2k';

/** Names for messages, and what decodes them; undefined where nothing does. */
const SYNTAXES: Record<string, readonly [name: string, codec?: CodecName]> = {
  '1.2.840.10008.1.2.4.50': ['JPEG baseline'],
  '1.2.840.10008.1.2.4.51': ['JPEG extended'],
  '1.2.840.10008.1.2.4.57': ['JPEG lossless', 'jpegLossless'],
  '1.2.840.10008.1.2.4.70': ['JPEG lossless, first order', 'jpegLossless'],
  '1.2.840.10008.1.2.4.80': ['JPEG-LS lossless', 'jpegLs'],
  '1.2.840.10008.1.2.4.81': ['JPEG-LS near-lossless', 'jpegLs'],
  '1.2.840.10008.1.2.4.90': ['JPEG 2000 lossless', 'jpeg2000'],
  '1.2.840.10008.1.2.4.91': ['JPEG 2000', 'jpeg2000'],
  '1.2.840.10008.1.2.4.201': ['high-throughput JPEG 2000 lossless', 'htj2k'],
  '1.2.840.10008.1.2.4.202': ['high-throughput JPEG 2000 lossless, RPCL', 'htj2k'],
  '1.2.840.10008.1.2.4.203': ['high-throughput JPEG 2000', 'htj2k'],
};

export const syntaxName = (uid: string): string => own(SYNTAXES, uid)?.[0] ?? 'unknown';

/** What decodes the pixels; undefined for native and run-length coded ones, and for those that nothing decodes. */
export const codecOf = (uid: string): CodecName | undefined => own(SYNTAXES, uid)?.[1];

/** Can it lose something, by its name? */
export const isPerhapsLossy = (uid: string): boolean => /\.4\.(50|51|81|91|203)$/.test(uid);
