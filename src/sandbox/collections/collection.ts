import type { FieldType } from './field-type.ts';
import type { Item } from './item.ts';

export type Collection = {
  readonly fields: ReadonlyMap<string, FieldType>;
  readonly isReadOnly: boolean;
  /** The items as they are now; later writes do not show in it. */
  readonly items: () => readonly Item[];
  readonly find: (id: string) => Item | undefined;
  /** False if there is no room for another item. */
  readonly put: (item: Item) => boolean;
  readonly clear: () => void;
};

export type CollectionOptions = {
  readonly fields: Readonly<Record<string, FieldType>>;
  readonly isReadOnly: boolean;
  readonly seed: () => readonly Item[];
  readonly mostItems: number;
};

/** The seed is shared by all sites until a site writes. */
export const createCollection = ({ fields, isReadOnly, seed, mostItems }: CollectionOptions): Collection => {
  let written: Map<string, Item> | null = null;
  const own = (): Map<string, Item> => {
    written ??= new Map(seed().map((item) => [item._id, item]));
    return written;
  };
  return {
    fields: new Map(Object.entries(fields)),
    isReadOnly,
    items: () => (written === null ? seed() : [...written.values()]),
    find: (id) => own().get(id),
    put: (item) => {
      const items = own();
      if (items.size >= mostItems && !items.has(item._id)) return false;
      items.set(item._id, item);
      return true;
    },
    clear: () => {
      written = new Map();
    },
  };
};
