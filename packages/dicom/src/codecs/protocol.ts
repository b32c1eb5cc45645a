/** What the pool and its workers tell each other. */
import type { ImagePixel } from '../pixels/image-pixel.ts';
import type { DecodedFrame, FrameEncoding } from './decode-frame.ts';

/** A frame to decode; its bytes are handed over. */
export interface DecodeRequest {
  readonly encoding: FrameEncoding;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly image: ImagePixel;
}

/** A decoded frame, or what is wrong with it. */
export type DecodeReply = { readonly frame: DecodedFrame } | { readonly fault: string };

/** Where frames are decoded: a pool of threads, or a thread that has nothing else to do. */
export interface FrameDecoder {
  /** Frames that are decoded at the same time. */
  readonly workers: number;
  /** Decodes a frame; its bytes are asked for when there is room. `where` begins the message of a DicomError 'frame-corrupt'. */
  decode(load: () => Promise<DecodeRequest>, where: string): Promise<DecodedFrame>;
}
