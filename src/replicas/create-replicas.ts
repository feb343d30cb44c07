import { z } from 'zod';
import { parseJson } from '../domain/json.ts';
import { createLink, type LinkOptions } from './link.ts';
import { channelOf, createMembership } from './membership.ts';
import { encode } from './message.ts';
import type { Replicas } from './replicas.ts';
import { createSharedSpending } from './shared-spending.ts';
import { createSharedSubmits } from './shared-submits.ts';

const announcement = z.object({
  from: z.string(),
  jobId: z.string(),
  instanceId: z.string().nullable(),
  siteId: z.string().nullable(),
});

/** Joins the other replicas on the same Redis. Waits for nothing: until Redis answers, this one is alone. */
export const createReplicas = (options: LinkOptions): Replicas => {
  const link = createLink(options);
  const spending = createSharedSpending(link);
  let leases = 0;
  const onLease = (change: 1 | -1) => {
    leases += change;
  };
  return {
    spending,
    submits: createSharedSubmits(link),
    company: {
      join: (callerKey, member) => createMembership({ link, callerKey, log: options.log, onLease }, member),
      tellWritten: (callerKey, news) =>
        link.publish(channelOf(callerKey), encode({ from: link.replica, kind: 'written', news })),
    },
    announce: (news) => link.publish('announced', JSON.stringify({ ...news, from: link.replica })),
    onAnnounced(listener) {
      void link.listen('announced', (message) => {
        const { data } = announcement.safeParse(parseJson(String(message)));
        if (data && data.from !== link.replica) listener(data);
      });
    },
    get isTogether() {
      return link.isUp;
    },
    problem: () => (link.isUp ? null : 'Redis is away: this replica goes on alone, within its part.'),
    get count() {
      return link.fleet.here + link.fleet.missing;
    },
    get missing() {
      return link.fleet.missing;
    },
    get leases() {
      return leases;
    },
    get reservedShare() {
      return link.fleet.keptShare;
    },
    get parts() {
      return link.parts;
    },
    close: link.close,
  };
};
