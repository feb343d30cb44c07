import { axisFor, type Scale } from './axis.ts';
import type { Point } from './fit.ts';

export interface Curve {
  readonly name: string;
  readonly points: readonly Point[];
  /** What linear growth would cost, drawn dashed up to the largest size. */
  readonly linear?: (size: number) => number;
}

export interface Panel {
  readonly title: string;
  /** With its unit. */
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: Scale;
  readonly yScale: Scale;
  readonly curves: readonly Curve[];
}

const width = 400;
const height = 310;
const inner = { left: 62, right: 374, top: 36, bottom: 262 };
const colours = ['#0b62c4', '#b8470b', '#1a7a3c', '#7a2fa8'];
const samples = 60;

const escaped = (text: string) => text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
const short = (value: number) => Number(value.toFixed(1));
const number = (value: number) => value.toLocaleString('en', { maximumSignificantDigits: 4 });

const textAt = (x: number, y: number, text: string, more = '') =>
  `<text x="${short(x)}" y="${short(y)}" ${more}>${escaped(text)}</text>`;

/** Between the smallest and the largest, as evenly as they are drawn. */
const sizesBetween = (points: readonly Point[], scale: Scale): readonly number[] => {
  const sizes = points.map(({ size }) => size);
  const [from, to] = [Math.min(...sizes), Math.max(...sizes)];
  return Array.from({ length: samples + 1 }, (_, n) => {
    const part = n / samples;
    return scale === 'log' ? from * (to / from) ** part : from + (to - from) * part;
  });
};

const drawPanel = ({ title, xLabel, yLabel, xScale, yScale, curves }: Panel, left: number): string => {
  const all = curves.flatMap(({ points }) => points);
  const references = curves.map(({ points, linear }) =>
    linear ? sizesBetween(points, xScale).map((size) => ({ size, cost: linear(size) })) : [],
  );
  const xAxis = axisFor(
    xScale,
    all.map(({ size }) => size),
  );
  const yAxis = axisFor(
    yScale,
    [...all, ...references.flat()].map(({ cost }) => cost),
  );
  const x = (size: number) => short(inner.left + xAxis.place(size) * (inner.right - inner.left));
  const y = (cost: number) => short(inner.bottom - yAxis.place(cost) * (inner.bottom - inner.top));
  const line = (points: readonly Point[], more: string) =>
    `<polyline fill="none" points="${points.map(({ size, cost }) => `${x(size)},${y(cost)}`).join(' ')}" ${more}/>`;

  const grid = [
    ...yAxis.ticks.map(
      (tick) =>
        `<line x1="${inner.left}" x2="${inner.right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#e2e2e2"/>` +
        textAt(inner.left - 6, y(tick) + 4, number(tick), 'text-anchor="end"'),
    ),
    ...xAxis.ticks.map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="${inner.top}" y2="${inner.bottom}" stroke="#eeeeee"/>` +
        textAt(x(tick), inner.bottom + 16, number(tick), 'text-anchor="middle"'),
    ),
  ];
  const drawn = curves.map(({ points }, n) => {
    const colour = colours[n % colours.length];
    const dots = points.map(
      ({ size, cost }) => `<circle cx="${x(size)}" cy="${y(cost)}" r="3.5" fill="${colour}"/>`,
    );
    const reference = references[n] ?? [];
    return [
      reference.length > 0
        ? line(reference, `stroke="${colour}" stroke-dasharray="5 4" stroke-opacity="0.7"`)
        : '',
      line(points, `stroke="${colour}" stroke-width="2"`),
      ...dots,
    ].join('');
  });
  const names = [
    ...curves.map(({ name }, n) => ({ name, colour: colours[n % colours.length], dashes: '' })),
    ...(references.some((reference) => reference.length > 0)
      ? [{ name: 'linear growth', colour: '#444444', dashes: ' stroke-dasharray="5 4"' }]
      : []),
  ];
  const legend = names.map(({ name, colour, dashes }, n) => {
    const at = inner.top + 14 + n * 16;
    return (
      `<line x1="${inner.left + 8}" x2="${inner.left + 30}" y1="${at - 4}" y2="${at - 4}" stroke="${colour}" stroke-width="2"${dashes}/>` +
      textAt(inner.left + 36, at, name, 'paint-order="stroke" stroke="#ffffff" stroke-width="3"')
    );
  });
  const middle = (inner.top + inner.bottom) / 2;
  return [
    `<g transform="translate(${left} 0)">`,
    textAt(
      (inner.left + inner.right) / 2,
      22,
      title,
      'text-anchor="middle" font-size="14" font-weight="600"',
    ),
    ...grid,
    `<polyline fill="none" stroke="#444444" points="${inner.left},${inner.top} ${inner.left},${inner.bottom} ${inner.right},${inner.bottom}"/>`,
    ...drawn,
    ...legend,
    textAt((inner.left + inner.right) / 2, inner.bottom + 36, xLabel, 'text-anchor="middle"'),
    textAt(16, middle, yLabel, `text-anchor="middle" transform="rotate(-90 16 ${middle})"`),
    '</g>',
  ].join('\n');
};

/** Panels side by side on a background of their own, so that pages of any colour can show them. */
export const plot = (panels: readonly Panel[], description: string): string => {
  const whole = width * panels.length;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${whole}" height="${height}" viewBox="0 0 ${whole} ${height}" role="img" font-family="system-ui, Helvetica, Arial, sans-serif" font-size="11" fill="#222222">`,
    `<title>${escaped(description)}</title>`,
    `<rect width="${whole}" height="${height}" rx="6" fill="#ffffff"/>`,
    ...panels.map((panel, n) => drawPanel(panel, n * width)),
    '</svg>',
    '',
  ].join('\n');
};
