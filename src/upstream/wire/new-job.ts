import type { JsonObject } from '../../domain/json.ts';
import type { NewJob } from '../../domain/new-job.ts';
import type { CollectionQuery } from '../../domain/source.ts';

const queryToWire = (query: CollectionQuery | null): JsonObject => {
  if (query === null) return {};
  if (query.kind === 'filter') {
    return {
      filterQuery: { ...(query.filter === null ? {} : { filter: query.filter }), fields: [...query.fields] },
    };
  }
  return {
    aggregationQuery: {
      ...(query.aggregationPipeline === null ? {} : { aggregationPipeline: query.aggregationPipeline }),
      fields: query.fields.map(({ key, displayName, fieldType }) => ({
        key,
        ...(displayName === null ? {} : { displayName }),
        fieldType,
      })),
    },
  };
};

const sourceToWire = (source: NewJob['source']): JsonObject => {
  switch (source.kind) {
    case 'collection':
      return { wixDataCollection: { collectionId: source.collectionId, ...queryToWire(source.query) } };
    case 'localization':
      return { localization: { languages: source.languages } };
    case 'file':
      return {
        file: { fileId: source.fileId, ...(source.format === null ? {} : { format: source.format }) },
      };
  }
};

const destinationToWire = (destination: NewJob['destination']): JsonObject => {
  switch (destination.kind) {
    case 'collection': {
      const { collectionId, writePolicy } = destination;
      return { wixDataCollection: { collectionId, writePolicy } };
    }
    case 'localization':
      return { localization: { languages: destination.languages } };
    case 'file': {
      const { format, fileName } = destination;
      return { file: { format, ...(fileName === null ? {} : { fileName }) } };
    }
  }
};

/** The body of SubmitJob. */
export const newJobToWire = ({
  name,
  source,
  destination,
  sourceSiteId,
  destinationSiteId,
}: NewJob): JsonObject => ({
  ...(name === null ? {} : { name }),
  source: sourceToWire(source),
  destination: destinationToWire(destination),
  ...(sourceSiteId === null ? {} : { sourceSiteId }),
  ...(destinationSiteId === null ? {} : { destinationSiteId }),
});
