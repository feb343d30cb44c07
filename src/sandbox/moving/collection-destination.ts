import type { Collection } from '../collections/collection.ts';
import { shapeItem } from '../collections/shape-item.ts';
import type { JobError } from '../jobs/job.ts';
import { notValid } from '../jobs/job-fault.ts';
import type { Limits } from '../limits.ts';
import { arrived, full, type OpenDestination, skipped } from './open-destination.ts';

const tooLarge: JobError = {
  code: 'WDE0009',
  description: 'The item is larger than the collection allows.',
  data: null,
};

export const openCollectionDestination = (
  collection: Collection,
  writePolicy: string,
  { itemBytes, itemsPerCollection }: Limits,
): OpenDestination => {
  if (collection.isReadOnly) throw notValid('destination collection is read-only');
  return {
    begin: () => {
      if (writePolicy === 'TRUNCATE_BEFORE') collection.clear();
    },
    write: (values) => {
      const shaped = shapeItem(collection.fields, values);
      if ('failure' in shaped) return { kind: 'rejected', failure: shaped.failure };
      const { item } = shaped;
      if (JSON.stringify(item).length > itemBytes) return { kind: 'rejected', failure: tooLarge };
      if (writePolicy === 'SKIP_EXISTING' && collection.find(item._id) !== undefined) return skipped;
      return collection.put(item) ? arrived : full('items', itemsPerCollection);
    },
    end: async () => undefined,
  };
};
