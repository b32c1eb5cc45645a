import type { Claim } from '../decision.ts';
import type { Plane } from '../plane.ts';
import type { BreastMask } from './breast-mask.ts';

/** The triangles measured have legs of this share of the breast's width and height. */
const TRIANGLE = 0.35;

/** One corner must outshine the other by this factor. */
const LEAST_RATIO = 1.3;

/**
 * The end of the chest wall where the pectoral muscle is: in an oblique view a bright triangle fills the upper corner, while
 * the lower one is mostly air. Undefined where the two corners are alike, as in a craniocaudal view.
 * @param plane brighter is denser, chest wall on the left, as is `mask`
 */
export function pectoralSide(plane: Plane, mask: BreastMask): Claim<'top' | 'bottom'> | undefined {
  const [x1, y1, x2, y2] = mask.boxPx;
  const [legX, legY] = [TRIANGLE * (x2 - x1), TRIANGLE * (y2 - y1)];
  const { level } = mask.air;
  let [top, bottom] = [0, 0];
  for (let y = 0; y < legY; y++) {
    const end = x1 + legX * (1 - y / legY);
    for (let x = x1; x < end; x++) {
      for (const [row, isTop] of [
        [y1 + y, true],
        [y2 - 1 - y, false],
      ] as const) {
        const at = row * plane.width + x;
        const above = mask.data[at] ? Math.max(0, (plane.data[at] as number) - level) : 0;
        if (isTop) top += above;
        else bottom += above;
      }
    }
  }
  const ratio = top / bottom;
  if (!(ratio >= LEAST_RATIO || ratio <= 1 / LEAST_RATIO)) return undefined;
  const says = ratio > 1 ? 'top' : 'bottom';
  const value = `upper corner at the chest wall ${ratio.toFixed(2)} times as bright as the lower`;
  return { source: 'pixels', name: 'pectoral muscle', value, says };
}
