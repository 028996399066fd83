/** The process that bench/dicom.ts times: a folder of slices as one volume in HU, and its sum so that both sides can be held together. */
import { readCt } from '../../dist/io/dicom/ct.js';
import { decodeDicom } from '../../dist/io/dicom/decode.js';
import { dicomCodecs } from '../../dist/node/dicom-codecs.js';
import { readFolder } from '../../dist/node/files.js';

const { hounsfield } = readCt(await decodeDicom(await readFolder(process.argv[2]!), dicomCodecs));
let sum = 0;
for (let i = 0; i < hounsfield.data.length; i += 997) sum += hounsfield.data[i]!;
console.log(JSON.stringify({ shape: hounsfield.grid.shape, sum }));
