export const percentile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((one, other) => one - other)[Math.ceil(share * numbers.length) - 1] ?? Number.NaN;

export const median = (numbers: readonly number[]): number => percentile(numbers, 0.5);

export const ms = (number: number): string => `${number.toFixed(number < 10 ? 1 : 0)} ms`;

export const mb = (bytes: number): string => `${(bytes / 1_000_000).toFixed(0)} MB`;

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));
