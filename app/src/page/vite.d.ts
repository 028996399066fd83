declare module '*?worker&inline' {
  const create: new () => Worker;
  export default create;
}
declare module '*.css';
/** Where the decoders' files lie: app/decoders.ts. */
declare module 'virtual:decoders' {
  export const urls: Readonly<Record<import('../planning/messages.js').DecoderName, string>>;
}
