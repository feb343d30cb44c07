import { table } from '../support/markdown.ts';
import { fitGrowth, type Growth, isFasterThanLinear, mostAboveLine } from './fit.ts';
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

/** How much more there may be beyond a bound than at it. */
const slack = 1.15;

/** A bound that does not hold is as bad as what grows too fast. */
const isUnbound = ({ points, boundFrom = Number.POSITIVE_INFINITY, resolution = 0 }: Cost): boolean => {
  const [within, beyond] = [true, false].map((is) => points.filter(({ size }) => size <= boundFrom === is));
  const most = Math.max(...(within ?? []).map(({ cost }) => cost));
  return (beyond ?? []).some(({ cost }) => cost > most * slack + resolution);
};

const verdictOf = (panel: CostPanel, cost: Cost): Verdict => {
  const growth = growthOf(cost);
  const name = panel.costs.length > 1 ? `${panel.title}, ${cost.name}` : panel.title;
  return { cost: name, growth, isFaster: isUnbound(cost) || isFasterThanLinear(growth) };
};

export const verdictsOf = ({ panels }: Series): readonly Verdict[] =>
  panels.flatMap((panel) => panel.costs.map((cost) => verdictOf(panel, cost)));

export const sentenceOf = ({ cost, growth: { exponent, aboveLine }, isFaster }: Verdict): string => {
  const line = `the largest ${percent(aboveLine)} ${aboveLine > 0 ? 'above' : 'below'} the straight line`;
  // of what a straight line fits, an exponent would tell the noise
  const where = Math.abs(aboveLine) > mostAboveLine ? `exponent ${exponent.toFixed(2)}, ${line}` : line;
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
