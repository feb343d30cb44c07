import { type CollectionScript, dateOf, oneOf } from './collection-script.ts';

/** What is stored, shown and told, with the fields that jobs of the seed filter by. */
export const stockCollections: readonly CollectionScript[] = [
  {
    id: 'inventory',
    fields: { sku: 'STRING', warehouse: 'STRING', quantity: 'NUMBER', counted: 'DATE' },
    size: 500,
    item: (index) => ({
      sku: `SKU-${String(index + 1).padStart(5, '0')}`,
      warehouse: oneOf(['ROTTERDAM', 'TALLINN', 'LYON'], index, 2),
      quantity: (index * 53) % 240,
      ...(index % 4 !== 0 && { counted: dateOf('2026-01-01', index % 200) }),
    }),
  },
  {
    id: 'inventory-counts',
    fields: { sku: 'STRING', quantity: 'NUMBER', closed: 'BOOLEAN' },
    size: 120,
    item: (index) => ({
      sku: `SKU-${String(index + 1).padStart(5, '0')}`,
      quantity: index % 50,
      closed: index % 3 !== 0,
    }),
  },
  {
    id: 'measurements',
    fields: { value: 'NUMBER', seconds: 'NUMBER', fields: 'ARRAY' },
    size: 100,
    item: (index) => ({
      value: (index * 7) % 30,
      seconds: index * 10,
      ...(index % 2 && { fields: ['a', 'b'] }),
    }),
  },
  {
    id: 'media',
    fields: { title: 'STRING', described: 'BOOLEAN' },
    size: 90,
    item: (index) => ({ title: `Photo ${index + 1}`, described: index % 3 === 0 }),
  },
  {
    id: 'manuals',
    fields: { title: 'STRING', text: 'STRING' },
    size: 25,
    item: (index) => ({ title: `Manual ${index + 1}`, text: 'Unpack, screw together, enjoy.\n'.repeat(20) }),
  },
  {
    id: 'events',
    fields: { title: 'STRING', city: 'STRING', startsOn: 'DATE' },
    size: 40,
    item: (index) => ({
      title: `Event ${index + 1}`,
      city: oneOf(['Tallinn', 'São Paulo', '東京'], index),
      startsOn: dateOf('2026-10-01', index * 3),
    }),
  },
  {
    id: 'shops',
    fields: { city: 'STRING', opens: 'STRING', closes: 'STRING' },
    size: 8,
    item: (index) => ({ city: oneOf(['Tallinn', 'Lyon', 'Köln'], index), opens: '09:00', closes: '18:30' }),
  },
  {
    id: 'bücher',
    fields: { titel: 'STRING', seiten: 'NUMBER' },
    size: 30,
    item: (index) => ({
      titel: oneOf(['Ägyptische Nächte', 'Über Bäume', 'Zwölf Stühle'], index),
      seiten: 90 + index * 11,
    }),
  },
  {
    id: 'bookings',
    fields: { guest: 'STRING', from: 'DATE' },
    size: 15,
    isReadOnly: true,
    item: (index) => ({ guest: `Guest ${index + 1}`, from: dateOf('2026-09-01', index) }),
  },
];
