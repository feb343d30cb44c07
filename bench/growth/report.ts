import { table } from '../support/markdown.ts';
import { fitGrowth, type Growth, isFasterThanLinear } from './fit.ts';
import { plot } from './plot.ts';
import type { Cost, CostPanel, Series } from './series.ts';

/** What became of one cost. */
export interface Verdict {
  readonly cost: string;
  readonly growth: Growth;
  readonly isFaster: boolean;
}

const percent = (part: number) => `${Math.abs(part * 100).toFixed(0)} %`;

const growthOf = ({ points, resolution, boundFrom = Number.POSITIVE_INFINITY }: Cost): Growth =>
  fitGrowth(
    points.filter(({ size }) => size <= boundFrom),
    resolution,
  );

export const verdictOf = (panel: CostPanel, cost: Cost): Verdict => {
  const growth = growthOf(cost);
  const line = (size: number) => growth.fixed + growth.perUnit * size;
  // a bound that does not hold is as bad
  const isUnbound = cost.points.some(
    ({ size, cost: is }) => size > (cost.boundFrom ?? size) && is > line(size),
  );
  const name = panel.costs.length > 1 ? `${panel.title}, ${cost.name}` : panel.title;
  return { cost: name, growth, isFaster: isUnbound || isFasterThanLinear(growth) };
};

export const verdictsOf = ({ panels }: Series): readonly Verdict[] =>
  panels.flatMap((panel) => panel.costs.map((cost) => verdictOf(panel, cost)));

export const sentenceOf = ({ cost, growth: { exponent, aboveLine }, isFaster }: Verdict): string => {
  const where = `exponent ${exponent.toFixed(2)}, the largest ${percent(aboveLine)} ${aboveLine > 0 ? 'above' : 'below'} the straight line`;
  return isFaster
    ? `${cost}: **grows faster than linear** (${where})`
    : `${cost}: grows no faster than linear (${where})`;
};

export const plotOf = ({ title, panels }: Series): string =>
  plot(
    panels.map((panel) => ({
      ...panel,
      curves: panel.costs.map((cost) => {
        const { fixed, perUnit } = growthOf(cost);
        return { ...cost, linear: (size: number) => fixed + perUnit * size };
      }),
    })),
    title,
  );

export const sectionOf = (series: Series): string => {
  const { name, title, text, head, rows } = series;
  return [
    `### ${title}`,
    '',
    text,
    '',
    `![${title}](growth/${name}.svg)`,
    '',
    table(head, rows),
    '',
    ...verdictsOf(series).map((verdict) => `- ${sentenceOf(verdict)}`),
  ].join('\n');
};
