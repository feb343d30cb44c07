import { type KeyObject, randomUUID, sign } from 'node:crypto';
import { guidOf } from '../derived.ts';
import { renderJob } from '../jobs/render-job.ts';
import type { JsonObject } from '../json.ts';
import type { JobEvent } from './job-events.ts';

const lifeSeconds = 300_000;
/** Where a caller named no site, the app is at home here. */
export const homeInstanceId = guidOf('the instance of no site');

const contentOf = (event: JobEvent): JsonObject => {
  switch (event.slug) {
    case 'created':
      return { createdEvent: { entity: renderJob(event.job) } };
    case 'updated':
      return {
        updatedEvent: {
          currentEntity: renderJob(event.job),
          modifiedFields: { status: event.statusBefore },
        },
      };
    case 'deleted':
      return { deletedEvent: {} };
  }
};

const part = (value: JsonObject): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** The event as Wix sends it: a JWT around JSON in JSON in JSON (CONTRACT 14.2). */
export const signEvent = (event: JobEvent, privateKey: KeyObject, now: number): string => {
  const { siteId, jobId, slug, sequence, time } = event;
  const data = {
    id: randomUUID(),
    entityFqdn: 'wix.hub.v1.job',
    slug,
    entityId: jobId,
    eventTime: new Date(time).toISOString(),
    triggeredByAnonymizeRequest: false,
    originatedFrom: '',
    entityEventSequence: String(sequence),
    ...contentOf(event),
  };
  const envelope = {
    eventType: `wix.hub.v1.job_${slug}`,
    // an access token of the sandbox makes each instance a site of its own
    instanceId: siteId ?? homeInstanceId,
    data: JSON.stringify(data),
    identity: JSON.stringify({ identityType: 'WIX_USER', wixUserId: guidOf('sandbox user') }),
    ...(siteId === null ? {} : { accountInfo: { accountId: guidOf('sandbox account'), siteId } }),
  };
  const iat = Math.floor(now / 1000);
  const header = part({ alg: 'RS256', kid: 'sandbox' });
  const signed = `${header}.${part({ data: JSON.stringify(envelope), iat, exp: iat + lifeSeconds })}`;
  return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), privateKey).toString('base64url')}`;
};
