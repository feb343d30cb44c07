import type { JsonObject } from './json.ts';

export const fileFormats = ['UNKNOWN', 'CSV', 'JSONL', 'UNRECOGNIZED'] as const;
export type FileFormat = (typeof fileFormats)[number];

export const fieldTypes = [
  'ANY',
  'STRING',
  'NUMBER',
  'BOOLEAN',
  'DATE',
  'DATETIME',
  'BINARY',
  'OBJECT',
  'ARRAY',
  'URL',
  'WIX_MEDIA_URL',
  'WIX_MEDIA_IMAGE_URL',
  'WIX_MEDIA_VIDEO_URL',
  'WIX_MEDIA_DOCUMENT_URL',
  'IMAGE_URL',
  'VIDEO_URL',
  'UNRECOGNIZED',
] as const;
export type FieldType = (typeof fieldTypes)[number];

export interface ExportField {
  readonly key: string;
  readonly displayName: string | null;
  readonly fieldType: FieldType;
}

export interface FilterQuery {
  readonly kind: 'filter';
  readonly filter: JsonObject | null;
  readonly fields: readonly string[];
}

export interface AggregationQuery {
  readonly kind: 'aggregation';
  readonly aggregationPipeline: JsonObject | null;
  readonly fields: readonly ExportField[];
}

export type CollectionQuery = FilterQuery | AggregationQuery;

export interface CollectionSource {
  readonly kind: 'collection';
  readonly collectionId: string;
  readonly query: CollectionQuery | null;
}

export interface Localization {
  readonly kind: 'localization';
  readonly languages: readonly string[];
}

export interface FileSource {
  readonly kind: 'file';
  readonly format: FileFormat | null;
  readonly fileId: string | null;
  readonly url: string | null;
}

/** An end that upstream has and this version does not model. */
export interface UnsupportedEnd {
  readonly kind: 'unsupported';
  readonly name: string;
  readonly details: JsonObject;
}

export type Source = CollectionSource | Localization | FileSource | UnsupportedEnd;
