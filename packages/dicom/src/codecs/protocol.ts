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
