/** The same slice in every transfer syntax: made by dcmtk, gdcm and OpenJPH (compressed/make.mjs), the pixels by a formula. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { readCt } from '../../../src/io/dicom/ct.js';
import { type DicomFile, readDataset } from '../../../src/io/dicom/dataset.js';
import { decodeDicom } from '../../../src/io/dicom/decode.js';
import { readPixels } from '../../../src/io/dicom/pixels.js';
import { dicomCodecs } from '../../../src/node/dicom-codecs.js';
import { columns, type kinds, rows, storedValue } from './compressed/pixels.mjs';

const folder = new URL('./compressed/', import.meta.url);
const read = (name: string): DicomFile => ({ name, bytes: new Uint8Array(readFileSync(new URL(name, folder))) });
const files = readdirSync(folder).filter((name) => name.endsWith('.dcm'));
// Decoded in one go: each call loads its decoders anew.
const decodedFiles = decodeDicom(files.map(read), dicomCodecs).then(
  (all) => new Map(all.map((file) => [file.name, file])),
);
const pixelsOf = async (file: DicomFile): Promise<ArrayLike<number>> =>
  readPixels(readDataset((await decodeDicom([file], dicomCodecs))[0]!));

describe('every transfer syntax', () => {
  test('there are three kinds of pixels in nine lossless ones, and two lossy files', () => {
    expect(files.filter((name) => !/near|lossy/.test(name))).toHaveLength(27);
    expect(files).toHaveLength(29);
  });

  test.each(files)('%s', async (name) => {
    const kind = name.split('_')[0] as keyof typeof kinds;
    const values = readPixels(readDataset((await decodedFiles).get(name)!));
    expect(values.length).toBe(rows * columns);
    const wanted = Array.from(values, (_, i) => storedValue(kind, i));
    const off = Math.max(...Array.from(values, (value, i) => Math.abs(value - wanted[i]!)));
    // Near-lossless is told to be off by 2 at most; of the wavelet that rounds only a little is asked.
    expect(off).toBeLessThanOrEqual(name.includes('near') ? 2 : name.includes('lossy') ? 400 : 0);
    if (/near|lossy/.test(name)) expect(off).toBeGreaterThan(0);
  });

  test('a CT of what lost something in compression says so; HU are the stored values with their intercept', async () => {
    const of = async (name: string) => readCt([(await decodedFiles).get(name)!]);
    for (const name of ['unsigned12_jpeg-ls-near.dcm', 'unsigned12_jpeg-2000-lossy.dcm']) {
      expect((await of(name)).notes.join(), name).toContain('lossy');
    }
    const plain = await of('unsigned12_implicit.dcm');
    for (const name of files.filter((file) => /^unsigned12/.test(file) && !/near|lossy/.test(file))) {
      const ct = await of(name);
      expect([name, ct.notes.filter((note) => note.includes('lossy'))]).toEqual([name, []]);
      expect(ct.hounsfield.data, name).toEqual(plain.hounsfield.data);
    }
    expect(plain.hounsfield.data[40]).toBe(storedValue('unsigned12', 40) - 1024);
  });
});

describe('what cannot be decoded', () => {
  test('without its decoder, or not decoded at all: what to do', async () => {
    await expect(decodeDicom([read('signed16_jpeg-2000.dcm')])).rejects.toThrow(
      'signed16_jpeg-2000.dcm: this needs the decoder openJpeg. Hand it to decodeDicom',
    );
    expect(() => readCt([read('signed16_jpeg-ls.dcm')])).toThrow(
      '(JPEG-LS lossless) is not decoded here. Hand the files to `decodeDicom`',
    );
    // Plain JavaScript, which nobody needs to hand in.
    expect((await decodeDicom([read('signed16_jpeg-lossless.dcm')]))[0]!.frames).toHaveLength(1);
  });

  test('another series and what is no CT stay as they are', async () => {
    const file = read('signed16_jpeg-2000.dcm');
    expect(await decodeDicom([file], {}, '2.25.99')).toEqual([file]);
    const text = { name: 'a.txt', bytes: Uint8Array.of(1, 2, 3) };
    expect(await decodeDicom([text], {})).toEqual([text]);
  });

  test.each(['jpeg-lossless', 'jpeg-ls', 'jpeg-2000', 'htj2k'])('%s cut short or of another size', async (syntax) => {
    const file = read(`unsigned16_${syntax}.dcm`);
    const { elements } = readDataset(file);
    const stream = elements['7FE00010']!.fragments!.at(-1)!;
    const at = file.bytes.length - 8 - stream.length;
    const emptied = file.bytes.slice();
    emptied.fill(0, at + 8, file.bytes.length - 8);
    await expect(decodeDicom([{ ...file, bytes: emptied }], dicomCodecs)).rejects.toThrow(
      /its pixels are no .* as the file says, or are cut short/,
    );
    const wide = file.bytes.slice();
    // Columns, US: group 0028, element 0011.
    const tag = wide.findIndex((_, i) => wide[i] === 0x28 && wide[i + 2] === 0x11 && wide[i + 4] === 0x55);
    wide[tag + 8] = 200;
    await expect(decodeDicom([{ ...file, bytes: wide }], dicomCodecs)).rejects.toThrow(
      '23 x 37 pixels of 1 x 16 bits, but the file says 23 x 200',
    );
    // The decoder that has failed is none the worse.
    expect((await pixelsOf(file))[50]).toBe(storedValue('unsigned16', 50));
  });

  test('no decoder compiles code from a text, and a page may forbid that', () => {
    const url = fileURLToPath(new URL('../../../dist/', import.meta.url));
    const program = `
      import { readFileSync } from 'node:fs';
      const { decodeDicom } = await import('${url}dicom.js');
      const { dicomCodecs } = await import('${url}node.js');
      for (const syntax of ['jpeg-lossless', 'jpeg-ls', 'jpeg-2000', 'htj2k']) {
        const name = 'signed16_' + syntax + '.dcm';
        const bytes = new Uint8Array(readFileSync('${fileURLToPath(folder)}' + name));
        const [{ frames }] = await decodeDicom([{ name, bytes }], dicomCodecs);
        console.log(syntax, frames[0].length);
      }`;
    const flags = ['--disallow-code-generation-from-strings', '--input-type=module', '-e', program];
    const told = execFileSync(process.execPath, flags, { encoding: 'utf8' }).trim().split('\n');
    expect(told).toEqual(
      ['jpeg-lossless', 'jpeg-ls', 'jpeg-2000', 'htj2k'].map((name) => `${name} ${2 * rows * columns}`),
    );
  });
});
