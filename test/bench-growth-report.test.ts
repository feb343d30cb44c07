import { describe, expect, it } from 'vitest';
import { plotOf, sectionOf, sentenceOf, verdictsOf } from '../bench/growth/report.ts';
import type { Cost, Series } from '../bench/growth/series.ts';

const sizes = [100, 1000, 3000, 10_000, 20_000, 30_000];
const costOf = (cost: (size: number) => number, more: Partial<Cost> = {}): Cost => ({
  name: 'kept',
  points: sizes.map((size) => ({ size, cost: cost(size) })),
  ...more,
});
const seriesOf = (...costs: readonly Cost[]): Series => ({
  name: 'callers',
  title: 'Callers',
  text: 'Who asked once.',
  head: ['Callers', 'Kept'],
  rows: [['100', '1 MB']],
  panels: [
    {
      title: 'Kept for callers',
      ...{ xLabel: 'callers', yLabel: 'MB', xScale: 'linear', yScale: 'linear' },
      costs,
    },
  ],
});
const isFaster = (cost: Cost) => verdictsOf(seriesOf(cost)).map((verdict) => verdict.isFaster);

describe('the report on growth', () => {
  it('passes what is linear, and not what grows faster', () => {
    expect(isFaster(costOf((size) => 5 + size / 100))).toEqual([false]);
    expect(isFaster(costOf((size) => 5 + size ** 1.6 / 1000))).toEqual([true]);
  });

  it('wants a bound to hold, and judges growth by what lies before it', () => {
    const boundFrom = 10_000;
    expect(isFaster(costOf((size) => Math.min(size, boundFrom), { boundFrom }))).toEqual([false]);
    expect(isFaster(costOf((size) => size, { boundFrom }))).toEqual([true]);
    expect(isFaster(costOf((size) => Math.min(size, boundFrom) ** 1.6, { boundFrom }))).toEqual([true]);
  });

  it('judges every cost of every panel by itself, and names it', () => {
    const good = costOf((size) => size, { name: 'kept' });
    const bad = costOf((size) => size ** 2, { name: 'resident' });
    const verdicts = verdictsOf(seriesOf(good, bad));
    expect(verdicts.map((verdict) => [verdict.cost, verdict.isFaster])).toEqual([
      ['Kept for callers, kept', false],
      ['Kept for callers, resident', true],
    ]);
    expect(
      verdicts.map(sentenceOf).map((sentence) => /no faster|\*\*grows faster/.exec(sentence)?.[0]),
    ).toEqual(['no faster', '**grows faster']);
  });

  it('says above or below the straight line', () => {
    const [bent] = verdictsOf(seriesOf(costOf((size) => size ** 2)));
    const [flat] = verdictsOf(seriesOf(costOf((size) => Math.sqrt(size))));
    expect(bent && sentenceOf(bent)).toMatch(/exponent 2\.00, the largest \d+ % above/);
    expect(flat && sentenceOf(flat)).toMatch(/exponent 0\.50, the largest \d+ % below/);
  });

  it('gives no exponent where a straight line is good enough', () => {
    const [straight] = verdictsOf(seriesOf(costOf((size) => 100 + size * (1 + 0.02 * Math.sin(size)))));
    expect(straight && sentenceOf(straight)).toMatch(
      /^Kept for callers: grows no faster than linear \(the largest/,
    );
  });

  it('shows plot, table and verdicts of a series', () => {
    const section = sectionOf(seriesOf(costOf((size) => size)));
    expect(section.split('\n')).toEqual([
      '### Callers',
      '',
      'Who asked once.',
      '',
      '![Callers](growth/callers.svg)',
      '',
      '| Callers | Kept |',
      '| --- | ---: |',
      '| 100 | 1 MB |',
      '',
      expect.stringMatching(/^- Kept for callers: grows no faster than linear \(the largest 0 %/),
    ]);
  });

  it('draws linear growth as what was fitted before the bound', () => {
    const bounded = costOf((size) => Math.min(size, 10_000), { boundFrom: 10_000 });
    // the axis has to reach as far as the reference: thrice the bound
    expect(plotOf(seriesOf(bounded))).toContain('>30,000</text>');
    expect(plotOf(seriesOf(bounded)).match(/>25,000<\/text>/g)).toHaveLength(2);
  });
});
