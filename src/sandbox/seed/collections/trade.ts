import { type CollectionScript, instantOf, oneOf } from './collection-script.ts';

const countries = ['DE', 'FR', 'EE', 'NL', 'BR', 'JP'] as const;
const firstNames = ['Ada', 'Jürgen', 'Chloé', 'Kenji', 'Márta', 'Olu', 'Siim'] as const;
const lastNames = ['Lindqvist', 'O’Brien', 'Müller', 'Tanaka', 'Silva', 'Tamm'] as const;
const seasons = ['spring', 'summer', 'autumn', 'winter'] as const;

/** What is bought and sold, in a few dozen or hundred items, with the fields that jobs of the seed filter by. */
export const tradeCollections: readonly CollectionScript[] = [
  {
    id: 'orders',
    fields: { number: 'STRING', state: 'STRING', total: 'NUMBER', placedOn: 'DATETIME', shipping: 'OBJECT' },
    size: 600,
    item: (index) => ({
      number: `A-${10_000 + index}`,
      state: oneOf(['PAID', 'NEW', 'PAID', 'CANCELED'], index, 3),
      total: ((index * 6151) % 90_000) / 100,
      placedOn: instantOf('2024-06-01T08:00:00Z', index, (index * 17) % 600),
      shipping: { country: oneOf(countries, Math.floor(index / 4)), express: index % 6 === 0 },
    }),
  },
  {
    id: 'members',
    fields: { name: 'STRING', email: 'STRING', newsletter: 'BOOLEAN', left: 'BOOLEAN', birthday: 'DATE' },
    size: 400,
    item: (index) => ({
      name: `${oneOf(firstNames, index, 3)} ${oneOf(lastNames, index, 5)}`,
      email: `member${index + 1}@example.com`,
      newsletter: index % 3 !== 0,
      left: index % 9 === 0,
      ...(index % 2 === 0 && { birthday: `19${50 + (index % 50)}-0${1 + (index % 9)}-1${index % 9}` }),
    }),
  },
  {
    id: 'reviews',
    fields: { stars: 'NUMBER', text: 'STRING', published: 'BOOLEAN', writtenOn: 'DATETIME' },
    size: 300,
    item: (index) => ({
      stars: 1 + ((index * 7) % 5),
      text: oneOf(
        ['Good.', 'Arrived late, but well packed.', 'Five words\nand two lines', '“Perfekt!”'],
        index,
      ),
      published: index % 5 !== 0,
      writtenOn: instantOf('2024-03-01T12:00:00Z', index * 3),
    }),
  },
  {
    id: 'returns',
    fields: { number: 'STRING', state: 'STRING', reason: 'STRING' },
    size: 80,
    item: (index) => ({
      number: `R-${500 + index}`,
      state: oneOf(['OPEN', 'CLOSED'], index),
      reason: oneOf(['too small', 'broken', 'other, see note'], index, 2),
    }),
  },
  {
    id: 'carts',
    fields: { state: 'STRING', total: 'NUMBER' },
    size: 60,
    item: (index) => ({ state: oneOf(['ABANDONED', 'OPEN'], index), total: (index * 13) % 400 }),
  },
  {
    id: 'wishlists',
    fields: { owner: 'STRING', products: 'ARRAY' },
    size: 40,
    item: (index) => ({ owner: `member${index + 1}@example.com`, products: [`SKU-0000${1 + (index % 9)}`] }),
  },
  {
    id: 'coupons',
    fields: { code: 'STRING', percent: 'NUMBER' },
    size: 20,
    item: (index) => ({ code: `SAVE${5 + index}`, percent: 5 + index }),
  },
  {
    id: 'complaints',
    fields: { text: 'STRING', open: 'BOOLEAN' },
    size: 12,
    item: (index) => ({ text: `Complaint ${index + 1}`, open: false }),
  },
  {
    id: 'supplier-products',
    fields: { title: 'STRING', season: 'STRING', active: 'BOOLEAN' },
    size: 200,
    item: (index) => ({
      title: `Supplier product ${index + 1}`,
      season: oneOf(seasons, index, 3),
      active: index % 3 !== 0,
    }),
  },
  {
    id: 'supplier-prices',
    fields: { sku: 'STRING', price: 'NUMBER', list: 'STRING', changedOn: 'DATETIME' },
    size: 200,
    item: (index) => ({
      sku: `SKU-${String(index + 1).padStart(5, '0')}`,
      price: 4 + (index % 90),
      list: oneOf(['A', 'B'], index),
      changedOn: instantOf('2026-05-01T00:00:00Z', index),
    }),
  },
];
