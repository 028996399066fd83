/** The codecs bring no types; what is used of them is told by `src/io/dicom/decode.ts`. */
declare module '@cornerstonejs/codec-charls/decodewasmjs';
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs';
declare module '@cornerstonejs/codec-openjph';
