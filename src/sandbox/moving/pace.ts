/** So many rows at once, and then so long a wait. */
export type Stride = { readonly rows: number; readonly waitMs: number };

/** Before anything moves: at usual speed, so long UNINITIALIZED and then at least so long INITIALIZING. */
export const preparation = { waitMs: 600, initializeMs: 900 };

/** A few rows take their time, so that one sees them move; many do not take forever. */
const msPerRow = 25;
const longestMs = 10_000;
const strideMs = 100;
/** More would keep the rest of the process waiting. */
const mostRows = 500;

export const strideOf = (rows: number, speed: number): Stride => {
  const moveMs = Math.min(rows * msPerRow, longestMs) / speed;
  const perRow = moveMs / Math.max(1, rows);
  const atOnce = Math.min(mostRows, Math.max(1, Math.floor(strideMs / perRow)));
  return { rows: atOnce, waitMs: perRow * atOnce };
};
