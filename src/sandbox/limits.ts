const mebibyte = 1024 * 1024;

/** What keeps the memory of a sandbox bounded. */
export type Limits = {
  /** Of one stored file, uploaded or exported. */
  readonly fileBytes: number;
  /** Of all stored files together; past it the oldest go. */
  readonly storedBytes: number;
  readonly itemsPerCollection: number;
  readonly itemBytes: number;
  /** A job keeps its first so many log entries; `logsRecorded` tells how many are kept. */
  readonly logsPerJob: number;
  /** Of submitted jobs a site keeps the unfinished ones and the newest of the finished ones. */
  readonly jobsPerSite: number;
  /** Others wait, UNINITIALIZED. */
  readonly jobsAtOnce: number;
};

export const usualLimits: Limits = {
  fileBytes: 64 * mebibyte,
  storedBytes: 256 * mebibyte,
  itemsPerCollection: 200_000,
  itemBytes: mebibyte / 2,
  logsPerJob: 10_000,
  jobsPerSite: 200,
  jobsAtOnce: 10,
};
