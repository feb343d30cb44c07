import { builder } from './builder.ts';
import { WritePolicyRef } from './destination.ts';
import { FileFormatRef } from './file-format.ts';
import { FieldTypeRef } from './source.ts';

const ExportFieldInputRef = builder.inputType('ExportFieldInput', {
  description: 'One field of an exported record.',
  fields: (t) => ({
    key: t.string({ required: true, description: 'Where the value is found in a result, as a dotted path.' }),
    displayName: t.string({
      description: 'What the record calls it: the column header in CSV. At most 1024 characters.',
    }),
    fieldType: t.field({ type: FieldTypeRef, defaultValue: 'ANY', description: 'The type of the value.' }),
  }),
});

const FilterQueryInputRef = builder.inputType('FilterQueryInput', {
  description: 'Reads the items that match a filter.',
  fields: (t) => ({
    filter: t.field({
      type: 'JSONObject',
      description:
        'A filter in Wix Data\'s query language, for example { "price": { "$gt": 10 } }. Pass it as a variable: GraphQL documents cannot spell $gt.',
    }),
    fields: t.stringList({ description: 'Fields to move, at most 1000. None means the full items.' }),
  }),
});

const AggregationQueryInputRef = builder.inputType('AggregationQueryInput', {
  description: 'Reads what an aggregation makes of the items.',
  fields: (t) => ({
    aggregationPipeline: t.field({
      type: 'JSONObject',
      required: true,
      description: 'The stages of the pipeline, as upstream takes them: { "stages": [ … ] }.',
    }),
    fields: t.field({
      type: [ExportFieldInputRef],
      description: 'Result fields to export, at most 1000. None means everything unchanged.',
    }),
  }),
});

const CollectionQueryInputRef = builder.inputType('CollectionQueryInput', {
  isOneOf: true,
  description: 'Which items are read, and what of them: just one of these.',
  fields: (t) => ({
    filterQuery: t.field({ type: FilterQueryInputRef, description: 'The items that match a filter.' }),
    aggregationQuery: t.field({
      type: AggregationQueryInputRef,
      description: 'What an aggregation makes of the items.',
    }),
  }),
});

const WixDataCollectionSourceInputRef = builder.inputType('WixDataCollectionSourceInput', {
  description: 'Items of a Wix data collection.',
  fields: (t) => ({
    collectionId: t.id({ required: true, description: 'The name of the collection, 1 to 256 characters.' }),
    query: t.field({
      type: CollectionQueryInputRef,
      description: 'Which items and fields are read. All when left out.',
    }),
  }),
});

const LocalizationInputRef = builder.inputType('LocalizationInput', {
  description:
    '2 to 64 language tags (ISO 639-1, optionally with an ISO 3166-1 country), the first one the main language.',
  fields: (t) => ({
    languages: t.stringList({ required: true, description: 'For example ["en", "pt-BR"].' }),
  }),
});

const FileSourceInputRef = builder.inputType('FileSourceInput', {
  description: 'A file that was uploaded before.',
  fields: (t) => ({
    fileId: t.id({ required: true, description: 'The id that createFileUploadUrl gave.' }),
    format: t.field({
      type: FileFormatRef,
      description: 'CSV or JSONL. Upstream finds out by itself when left out.',
    }),
  }),
});

const WixDataCollectionDestinationInputRef = builder.inputType('WixDataCollectionDestinationInput', {
  description: 'A Wix data collection to write to.',
  fields: (t) => ({
    collectionId: t.id({ required: true, description: 'The name of the collection, 1 to 256 characters.' }),
    writePolicy: t.field({
      type: WritePolicyRef,
      defaultValue: 'OVERWRITE',
      description:
        'What happens to items that are there. TRUNCATE_BEFORE destroys data, and nothing undoes it.',
    }),
  }),
});

const FileDestinationInputRef = builder.inputType('FileDestinationInput', {
  description: 'A file to write.',
  fields: (t) => ({
    format: t.field({ type: FileFormatRef, required: true, description: 'CSV or JSONL.' }),
    fileName: t.string({
      description: 'What to call it, at most 512 characters. Upstream chooses when left out.',
    }),
  }),
});

const SourceInputRef = builder.inputType('SourceInput', {
  isOneOf: true,
  description: 'Where the data comes from: just one of these. Leave the others out; null counts as given.',
  fields: (t) => ({
    wixDataCollection: t.field({
      type: WixDataCollectionSourceInputRef,
      description: 'Items that the site keeps in its CMS.',
    }),
    localization: t.field({ type: LocalizationInputRef, description: 'The translated content of the site.' }),
    file: t.field({ type: FileSourceInputRef, description: 'An uploaded file.' }),
  }),
});

const DestinationInputRef = builder.inputType('DestinationInput', {
  isOneOf: true,
  description: 'Where the data goes: just one of these. Leave the others out; null counts as given.',
  fields: (t) => ({
    wixDataCollection: t.field({
      type: WixDataCollectionDestinationInputRef,
      description: 'Into the CMS of the site.',
    }),
    localization: t.field({ type: LocalizationInputRef, description: 'The translated content of the site.' }),
    file: t.field({
      type: FileDestinationInputRef,
      description: 'A file, to be downloaded from the finished job.',
    }),
  }),
});

const SiteOverrideInputRef = builder.inputType('SiteOverrideInput', {
  isOneOf: true,
  description: 'Another site of the same account at one end. That end must be a collection.',
  fields: (t) => ({
    sourceSiteId: t.id({ description: 'The GUID of the site that the data comes from.' }),
    destinationSiteId: t.id({ description: 'The GUID of the site that the data goes to.' }),
  }),
});

export const SubmitJobInputRef = builder.inputType('SubmitJobInput', {
  description: 'A movement of data.',
  fields: (t) => ({
    name: t.string({ description: 'At most 1024 characters.' }),
    source: t.field({ type: SourceInputRef, required: true, description: 'Where the data comes from.' }),
    destination: t.field({ type: DestinationInputRef, required: true, description: 'Where the data goes.' }),
    siteOverride: t.field({
      type: SiteOverrideInputRef,
      description: 'Move to or from another site of the same account: one end, never both.',
    }),
    idempotencyKey: t.string({
      description:
        'Any string of yours, unique per intended job, at most 1024 characters. Sending the same key again within 24 hours returns the job of the first time instead of moving the data twice.',
    }),
  }),
});
