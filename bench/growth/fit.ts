/** What something of one size has cost. */
export interface Point {
  readonly size: number;
  readonly cost: number;
}

/** How a cost grows with the size: fixed + perUnit × size, and how far the points bend away from that. */
export interface Growth {
  /** Of the straight line. */
  readonly fixed: number;
  readonly perUnit: number;
  /** p of the curve fixed + perUnit × size^p that fits best; 1 is linear. */
  readonly exponent: number;
  /** How much more the largest costs than the straight line says, as a part of it. */
  readonly aboveLine: number;
}

interface Line {
  readonly fixed: number;
  readonly perUnit: number;
  readonly error: number;
}

/** Least squares by the part that each is wrong by: the small ones would not count otherwise. Nothing is below 0. */
const fitLine = (points: readonly Point[], resolution: number, exponent: number): Line => {
  const sums = { w: 0, wx: 0, wxx: 0, wy: 0, wxy: 0 };
  const weighed = points.map(({ size, cost }) => ({
    x: size ** exponent,
    y: cost,
    w: 1 / Math.max(cost, resolution) ** 2,
  }));
  for (const { x, y, w } of weighed) {
    sums.w += w;
    sums.wx += w * x;
    sums.wxx += w * x * x;
    sums.wy += w * y;
    sums.wxy += w * x * y;
  }
  const { w, wx, wxx, wy, wxy } = sums;
  const candidates = [
    { fixed: Math.max(0, wy / w), perUnit: 0 },
    { fixed: 0, perUnit: Math.max(0, wxy / wxx) },
  ];
  const determinant = w * wxx - wx * wx;
  const both = { fixed: (wxx * wy - wx * wxy) / determinant, perUnit: (w * wxy - wx * wy) / determinant };
  if (both.fixed >= 0 && both.perUnit >= 0) candidates.push(both);
  const errorOf = ({ fixed, perUnit }: (typeof candidates)[number]) =>
    weighed.reduce((sum, { x, y, w }) => sum + w * (fixed + perUnit * x - y) ** 2, 0);
  return candidates
    .map((line) => ({ ...line, error: errorOf(line) }))
    .reduce((best, line) => (line.error < best.error ? line : best));
};

const exponents = Array.from({ length: 300 }, (_, n) => (n + 1) / 100);

/** `resolution` is the least difference of costs that can be told from noise. */
export const fitGrowth = (points: readonly Point[], resolution = 0): Growth => {
  const largest = points.reduce((one, other) => (other.size > one.size ? other : one), {
    size: 0,
    cost: 0,
  });
  if (new Set(points.map(({ size }) => size)).size < 3)
    throw new Error('Growth shows in three sizes or more.');
  const most = Math.max(...points.map(({ cost }) => cost));
  const least = Math.max(resolution, most / 1000, Number.MIN_VALUE);
  const { fixed, perUnit } = fitLine(points, least, 1);
  const curves = exponents.map((exponent) => ({ exponent, ...fitLine(points, least, exponent) }));
  const { exponent } = curves.reduce((best, curve) => (curve.error < best.error ? curve : best));
  const line = fixed + perUnit * largest.size;
  return { fixed, perUnit, exponent, aboveLine: (largest.cost - line) / Math.max(line, least) };
};

/** Measurements are not exact: beyond both of these it is no longer noise. */
const mostExponent = 1.15;
export const mostAboveLine = 0.1;

export const isFasterThanLinear = ({ exponent, aboveLine }: Growth): boolean =>
  exponent > mostExponent && aboveLine > mostAboveLine;
