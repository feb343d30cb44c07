import { createLink, type LinkOptions } from './link.ts';
import type { Replicas } from './replicas.ts';
import { createSharedSpending } from './shared-spending.ts';
import { createSharedSubmits } from './shared-submits.ts';

/** Joins the other replicas on the same Redis. Waits for nothing: until Redis answers, this one is alone. */
export const createReplicas = (options: LinkOptions): Replicas => {
  const link = createLink(options);
  const spending = createSharedSpending(link);
  return {
    spending,
    submits: createSharedSubmits(link),
    get isTogether() {
      return link.isUp;
    },
    get count() {
      return link.replicas;
    },
    async close() {
      spending.close();
      await link.close();
    },
  };
};
