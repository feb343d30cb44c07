import type { JsonObject } from '../json.ts';
import type { CollectionSource, Destination, Source } from './endpoint.ts';
import type { Job } from './job.ts';
import { renderError } from './render-log.ts';
import { structOf, timestampOf, wrappedValue } from './wrapper.ts';

const timeOf = (time: number): string => new Date(time).toISOString();

/** What is absent is left out. */
const bare = (job: Job): JsonObject => ({
  id: job.id,
  startedAt: timeOf(job.startedAt),
  status: job.status,
  source: job.source,
  destination: job.destination,
  name: job.name ?? undefined,
  progress: job.progress ?? undefined,
  finishedAt: job.finishedAt === null ? undefined : timeOf(job.finishedAt),
  error: job.error === null ? undefined : renderError(job.error, job.shape),
  partiallySuccessfulOptions:
    job.partialSuccessCause === null ? undefined : { cause: job.partialSuccessCause },
  ...job.otherSite,
  logsRecorded: job.logsRecorded,
  scheduleId: job.scheduleId ?? undefined,
  workflowId: job.workflowId ?? undefined,
  extendedFields: job.extendedFields === null ? undefined : { namespaces: job.extendedFields },
});

const sourceWithDefaults = (source: Source): JsonObject =>
  'wixDataCollection' in source ? { wixDataCollection: { fields: [], ...source.wixDataCollection } } : source;

const destinationWithDefaults = (destination: Destination): JsonObject =>
  'file' in destination ? { file: { url: '', ...destination.file } } : destination;

/** What is absent is null, or "" where the SDK's types promise a text (CONTRACT 4.1). */
const withDefaults = (job: Job): JsonObject => ({
  sourceSiteId: '',
  destinationSiteId: '',
  ...bare(job),
  name: job.name ?? '',
  source: sourceWithDefaults(job.source),
  destination: destinationWithDefaults(job.destination),
  progress: job.progress ?? { current: 0, total: null, itemsSuccessful: 0, itemsRejected: 0 },
  finishedAt: job.finishedAt === null ? null : timeOf(job.finishedAt),
  error: job.error,
  scheduleId: job.scheduleId,
  workflowId: job.workflowId,
});

const wrappedCollection = ({ filter, filterQuery, ...collection }: CollectionSource): JsonObject => ({
  ...collection,
  filter: filter && structOf(filter),
  filterQuery: filterQuery && { ...filterQuery, filter: structOf(filterQuery.filter) },
});

const wrappedSource = (source: Source): JsonObject =>
  'wixDataCollection' in source ? { wixDataCollection: wrappedCollection(source.wixDataCollection) } : source;

const wrappedDestination = (destination: Destination): JsonObject =>
  'file' in destination
    ? { file: { ...destination.file, fileName: wrappedValue(destination.file.fileName ?? null) } }
    : destination;

const wrapped = (job: Job): JsonObject => {
  const finished = job.finishedAt === null ? null : timestampOf(job.finishedAt);
  return {
    ...bare(job),
    startedAt: timestampOf(job.startedAt),
    // Seconds come as digits or as a number; this way both are seen.
    finishedAt: finished && { ...finished, seconds: Number(finished.seconds) },
    source: wrappedSource(job.source),
    destination: wrappedDestination(job.destination),
    progress: job.progress ? { ...job.progress, total: wrappedValue(job.progress.total) } : undefined,
    scheduleId: wrappedValue(job.scheduleId),
    workflowId: wrappedValue(job.workflowId),
  };
};

const renderings: Readonly<Record<Job['shape'], (job: Job) => JsonObject>> = {
  bare,
  defaults: withDefaults,
  wrapped,
};

export const renderJob = (job: Job): JsonObject => renderings[job.shape](job);
