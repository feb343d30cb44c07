export const percentile = (numbers: readonly number[], share: number): number =>
  numbers.toSorted((one, other) => one - other)[Math.ceil(share * numbers.length) - 1] ?? Number.NaN;

export const median = (numbers: readonly number[]): number => percentile(numbers, 0.5);

export const ms = (number: number): string => `${number.toFixed(number < 10 ? 1 : 0)} ms`;

export const mb = (bytes: number): string => `${(bytes / 1_000_000).toFixed(0)} MB`;

export const pause = (milliseconds: number): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, milliseconds));

/** What one more takes, of what so many take, beside what the fewest do; nothing where that would be noise. */
export const kbEach = (count: number, bytes: number, fewest: { count: number; bytes: number }): string =>
  count < 100 * fewest.count
    ? ''
    : `${((bytes - fewest.bytes) / (count - fewest.count) / 1000).toFixed(1)} kB`;
