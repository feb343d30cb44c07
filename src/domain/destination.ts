import type { FileFormat, Localization, UnsupportedEnd } from './source.ts';

export const writePolicies = ['OVERWRITE', 'SKIP_EXISTING', 'TRUNCATE_BEFORE', 'UNRECOGNIZED'] as const;
export type WritePolicy = (typeof writePolicies)[number];

export interface CollectionDestination {
  readonly kind: 'collection';
  readonly collectionId: string;
  readonly writePolicy: WritePolicy;
}

export interface FileDestination {
  readonly kind: 'file';
  readonly format: FileFormat | null;
  readonly fileName: string | null;
  readonly url: string | null;
}

export type Destination = CollectionDestination | Localization | FileDestination | UnsupportedEnd;
