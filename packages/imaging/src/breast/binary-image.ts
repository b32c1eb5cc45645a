/** A set of pixels: 1 inside, 0 outside, row by row from the top left. */
export interface BinaryImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * Pixels whose square neighbourhood of 2 radius + 1 has a pixel of the set; separable, linear in the number of pixels.
 * The set does not reach in from outside the image.
 */
export function dilate(image: BinaryImage, radiusPx: number): BinaryImage {
  return squareFilter(image, radiusPx, (sum) => sum > 0);
}

/** Pixels whose square neighbourhood, as far as it lies in the image, is all in the set: a breast cut by the border stays. */
export function erode(image: BinaryImage, radiusPx: number): BinaryImage {
  return squareFilter(image, radiusPx, (sum, count) => sum === count);
}

function squareFilter(
  { width, height, data }: BinaryImage,
  radius: number,
  keep: (sum: number, count: number) => boolean,
): BinaryImage {
  const rows = new Uint8Array(data.length);
  for (let y = 0; y < height; y++) filterLine(data, rows, y * width, 1, width, radius, keep);
  const result = new Uint8Array(data.length);
  for (let x = 0; x < width; x++) filterLine(rows, result, x, width, height, radius, keep);
  return { width, height, data: result };
}

function filterLine(
  from: Uint8Array,
  to: Uint8Array,
  start: number,
  stride: number,
  length: number,
  radius: number,
  keep: (sum: number, count: number) => boolean,
): void {
  let sum = 0;
  for (let i = 0; i < Math.min(radius, length); i++) sum += from[start + i * stride] as number;
  for (let i = 0; i < length; i++) {
    if (i + radius < length) sum += from[start + (i + radius) * stride] as number;
    if (i - radius - 1 >= 0) sum -= from[start + (i - radius - 1) * stride] as number;
    const count = Math.min(length - 1, i + radius) - Math.max(0, i - radius) + 1;
    to[start + i * stride] = keep(sum, count) ? 1 : 0;
  }
}

/** Pixels that are in both sets. */
export function intersect(a: BinaryImage, b: BinaryImage): BinaryImage {
  return { ...a, data: a.data.map((value, i) => value & (b.data[i] as number)) };
}

/** Pixels that are not in the set. */
export function complement(image: BinaryImage): BinaryImage {
  return { ...image, data: image.data.map((value) => 1 - value) };
}

/** A part of a set whose pixels hang together by their edges (4-connected). */
export interface Component {
  readonly areaPx: number;
  /** [x1, y1, x2, y2], the far edges excluded. */
  readonly boxPx: readonly [number, number, number, number];
  /** Indices of its pixels. */
  readonly pixels: Int32Array;
}

/** The 4-connected components of a set, largest first; equal ones by their first pixel. */
export function components({ width, height, data }: BinaryImage): Component[] {
  const seen = new Uint8Array(data.length);
  const queue = new Int32Array(data.length);
  const found: Component[] = [];
  for (let start = 0; start < data.length; start++) {
    if (!data[start] || seen[start]) continue;
    let [head, tail] = [0, 0];
    let [x1, y1, x2, y2] = [width, height, 0, 0];
    const add = (at: number) => {
      if (!data[at] || seen[at]) return;
      seen[at] = 1;
      queue[tail++] = at;
    };
    add(start);
    while (head < tail) {
      const at = queue[head++] as number;
      const x = at % width;
      const y = (at - x) / width;
      x1 = Math.min(x1, x);
      x2 = Math.max(x2, x + 1);
      y1 = Math.min(y1, y);
      y2 = Math.max(y2, y + 1);
      if (x > 0) add(at - 1);
      if (x + 1 < width) add(at + 1);
      if (y > 0) add(at - width);
      if (y + 1 < height) add(at + width);
    }
    found.push({ areaPx: tail, boxPx: [x1, y1, x2, y2], pixels: queue.slice(0, tail) });
  }
  return found.sort((a, b) => b.areaPx - a.areaPx);
}

/** The set of a component's pixels. */
export function setOf({ pixels }: Component, width: number, height: number): BinaryImage {
  const data = new Uint8Array(width * height);
  for (const at of pixels) data[at] = 1;
  return { width, height, data };
}
