/**
 * Text of a DICOM element in its SpecificCharacterSet.
 *
 * One set alone is what the platform's TextDecoder calls it. Sets with code extensions (ISO 2022), which change within a text by
 * escape sequences, are decoded run by run by dicom-character-set. What cannot be decoded becomes the replacement character, as
 * a name in an odd script is no reason to leave a patient unread.
 *
 * @see DICOM PS3.3 C.12.1.1.2 and PS3.5 6.1.2.5
 */

import { convertBytes } from 'dicom-character-set';
import { own } from '../../core/own.js';

/** What stands where a character could not be decoded. */
export const replacement = '\uFFFD';

/** Labels by number of the ISO registry, PS3.3 C.12.1.1.2; 6 is ASCII. */
const LABELS: Record<string, string> = {
  6: 'iso-8859-1',
  13: 'shift_jis',
  100: 'iso-8859-1',
  101: 'iso-8859-2',
  109: 'iso-8859-3',
  110: 'iso-8859-4',
  126: 'iso-8859-7',
  127: 'iso-8859-6',
  138: 'iso-8859-8',
  144: 'iso-8859-5',
  148: 'iso-8859-9',
  166: 'windows-874',
  192: 'utf-8',
  203: 'iso-8859-15',
};

/** Every set that an escape sequence may call, declared or not. */
const EXTENSIONS = [6, 100, 101, 109, 110, 144, 127, 126, 138, 148, 13, 166, 87, 159, 149, 58];

type Decode = (value: Uint8Array, vr: string) => string;
const decoders = new Map<string, Decode>();

/**
 * @param value bytes of all values with their separators
 * @param charset the value of SpecificCharacterSet; empty for ASCII
 * @param vr of the element: a name is parted by other characters
 */
export function decodeText(value: Uint8Array, charset: string, vr: string): string {
  let decode = decoders.get(charset);
  if (decode === undefined) {
    decode = decoderOf(charset);
    decoders.set(charset, decode);
  }
  return decode(value, vr);
}

/** Is it a character set that is read? */
export function isKnownCharacterSet(charset: string): boolean {
  return termsOf(charset).every((term) => term === '' || isMultiByte(term) || labelOf(term) !== undefined);
}

function decoderOf(charset: string): Decode {
  const terms = termsOf(charset);
  const [first = ''] = terms;
  if (terms.length === 1 && !isMultiByte(first)) {
    const label = labelOf(first);
    if (label === undefined) return plain;
    const decoder = new TextDecoder(label);
    // An escape sequence that no one has declared is obeyed all the same.
    const mayChange = !/IR 192|IR 203|GB/.test(first);
    return (value, vr) => (mayChange && value.includes(ESCAPE) ? extended([first], value, vr) : decoder.decode(value));
  }
  return (value, vr) => extended(terms, value, vr);
}

const ESCAPE = 27;

/** In the sets that are declared, else in whichever the escape sequences name. */
function extended(terms: readonly string[], value: Uint8Array, vr: string): string {
  const known = terms.map((term) => (isMultiByte(term) || labelOf(term) !== undefined ? term : ''));
  const [first = ''] = known;
  const all = EXTENSIONS.map((set) => `ISO 2022 IR ${set}`);
  const base = /IR \d+$/.test(first) && !/IR (192|203)$/.test(first) ? first.replace('ISO_IR', 'ISO 2022 IR') : '';
  const declared = known.length > 1 || first.startsWith('ISO 2022') ? [known] : [];
  for (const sets of [...declared, [base, ...all.filter((set) => set !== base)]]) {
    try {
      return convertBytes(sets.join('\\'), value, { vr });
    } catch {
      // The library throws on a set or an escape sequence that it does not know.
    }
  }
  return plain(value);
}

/** ASCII; whatever is beyond is unknown. */
function plain(value: Uint8Array): string {
  return Array.from(value, (c) => (c < 127 && c !== ESCAPE ? String.fromCharCode(c) : replacement)).join('');
}

const isMultiByte = (term: string): boolean => /^ISO 2022 IR (87|159|149|58)$/.test(term);

function labelOf(term: string): string | undefined {
  if (term === '') return 'iso-8859-1';
  if (/^(GB18030|GBK)$/.test(term)) return term.toLowerCase();
  return own(LABELS, /^ISO(?:_| 2022 )IR (\d+)$/.exec(term)?.[1] ?? '');
}

/** The values of SpecificCharacterSet as the standard spells them, whatever the exporter made of them. */
function termsOf(charset: string): string[] {
  return charset
    .replaceAll('\0', '')
    .split('\\')
    .map((value) => {
      const term = value.trim().toUpperCase();
      if (/^UTF[-_ ]?8$/.test(term)) return 'ISO_IR 192';
      const [, prefix, set] = /^ISO[-_ ]*(2022)?[-_ ]*IR[-_ ]*(\d+)$/.exec(term) ?? [];
      if (set === undefined) return term;
      return prefix === undefined && !['87', '159', '149', '58'].includes(set) ? `ISO_IR ${set}` : `ISO 2022 IR ${set}`;
    });
}
