import type { Collection } from '../collections/collection.ts';
import { notValid } from '../jobs/job-fault.ts';
import type { JsonObject } from '../json.ts';
import { columnOf, type OpenSource } from '../rows/row.ts';
import { arrived, type OpenDestination, type Outcome } from './open-destination.ts';

/** What a row says besides the texts: which content they translate. */
const contentKeys = ['_id', 'collection', 'item', 'field'];

const checkLanguages = (languages: readonly string[], texts: Collection): void => {
  const missing = languages.find((language) => !texts.fields.has(language));
  if (missing !== undefined) throw notValid(`The site does not have the language '${missing}'.`);
};

/** A row for each text of the site: what it belongs to, and a column for each language. */
export const openTextsSource = (texts: Collection, languages: readonly string[]): OpenSource => {
  checkLanguages(languages, texts);
  const keys = [...contentKeys, ...languages];
  const items = texts.items();
  return {
    total: items.length,
    columns: () => keys.map(columnOf),
    rows: function* () {
      for (const item of items) {
        const values = Object.fromEntries(keys.map((key) => [key, item[key]]));
        yield { sourceItemId: item._id, values };
      }
    },
  };
};

const rejected = (description: string, column: string): Outcome => ({
  kind: 'rejected',
  failure: { code: 'WDH0003', description, data: { column } },
});

/**
 * Translations are filed by `_id`. The main language is the content itself, which a translation does not change;
 * a language whose cell is empty keeps the text it has.
 */
export const openTextsDestination = (texts: Collection, languages: readonly string[]): OpenDestination => {
  checkLanguages(languages, texts);
  const [, ...translated] = languages;
  return {
    begin: () => undefined,
    write: (values: JsonObject) => {
      const { _id } = values;
      const known = typeof _id === 'string' ? texts.find(_id) : undefined;
      if (known === undefined) return rejected('There is no content with this id to translate.', '_id');
      const given = translated.flatMap((language) => {
        const text = values[language];
        return text === undefined || text === null || text === '' ? [] : [{ language, text }];
      });
      const odd = given.find(({ text }) => typeof text !== 'string');
      if (odd !== undefined) return rejected(`Column "${odd.language}" does not hold a text.`, odd.language);
      texts.put({ ...known, ...Object.fromEntries(given.map(({ language, text }) => [language, text])) });
      return arrived;
    },
    end: async () => undefined,
  };
};
