import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock.ts';
import type { Site } from '../site.ts';
import { createJobEvents } from './job-events.ts';
import { signEvent } from './sign-event.ts';

export type WebhookOptions = {
  readonly url: string;
  readonly privateKey: KeyObject;
  readonly sites: () => ReadonlyMap<string | null, Site>;
  readonly clock: Clock;
  /** Aborts when the sandbox closes. */
  readonly closing: AbortSignal;
};

const lookEveryMs = 200;
/** As upstream has it; what is not answered by then is lost here, for there are no redeliveries. */
const timeoutMs = 1250;

/** Sends what happens to jobs to one address, in order, until the sandbox closes. */
export const sendWebhooks = async (options: WebhookOptions): Promise<void> => {
  const { url, privateKey, sites, clock, closing } = options;
  const eventsUntil = createJobEvents(sites, clock.now());

  const send = async (body: string): Promise<void> => {
    const signal = AbortSignal.any([closing, AbortSignal.timeout(timeoutMs)]);
    const response = await fetch(url, { method: 'POST', body, signal });
    await response.body?.cancel();
  };

  while (!closing.aborted) {
    for (const event of eventsUntil(clock.now())) {
      await send(signEvent(event, privateKey, clock.now())).catch(() => undefined);
      if (closing.aborted) return;
    }
    await clock.after(lookEveryMs, closing).catch(() => undefined);
  }
};
