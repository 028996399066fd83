/** What is used of pdfkit 0.20 and svg-to-pdfkit 0.1, without their types, which know far more. */
declare module 'pdfkit' {
  export default class PdfDocument {
    constructor(options: {
      size: readonly [width: number, height: number];
      margin: number;
      info: Readonly<Record<string, string | Date>>;
    });
    registerFont(name: string, bytes: Uint8Array): this;
    on(event: 'data', listener: (bytes: Uint8Array) => void): this;
    on(event: 'end', listener: () => void): this;
    end(): void;
  }
}
declare module 'svg-to-pdfkit' {
  import type PdfDocument from 'pdfkit';

  export default function svgToPdf(
    document: PdfDocument,
    svg: string,
    x: number,
    y: number,
    options: {
      width: number;
      height: number;
      fontCallback: (family: string, isBold: boolean) => string;
      warningCallback: (words: string) => void;
    },
  ): void;
}
