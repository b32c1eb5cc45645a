/** Files that Vite emits beside the page; the import is their address. */
declare module '*?url' {
  const address: string;
  export default address;
}

/** Emscripten's output, which brings no types. */
declare module '@cornerstonejs/codec-charls/decodewasmjs' {
  const make: import('@mammoscope/dicom/browser').Factory;
  export default make;
}
declare module '@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasmjs' {
  const make: import('@mammoscope/dicom/browser').Factory;
  export default make;
}
declare module '@cornerstonejs/codec-openjpeg/decodewasmjs' {
  const make: import('@mammoscope/dicom/browser').Factory;
  export default make;
}
declare module '@cornerstonejs/codec-openjph/wasmjs' {
  const make: import('@mammoscope/dicom/browser').Factory;
  export default make;
}
