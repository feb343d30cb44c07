import type { Destination, OtherSite, Source } from './endpoint.ts';

/** What a caller asks for when submitting a job. */
export type Submission = {
  readonly name: string | null;
  readonly source: Source;
  readonly destination: Destination;
  readonly otherSite: OtherSite | null;
};
