import type { JsonObject } from './json.ts';

/** Why a job or one of its items failed: data about the job, not a failure of a call. */
export interface ApplicationError {
  readonly code: string | null;
  readonly description: string | null;
  readonly data: JsonObject | null;
}

const helpByCode: Readonly<Record<string, string>> = {
  WDH0000:
    'Wix could not say what went wrong; submit the job again, and contact Wix support with the job id if it fails again.',
  WDH0001:
    'The job was refused while it was being prepared; check that collections, fields, languages and the source and destination pair exist and fit together.',
  WDH0002: 'Another Wix service failed while the job called it; wait a few minutes and submit the job again.',
  WDH0003:
    'The data is not valid; check that the file is CSV or JSONL, is not cut off, and that its values fit the fields of the destination.',
  WDE0009: 'The item is larger than a collection item may be (500 KB); shorten it or split it up.',
  WDE0025: 'The collection does not exist on this site; check its id in the CMS, or create it first.',
  WDE0110:
    'Wix Data is not enabled on this site; turn on the code editor of the site and submit the job again.',
};

/** One sentence on what a known code means and what to do about it; null for any other code. */
export const helpFor = (error: ApplicationError): string | null =>
  error.code !== null && Object.hasOwn(helpByCode, error.code) ? (helpByCode[error.code] ?? null) : null;
