/** What is wrong with the compressed bytes of a frame; the file and the frame are added by whoever knows them. */
export class CodestreamError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CodestreamError';
  }
}
