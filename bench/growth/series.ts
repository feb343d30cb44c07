import type { Scale } from './axis.ts';
import type { Point } from './fit.ts';

/** One cost by the size of something. */
export interface Cost {
  /** As the legend and the verdict call it. */
  readonly name: string;
  readonly points: readonly Point[];
  /** The least difference that can be told from noise. */
  readonly resolution?: number;
  /** The size from which on a bound holds: what is linear shows before it. */
  readonly boundFrom?: number;
}

export interface CostPanel {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly xScale: Scale;
  readonly yScale: Scale;
  readonly costs: readonly Cost[];
}

/** What was measured of one thing that may grow. */
export interface Series {
  /** Of its file and of --only. */
  readonly name: string;
  readonly title: string;
  /** How it was measured, and what is remarkable. */
  readonly text: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly panels: readonly CostPanel[];
}
