import type { Claim } from '../decision.ts';
import type { Side } from '../orientation/anatomical-direction.ts';
import type { BreastMask } from './breast-mask.ts';

/** The chest wall fills its side of the breast's box, the nipple's side is a curve: the shares differ by at least this. */
const LEAST_CONTRAST = 0.3;

/** An image is taken to lie on its side only where top and bottom differ by this much more than left and right. */
const LEAST_TURN = 0.15;

/**
 * The side of the chest wall as the mask shows it: of the sides of the breast's box the one that it fills, opposite to one
 * that it does not. Undefined where opposite sides are alike: a breast that is cut on both sides, a magnified part.
 */
export function chestWallByMask(mask: BreastMask): Claim<Side> | undefined {
  const shares = sideShares(mask);
  const [across, along] = [shares.left - shares.right, shares.top - shares.bottom];
  const isTurned = Math.abs(along) - Math.abs(across) >= LEAST_TURN;
  const contrast = isTurned ? along : across;
  if (Math.abs(contrast) < LEAST_CONTRAST) return undefined;
  const says: Side = isTurned ? (along > 0 ? 'top' : 'bottom') : across > 0 ? 'left' : 'right';
  const value = (Object.keys(shares) as Side[])
    .map((side) => `${side} ${(100 * shares[side]).toFixed(0)} %`)
    .join(', ');
  return { source: 'pixels', name: 'straight edge of the breast', value, says };
}

/** The share of each side of the breast's box along which the breast reaches to within 2 % of the box. */
function sideShares({ width, data, boxPx: [x1, y1, x2, y2] }: BreastMask): Record<Side, number> {
  const [depthX, depthY] = [Math.ceil((x2 - x1) * 0.02), Math.ceil((y2 - y1) * 0.02)];
  const reaches = (along: number, from: number, step: number, stride: number, depth: number) => {
    for (let i = 0; i < depth; i++) if (data[along * stride + (from + i * step) * (stride === 1 ? width : 1)]) return 1;
    return 0;
  };
  const shares = { left: 0, right: 0, top: 0, bottom: 0 };
  for (let y = y1; y < y2; y++) {
    shares.left += reaches(y, x1, 1, width, depthX);
    shares.right += reaches(y, x2 - 1, -1, width, depthX);
  }
  for (let x = x1; x < x2; x++) {
    shares.top += reaches(x, y1, 1, 1, depthY);
    shares.bottom += reaches(x, y2 - 1, -1, 1, depthY);
  }
  const [rows, columns] = [y2 - y1, x2 - x1];
  return {
    left: shares.left / rows,
    right: shares.right / rows,
    top: shares.top / columns,
    bottom: shares.bottom / columns,
  };
}
