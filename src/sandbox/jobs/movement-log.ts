import type { JsonObject } from '../json.ts';
import type { JobError } from './job.ts';

export type MovementLog =
  | { readonly sourceItemId: string; readonly failure: JobError }
  | { readonly sourceItemId: string; readonly details: JsonObject };

/** Entries are only ever added, so an index names one for good. */
export type LogBook = { readonly length: number; readonly entry: (index: number) => MovementLog };
