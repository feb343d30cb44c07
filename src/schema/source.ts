import type {
  AggregationQuery,
  CollectionSource,
  ExportField,
  FileSource,
  FilterQuery,
  Localization,
} from '../domain/source.ts';
import { builder } from './builder.ts';
import { FileFormatRef } from './file-format.ts';
import { UnsupportedSourceRef } from './unsupported-end.ts';

export const FieldTypeRef = builder.enumType('FieldType', {
  description: 'The type of an exported field (upstream: FieldType).',
  values: {
    ANY: { description: 'No particular type; the default.' },
    STRING: { description: 'Text.' },
    NUMBER: { description: 'A whole or decimal number.' },
    BOOLEAN: { description: 'True or false.' },
    DATE: { description: 'A calendar day, YYYY-MM-DD.' },
    DATETIME: { description: 'An instant.' },
    BINARY: { description: 'Bytes.' },
    OBJECT: { description: 'A JSON object.' },
    ARRAY: { description: 'A JSON array.' },
    URL: { description: 'A web address.' },
    WIX_MEDIA_URL: { description: 'The address of any file in the Wix media manager.' },
    WIX_MEDIA_IMAGE_URL: { description: 'The address of an image in the Wix media manager.' },
    WIX_MEDIA_VIDEO_URL: { description: 'The address of a video in the Wix media manager.' },
    WIX_MEDIA_DOCUMENT_URL: { description: 'The address of a document in the Wix media manager.' },
    IMAGE_URL: { description: 'The web address of an image.' },
    VIDEO_URL: { description: 'The web address of a video.' },
    UNRECOGNIZED: { description: 'Upstream sent a type that this version does not know.' },
  },
});

const FilterQueryRef = builder.objectRef<FilterQuery>('FilterQuery').implement({
  description: 'Reads the items that match a filter (upstream: filterQuery).',
  fields: (t) => ({
    filter: t.expose('filter', {
      type: 'JSONObject',
      description: "The filter in Wix Data's query language, as upstream sent it. Null means every item.",
    }),
    fields: t.exposeStringList('fields', {
      nullable: false,
      description: 'Fields moved. Empty means the full items.',
    }),
  }),
});

const ExportFieldRef = builder.objectRef<ExportField>('ExportField').implement({
  description: 'One field of an exported record (upstream: aggregationQuery.fields).',
  fields: (t) => ({
    key: t.exposeString('key', {
      nullable: false,
      description: 'Where the value is found in a result, as a dotted path.',
    }),
    displayName: t.exposeString('displayName', {
      description: 'What the record calls it: the column header in CSV. Null means the key.',
    }),
    fieldType: t.expose('fieldType', {
      type: FieldTypeRef,
      nullable: false,
      description: 'ANY unless said otherwise.',
    }),
  }),
});

const AggregationQueryRef = builder.objectRef<AggregationQuery>('AggregationQuery').implement({
  description: 'Reads what an aggregation makes of the items (upstream: aggregationQuery).',
  fields: (t) => ({
    aggregationPipeline: t.expose('aggregationPipeline', {
      type: 'JSONObject',
      description: 'The stages of the pipeline, as upstream sent them.',
    }),
    fields: t.expose('fields', {
      type: [ExportFieldRef],
      nullable: false,
      description: 'Result fields exported. Empty means everything unchanged.',
    }),
  }),
});

const CollectionQueryRef = builder.unionType('CollectionQuery', {
  description: 'Which items of a collection are read, and what of them.',
  types: [FilterQueryRef, AggregationQueryRef],
  resolveType: ({ kind }) => (kind === 'filter' ? 'FilterQuery' : 'AggregationQuery'),
});

const WixDataCollectionSourceRef = builder.objectRef<CollectionSource>('WixDataCollectionSource').implement({
  description: 'Items of a Wix data collection (upstream: source.wixDataCollection).',
  fields: (t) => ({
    collectionId: t.exposeID('collectionId', {
      nullable: false,
      description: 'The name of the collection, for example products.',
    }),
    query: t.expose('query', {
      type: CollectionQueryRef,
      description: 'Which items and fields are read. Null when all are.',
    }),
  }),
});

const LocalizationSourceRef = builder.objectRef<Localization>('LocalizationSource').implement({
  description: 'The translated content of the site (upstream: source.localization).',
  fields: (t) => ({
    languages: t.exposeStringList('languages', {
      nullable: false,
      description: 'Language tags such as en or pt-BR; the first is the main language.',
    }),
  }),
});

const FileSourceRef = builder.objectRef<FileSource>('FileSource').implement({
  description: 'A file that was uploaded before (upstream: source.file).',
  fields: (t) => ({
    format: t.expose('format', {
      type: FileFormatRef,
      description: 'Null when upstream is to find out by itself.',
    }),
    fileId: t.exposeID('fileId', { description: 'The id that CreateFileUploadUrl gave.' }),
    url: t.exposeString('url', {
      description: 'Where upstream keeps the file. The address itself is a credential: do not publish it.',
    }),
  }),
});

const typeNames = {
  collection: 'WixDataCollectionSource',
  localization: 'LocalizationSource',
  file: 'FileSource',
  unsupported: 'UnsupportedSource',
} as const;

export const SourceRef = builder.unionType('Source', {
  description: 'Where a job takes its data from (upstream: job.source).',
  types: [WixDataCollectionSourceRef, LocalizationSourceRef, FileSourceRef, UnsupportedSourceRef],
  resolveType: ({ kind }) => typeNames[kind],
});
