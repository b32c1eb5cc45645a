/** Capital letters, digits and a few signs as bitmaps of 5 x 7, for words that are burnt into a picture. */

export const GLYPH_WIDTH = 5;
export const GLYPH_HEIGHT = 7;

/** Rows from the top, each five bits in base 32, the leftmost pixel the highest. */
const ROWS: Readonly<Record<string, string>> = {
  ' ': '0000000',
  '.': '00000cc',
  '-': '000v000',
  '%': 'op248j3',
  '0': 'ehjlphe',
  '1': '4c4444e',
  '2': 'eh1248v',
  '3': 'eh161he',
  '4': '26aiv22',
  '5': 'vgu11he',
  '6': 'e8guhhe',
  '7': 'v124888',
  '8': 'ehhehhe',
  '9': 'ehhf12e',
  A: 'ehhvhhh',
  B: 'uhhuhhu',
  C: 'ehggghe',
  D: 'uhhhhhu',
  E: 'vgguggv',
  F: 'vgguggg',
  G: 'ehgnhhf',
  H: 'hhhvhhh',
  I: 'e44444e',
  J: '72222ic',
  K: 'hikokih',
  L: 'ggggggv',
  M: 'hrllhhh',
  N: 'hhpljhh',
  O: 'ehhhhhe',
  P: 'uhhuggg',
  Q: 'ehhhlid',
  R: 'uhhukih',
  S: 'fgge11u',
  T: 'v444444',
  U: 'hhhhhhe',
  V: 'hhhhha4',
  W: 'hhhllla',
  X: 'hha4ahh',
  Y: 'hhha444',
  Z: 'v1248gv',
};

/** The pixels of a character, [x, y] from its upper left corner; of a character that is not here, none. */
export function glyphPixels(character: string): readonly (readonly [x: number, y: number])[] {
  const rows = ROWS[character.toUpperCase()] ?? '';
  return [...rows].flatMap((row, y) =>
    [0, 1, 2, 3, 4].filter((x) => Number.parseInt(row, 32) & (16 >> x)).map((x) => [x, y] as const),
  );
}
