import type { JsonObject } from '../../json.ts';
import { type CollectionScript, dateOf, oneOf } from './collection-script.ts';

const materials = ['Oak', 'Linen', 'Steel', 'Walnut', 'Glass', 'Cork', 'Wool'] as const;
const things = [
  'chair',
  'table',
  'lamp',
  'shelf',
  'desk "Solo"',
  'rug, round',
  'Spiegel groß',
  'étagère',
] as const;
const colours = ['red', 'blue', 'green', 'black', 'natural'] as const;
const tags = ['new', 'sale', 'indoor', 'outdoor', 'gift'] as const;

const product = (index: number): JsonObject => ({
  name: `${oneOf(materials, index, 5)} ${oneOf(things, index, 3)} ${100 + (index % 900)}`,
  sku: `SKU-${String(index + 1).padStart(5, '0')}`,
  price: 5 + ((index * 7919) % 49_500) / 100,
  inStock: index % 4 !== 0,
  // Some are not released yet, some have no details.
  ...(index % 11 !== 0 && { releasedOn: dateOf('2023-01-01', (index * 37) % 1300) }),
  tags: tags.filter((_, position) => (index >> position) % 2 === 1),
  ...(index % 7 !== 0 && {
    details: {
      colour: oneOf(colours, index, 3),
      weight: ((index * 31) % 400) / 10,
      box: { parts: index % 5 },
    },
  }),
});

export const products: CollectionScript = {
  id: 'products',
  fields: {
    name: 'STRING',
    sku: 'STRING',
    price: 'NUMBER',
    inStock: 'BOOLEAN',
    releasedOn: 'DATE',
    tags: 'ARRAY',
    details: 'OBJECT',
  },
  size: 3000,
  item: product,
};
