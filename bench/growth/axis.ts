export type Scale = 'linear' | 'log';

/** Where values lie along an axis, and which of them are written beside it. */
export interface Axis {
  readonly ticks: readonly number[];
  /** From 0 at the beginning of the axis to 1 at its end. */
  place(value: number): number;
}

const mantissas = [1, 2, 5];
const mostTicks = 8;

/** Round numbers of equal distance, from 0 to one that nothing is above. */
const linearAxis = (most: number): Axis => {
  const rough = Math.max(most, Number.MIN_VALUE) / (mostTicks - 2);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([...mantissas, 10].find((mantissa) => mantissa * power >= rough * 0.999) ?? 10);
  const count = Math.max(1, Math.ceil((most / step) * 0.999));
  const ticks = Array.from({ length: count + 1 }, (_, n) => Number((n * step).toPrecision(12)));
  return { ticks, place: (value) => value / (count * step) };
};

/** Powers of ten, or 1, 2, 5, 10 … where there are few. */
const logAxis = (least: number, most: number): Axis => {
  const [from, to] = [Math.floor(Math.log10(least) + 0.001), Math.ceil(Math.log10(most) - 0.001)];
  const last = Math.max(to, from + 1);
  const fine = last - from <= 2;
  const ticks = Array.from({ length: last - from + 1 }, (_, n) => from + n).flatMap((power) =>
    (fine && power < last ? mantissas : [1]).map((mantissa) => Number(`${mantissa}e${power}`)),
  );
  return {
    ticks,
    // there is no place for 0: it lies at the beginning
    place: (value) => Math.max(0, (Math.log10(Math.max(value, Number.MIN_VALUE)) - from) / (last - from)),
  };
};

export const axisFor = (scale: Scale, values: readonly number[]): Axis => {
  const above = values.filter((value) => value > 0);
  const most = Math.max(...above, 0);
  if (scale === 'linear' || above.length === 0) return linearAxis(above.length === 0 ? 1 : most);
  return logAxis(Math.min(...above), most);
};
