import { describe, expect, it } from 'vitest';
import { fitGrowth, isFasterThanLinear } from '../bench/growth/fit.ts';

const pages = [1, 5, 10, 25, 50, 100];
const decades = [10, 100, 1000, 10_000];
const points = (sizes: readonly number[], cost: (size: number) => number) =>
  sizes.map((size) => ({ size, cost: cost(size) }));
const verdict = (sizes: readonly number[], cost: (size: number) => number) =>
  isFasterThanLinear(fitGrowth(points(sizes, cost)));

/** Up to 4 % off, the same each time. */
const noisy = (cost: (size: number) => number) => (size: number) => cost(size) * (1 + 0.04 * Math.sin(size));

describe('the fit of growth', () => {
  it('finds the straight line, its fixed cost and the exponent 1', () => {
    const growth = fitGrowth(points(pages, (size) => 300 + 12 * size));
    expect(growth.fixed).toBeCloseTo(300, 3);
    expect(growth.perUnit).toBeCloseTo(12, 3);
    expect(growth.exponent).toBe(1);
    expect(growth.aboveLine).toBeCloseTo(0, 6);
  });

  it.each([
    ['n', (size: number) => size, 1],
    ['n squared', (size: number) => 3 * size ** 2, 2],
    ['n squared above a fixed cost', (size: number) => 500 + size ** 2, 2],
    ['the root of n', (size: number) => 5 * Math.sqrt(size), 0.5],
  ])('finds the exponent of %s', (_what, cost, exponent) => {
    for (const sizes of [pages, decades]) {
      expect(fitGrowth(points(sizes, cost)).exponent).toBeCloseTo(exponent, 1);
    }
  });

  it.each([
    ['n', (size: number) => size],
    ['a fixed cost alone', () => 42],
    ['n above a fixed cost', (size: number) => 1000 + 3 * size],
    ['the root of n', (size: number) => Math.sqrt(size)],
    ['what is bounded', (size: number) => Math.min(size, 40)],
  ])('lets %s pass, exact or noisy', (_what, cost) => {
    for (const sizes of [pages, decades]) {
      expect(verdict(sizes, cost)).toBe(false);
      expect(verdict(sizes, noisy(cost))).toBe(false);
    }
  });

  it.each([
    ['n squared', (size: number) => size ** 2],
    ['n squared above a fixed cost', (size: number) => 400 + size ** 2],
    ['n to the power of 1.5', (size: number) => 4 * size ** 1.5],
    ['n with a small square', (size: number) => 300 + 10 * size + size ** 2 / 10],
  ])('is strict with %s, exact or noisy', (_what, cost) => {
    for (const sizes of [pages, decades]) {
      expect(verdict(sizes, cost)).toBe(true);
      expect(verdict(sizes, noisy(cost))).toBe(true);
    }
  });

  it('does not take what is below the resolution for growth', () => {
    const noise = points([100, 1000, 3000, 10_000], (size) => (size === 10_000 ? 0.9 : 0.1));
    expect(isFasterThanLinear(fitGrowth(noise))).toBe(true);
    expect(isFasterThanLinear(fitGrowth(noise, 10))).toBe(false);
  });

  it('bears costs of 0, and points in any order', () => {
    const growth = fitGrowth([
      { size: 100, cost: 50 },
      { size: 1, cost: 0 },
      { size: 10, cost: 0 },
    ]);
    expect(Object.values(growth).every(Number.isFinite)).toBe(true);
    expect(fitGrowth(points(pages.toReversed(), (size) => 2 * size)).exponent).toBe(1);
  });

  it('says nothing of fewer than three sizes', () => {
    expect(() => fitGrowth(points([1, 10], (size) => size))).toThrow(/three sizes/);
  });
});
