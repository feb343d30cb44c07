import { describe, expect, it } from 'vitest';
import { axisFor } from '../bench/growth/axis.ts';
import { type Panel, plot } from '../bench/growth/plot.ts';

const panel = (more: Partial<Panel> = {}): Panel => ({
  title: 'A list by its page size',
  xLabel: 'jobs a page',
  yLabel: 'CPU ms',
  xScale: 'linear',
  yScale: 'linear',
  curves: [
    {
      name: 'CPU',
      points: [
        { size: 0, cost: 0 },
        { size: 50, cost: 5 },
        { size: 100, cost: 10 },
      ],
      linear: (size) => size / 10,
    },
  ],
  ...more,
});

interface Place {
  readonly x: number;
  readonly y: number;
}
const dotsOf = (svg: string): readonly Place[] =>
  [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
const linesOf = (svg: string): readonly (readonly Place[])[] =>
  [...svg.matchAll(/<polyline[^>]* points="([^"]+)"/g)].map(([, points = '']) =>
    points.split(' ').map((pair) => {
      const [x = Number.NaN, y = Number.NaN] = pair.split(',').map(Number);
      return { x, y };
    }),
  );

describe('an axis', () => {
  it('begins at 0 and goes in round steps beyond the largest, where it is linear', () => {
    const axis = axisFor('linear', [3, 87]);
    expect(axis.ticks).toEqual([0, 20, 40, 60, 80, 100]);
    expect([0, 50, 100].map(axis.place)).toEqual([0, 0.5, 1]);
  });

  it('has powers of ten at even distances, where it is logarithmic', () => {
    const axis = axisFor('log', [10, 10_000]);
    expect(axis.ticks).toEqual([10, 100, 1000, 10_000]);
    expect([10, 100, 1000, 10_000].map((value) => axis.place(value).toFixed(3))).toEqual([
      '0.000',
      '0.333',
      '0.667',
      '1.000',
    ]);
  });

  it('has steps between the powers where they are few', () => {
    expect(axisFor('log', [2, 40]).ticks).toEqual([1, 2, 5, 10, 20, 50, 100]);
  });

  it.each([
    ['linear', [0.0003, 0.0012]],
    ['linear', [1e9]],
    ['linear', [0]],
    ['linear', []],
    ['log', [7]],
    ['log', [0, 12]],
    ['log', [0.02, 5e6]],
  ] as const)('%s holds %j between its ends, with a few ticks', (scale, values) => {
    const axis = axisFor(scale, values);
    for (const value of values) {
      expect(axis.place(value)).toBeGreaterThanOrEqual(0);
      expect(axis.place(value)).toBeLessThanOrEqual(1);
    }
    expect(axis.ticks.length).toBeGreaterThan(1);
    expect(axis.ticks.length).toBeLessThan(12);
    expect(axis.ticks.map(axis.place)).toEqual(
      axis.ticks.map(axis.place).toSorted((one, other) => one - other),
    );
    expect(axis.place(axis.ticks.at(-1) ?? 0)).toBeCloseTo(1);
  });
});

describe('a plot', () => {
  it('puts every point where it belongs: to the right by size, up by cost', () => {
    const [zero, half, full] = dotsOf(plot([panel()], 'pages'));
    expect(half?.x).toBeCloseTo(((zero?.x ?? 0) + (full?.x ?? 0)) / 2, 0);
    expect(half?.y).toBeCloseTo(((zero?.y ?? 0) + (full?.y ?? 0)) / 2, 0);
    expect(full?.x).toBeGreaterThan(zero?.x ?? Number.NaN);
    expect(full?.y).toBeLessThan(zero?.y ?? Number.NaN);
  });

  it('draws the reference of linear growth through points that are linear, and says what it is', () => {
    const svg = plot([panel()], 'pages');
    const dashed =
      svg.split('\n').find((line) => line.includes('polyline') && line.includes('dasharray')) ?? '';
    const [reference = []] = linesOf(dashed);
    const dots = dotsOf(svg);
    expect(reference.length).toBeGreaterThan(20);
    expect(reference[0]).toEqual(dots[0]);
    expect(reference.at(-1)).toEqual(dots.at(-1));
    expect(svg).toContain('>linear growth</text>');
    const bare = panel({ curves: [{ name: 'CPU', points: panel().curves[0]?.points ?? [] }] });
    expect(plot([bare], 'pages')).not.toContain('linear growth');
  });

  it('leaves nothing outside, references and panels included', () => {
    const steep = panel({
      curves: [{ name: 'CPU', points: panel().curves[0]?.points ?? [], linear: (size) => size * 50 }],
    });
    const logarithmic = panel({
      xScale: 'log',
      yScale: 'log',
      curves: [{ name: 'CPU', points: [10, 100, 10_000].map((size) => ({ size, cost: size / 7 })) }],
    });
    const svg = plot([steep, logarithmic], 'two');
    const [, width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)?.map(Number) ?? [];
    const places = [...linesOf(svg).flat(), ...dotsOf(svg)];
    expect(places.length).toBeGreaterThan(60);
    for (const { x, y } of places) {
      expect(x).toBeGreaterThan(0);
      expect(x).toBeLessThan((width ?? 0) / 2);
      expect(y).toBeGreaterThan(0);
      expect(y).toBeLessThan(height ?? 0);
    }
  });

  it('has its own background, the labels of both axes, and a title for who cannot see it', () => {
    const svg = plot([panel()], 'CPU & pages');
    expect(svg).toMatch(/<rect width="\d+" height="\d+"[^>]* fill="#ffffff"\/>/);
    for (const text of ['jobs a page', 'CPU ms', 'A list by its page size', 'CPU']) {
      expect(svg).toContain(`>${text}</text>`);
    }
    expect(svg).toContain('<title>CPU &#38; pages</title>');
  });

  it('writes names as text, whatever they hold', () => {
    const svg = plot([panel({ title: '<b> & "c"' })], 't');
    expect(svg).not.toContain('<b>');
    expect(svg).toContain('&#60;b&#62; &#38; &#34;c&#34;');
  });

  it('writes no number that is none', () => {
    const empty = panel({ xScale: 'log', curves: [{ name: 'CPU', points: [{ size: 10, cost: 0 }] }] });
    expect(plot([empty], 't')).not.toMatch(/NaN|Infinity|undefined/);
  });
});
