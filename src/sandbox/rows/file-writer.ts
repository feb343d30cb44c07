import type { JsonObject } from '../json.ts';

/** Writes rows into a file that is being made. */
export type FileWriter = {
  readonly write: (values: JsonObject) => void;
  /** Bytes so far, or a little less. */
  readonly size: () => number;
  readonly end: () => Promise<Buffer>;
};
