/** What the page and its image workers tell each other. */
import type { ImageFacts } from './image-facts.ts';
import type { ShownFrame } from './lay-out.ts';
import type { Laying } from './laying.ts';

/** Where the bytes of an image are: in a file that the user gave, or at the server. */
export type ImageSource =
  | { readonly kind: 'file'; readonly key: string; readonly name: string; readonly blob: Blob }
  | {
      readonly kind: 'server';
      readonly key: string;
      readonly name: string;
      readonly metadata: string;
      readonly framesAt: string;
      readonly frames: number;
    };

/** A frame for a viewport, or as a model wants it. */
export interface FrameOrder {
  readonly frame: number;
  /** Side of the squares that become one pixel. */
  readonly reduce: number;
  readonly laying: Laying;
}

/** What is asked; each is answered once, under its number. */
export type Order =
  | { readonly type: 'facts'; readonly source: ImageSource }
  | { readonly type: 'laying'; readonly source: ImageSource }
  | ({ readonly type: 'frame'; readonly source: ImageSource } & FrameOrder)
  | { readonly type: 'region'; readonly source: ImageSource; readonly region: RegionOrder };

/** A square of the image as a network sees it. */
export interface RegionOrder {
  readonly frame: number;
  readonly laying: Laying;
  /** Centre on the stored image, and side in stored pixels; null for the whole breast. */
  readonly square: { readonly centrePx: readonly [number, number]; readonly sidePx: number } | null;
  readonly sizePx: number;
}

/** A square plane in the levels of the display, 0 to 1, [sizePx * sizePx]. */
export interface RegionPlane {
  readonly data: Float32Array<ArrayBuffer>;
}

/** The answer to each order. */
export interface Answers {
  readonly facts: ImageFacts;
  readonly laying: Laying;
  readonly frame: ShownFrame;
  readonly region: RegionPlane;
}

/** A message to a worker. */
export interface Request {
  readonly id: number;
  readonly order: Order;
}

/** A message of a worker. */
export type Reply =
  | { readonly id: number; readonly answer: Answers[keyof Answers] }
  | { readonly id: number; readonly fault: string };
