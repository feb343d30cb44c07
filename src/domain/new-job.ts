import type { CollectionDestination, FileDestination } from './destination.ts';
import { idKey } from './guid.ts';
import type { Job } from './job.ts';
import type { CollectionQuery, CollectionSource, FileSource, Localization } from './source.ts';

/** A job that somebody wants: what is left when everything that upstream adds is taken away. */
export interface NewJob {
  readonly name: string | null;
  readonly source: CollectionSource | Localization | FileSource;
  readonly destination: CollectionDestination | Localization | FileDestination;
  readonly sourceSiteId: string | null;
  readonly destinationSiteId: string | null;
}

type End = NewJob['source'] | NewJob['destination'] | Job['source'] | Job['destination'];

/** A filter that was left out comes back from upstream as an empty one. */
const essenceOfQuery = (query: CollectionQuery | null): unknown =>
  query?.kind === 'aggregation' ? query : { filter: query?.filter ?? {}, fields: query?.fields ?? [] };

/** What identifies an end, without what upstream fills in: addresses, and formats that it found out by itself. */
const essence = (end: End): unknown => {
  if (end === null) return null;
  switch (end.kind) {
    case 'collection':
      return 'writePolicy' in end
        ? [end.collectionId, end.writePolicy]
        : [end.collectionId, essenceOfQuery(end.query)];
    case 'localization':
      return end.languages;
    case 'file':
      return 'fileId' in end ? end.fileId : [end.format, end.fileName];
    case 'unsupported':
      return end;
  }
};

/** JSON with its keys in order, so that equal values are equal texts. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([one], [other]) => (one < other ? -1 : 1)))
      : each,
  );

/** The same intention as one text. */
export const fingerprint = (wanted: NewJob): string => canonical(wanted);

const sameId = (one: string | null, other: string | null): boolean =>
  one === null || other === null ? one === other : idKey(one) === idKey(other);

/** A file name that was left out is chosen by upstream, so any will do. */
const withChosenName = (wanted: NewJob['destination'], actual: Job['destination']): Job['destination'] =>
  wanted.kind === 'file' && wanted.fileName === null && actual?.kind === 'file'
    ? { ...actual, fileName: null }
    : actual;

/** Whether a job does just what was wanted. */
export const isSameMove = (wanted: NewJob, { destination, ...job }: Job): boolean =>
  job.name === wanted.name &&
  job.source?.kind === wanted.source.kind &&
  destination?.kind === wanted.destination.kind &&
  sameId(job.sourceSiteId, wanted.sourceSiteId) &&
  sameId(job.destinationSiteId, wanted.destinationSiteId) &&
  canonical(essence(job.source)) === canonical(essence(wanted.source)) &&
  canonical(essence(withChosenName(wanted.destination, destination))) ===
    canonical(essence(wanted.destination));
