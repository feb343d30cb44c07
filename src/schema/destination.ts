import type { CollectionDestination, FileDestination } from '../domain/destination.ts';
import type { Localization } from '../domain/source.ts';
import { builder } from './builder.ts';
import { FileFormatRef } from './file-format.ts';
import { UnsupportedDestinationRef } from './unsupported-end.ts';

export const WritePolicyRef = builder.enumType('WritePolicy', {
  description: 'What happens to items that the destination already has (upstream: WritePolicy).',
  values: {
    OVERWRITE: { description: 'The item with the same id is replaced; the default.' },
    SKIP_EXISTING: { description: 'The item that is there stays.' },
    TRUNCATE_BEFORE: {
      description:
        'The collection is emptied first, so that it holds only moved data afterwards. Not undone by a failure.',
    },
    UNRECOGNIZED: { description: 'Upstream sent a policy that this version does not know.' },
  },
});

const WixDataCollectionDestinationRef = builder
  .objectRef<CollectionDestination>('WixDataCollectionDestination')
  .implement({
    description: 'A Wix data collection that is written to (upstream: destination.wixDataCollection).',
    fields: (t) => ({
      collectionId: t.exposeID('collectionId', {
        nullable: false,
        description: 'The name of the collection, for example products.',
      }),
      writePolicy: t.expose('writePolicy', {
        type: WritePolicyRef,
        nullable: false,
        description: 'OVERWRITE unless said otherwise.',
      }),
    }),
  });

const LocalizationDestinationRef = builder.objectRef<Localization>('LocalizationDestination').implement({
  description: 'The translated content of the site (upstream: destination.localization).',
  fields: (t) => ({
    languages: t.exposeStringList('languages', {
      nullable: false,
      description: 'Language tags such as en or pt-BR; the first is the main language.',
    }),
  }),
});

const FileDestinationRef = builder.objectRef<FileDestination>('FileDestination').implement({
  description: 'A file that the job writes (upstream: destination.file).',
  fields: (t) => ({
    format: t.expose('format', { type: FileFormatRef, description: 'CSV or JSONL.' }),
    fileName: t.exposeString('fileName', {
      description: 'What the file is called. Null when upstream chooses.',
    }),
    url: t.exposeString('url', {
      description:
        'Where the finished file can be downloaded. It may be there before the file is ready: wait until the job is finished. The address itself is a credential: do not publish it.',
    }),
  }),
});

const typeNames = {
  collection: 'WixDataCollectionDestination',
  localization: 'LocalizationDestination',
  file: 'FileDestination',
  unsupported: 'UnsupportedDestination',
} as const;

export const DestinationRef = builder.unionType('Destination', {
  description: 'Where a job takes its data to (upstream: job.destination).',
  types: [
    WixDataCollectionDestinationRef,
    LocalizationDestinationRef,
    FileDestinationRef,
    UnsupportedDestinationRef,
  ],
  resolveType: ({ kind }) => typeNames[kind],
});
