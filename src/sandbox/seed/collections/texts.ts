import type { CollectionScript } from './collection-script.ts';

/** The first is the main one. */
export const languages = ['en', 'de', 'fr', 'es', 'pt-BR', 'ja'] as const;

const names: readonly (readonly [string, string, string, string, string, string])[] = [
  ['Chair', 'Stuhl', 'Chaise', 'Silla', 'Cadeira', '椅子'],
  ['Table', 'Tisch', 'Table', 'Mesa', 'Mesa', 'テーブル'],
  ['Lamp', 'Lampe', 'Lampe', 'Lámpara', 'Luminária', 'ランプ'],
  ['Shelf', 'Regal', 'Étagère', 'Estante', 'Prateleira', '棚'],
  ['Mirror', 'Spiegel', 'Miroir', 'Espejo', 'Espelho', '鏡'],
  ['Carpet', 'Teppich', 'Tapis', 'Alfombra', 'Tapete', '絨毯'],
  ['Pillow', 'Kissen', 'Oreiller', 'Almohada', 'Travesseiro', '枕'],
  ['Blanket', 'Decke', 'Couverture', 'Manta', 'Cobertor', '毛布'],
  ['Vase', 'Vase', 'Vase', 'Jarrón', 'Vaso', '花瓶'],
  ['Clock', 'Uhr', 'Horloge', 'Reloj', 'Relógio', '時計'],
  ['Drawer', 'Schublade', 'Tiroir', 'Cajón', 'Gaveta', '引き出し'],
  ['Curtain', 'Vorhang', 'Rideau', 'Cortina', 'Cortina', 'カーテン'],
];

/** Every third text is not translated beyond its second language yet. */
const isTranslated = (index: number, language: number): boolean => language < 2 || index % 3 !== 0;

export const texts: CollectionScript = {
  id: 'texts',
  fields: {
    collection: 'STRING',
    item: 'STRING',
    field: 'STRING',
    ...Object.fromEntries(languages.map((language) => [language, 'STRING' as const])),
  },
  size: names.length,
  item: (index) => {
    const item = `category-${index + 1}`;
    const known = languages.flatMap((language, position) =>
      isTranslated(index, position) ? [[language, names[index]?.[position] ?? '']] : [],
    );
    return {
      _id: `categories/${item}/name`,
      collection: 'categories',
      item,
      field: 'name',
      ...Object.fromEntries(known),
    };
  },
};
