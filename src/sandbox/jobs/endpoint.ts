import type { JsonObject } from '../json.ts';

/** The two ends of a job, in upstream's own JSON (CONTRACT 5.1 to 5.4). */
export type Localization = { readonly languages: readonly string[] };

export type CollectionSource = {
  readonly collectionId: string;
  readonly filterQuery?: { readonly filter: JsonObject; readonly fields: readonly string[] };
  readonly aggregationQuery?: {
    readonly aggregationPipeline: JsonObject;
    readonly fields: readonly JsonObject[];
  };
  /** Deprecated upstream, and still sent for jobs that were made with it. */
  readonly filter?: JsonObject;
  readonly fields?: readonly string[];
};

export type FileSource = { readonly fileId: string; readonly format?: string; readonly url?: string };

/** The last two are what no public method accepts (CONTRACT 5.3). */
export type Source =
  | { readonly wixDataCollection: CollectionSource }
  | { readonly localization: Localization }
  | { readonly file: FileSource }
  | { readonly googleSheets: JsonObject }
  | { readonly externalFile: JsonObject };

export type CollectionDestination = { readonly collectionId: string; readonly writePolicy?: string };

export type FileDestination = { readonly format: string; readonly fileName?: string; readonly url?: string };

export type Destination =
  | { readonly wixDataCollection: CollectionDestination }
  | { readonly localization: Localization }
  | { readonly file: FileDestination }
  | { readonly wixMedia: JsonObject }
  | { readonly storesCatalogProducts: JsonObject };

export type OtherSite = { readonly sourceSiteId: string } | { readonly destinationSiteId: string };
