import { type Collection, createCollection } from '../../collections/collection.ts';
import type { Item } from '../../collections/item.ts';
import { guidOf } from '../../derived.ts';
import { type CollectionScript, emptyCollection } from './collection-script.ts';
import { products } from './products.ts';
import { stockCollections } from './stock.ts';
import { texts } from './texts.ts';
import { tradeCollections } from './trade.ts';

/** `imports` takes rows of any shape; the others are where jobs of the seed write to. */
const emptyCollections = [
  'imports',
  'alarms',
  'birthday-mail',
  'christmas-stock',
  'coupons-2026',
  'crm-contacts',
  'inventory-audit',
  'loyalty',
  'manuals-archive',
  'members-import',
  'newsletter',
  'old-reviews',
  'price-history',
  'products-2026',
  'reviews-2026',
  'reviews-digest',
  'search',
  'texts-archive',
  'translated-posts',
].map(emptyCollection);

const scripts = [products, ...tradeCollections, ...stockCollections, ...emptyCollections];

const seedItem = ({ id, item }: CollectionScript, index: number): Item => ({
  _id: guidOf(`item ${index} of ${id}`),
  ...item(index),
});

/** Made when somebody looks, once for all sites. */
const seedOf = (script: CollectionScript): (() => readonly Item[]) => {
  let items: readonly Item[] | null = null;
  return () => {
    items ??= Array.from({ length: script.size }, (_, index) => seedItem(script, index));
    return items;
  };
};

export type SeededCollections = {
  readonly collections: ReadonlyMap<string, Collection>;
  readonly texts: Collection;
};

/** Opens the collections of one site after another. */
export const seedCollections = (mostItems: number): (() => SeededCollections) => {
  const opener = (script: CollectionScript): (() => Collection) => {
    const { fields, isReadOnly = false } = script;
    const seed = seedOf(script);
    return () => createCollection({ fields, isReadOnly, seed, mostItems });
  };
  const openTexts = opener(texts);
  const openers = scripts.map((script) => ({ id: script.id, open: opener(script) }));
  return () => ({
    collections: new Map(openers.map(({ id, open }) => [id, open()])),
    texts: openTexts(),
  });
};
