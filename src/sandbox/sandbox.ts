import type { KeyObject } from 'node:crypto';
import { type CallCounter, createCallRecorder } from './call-counter.ts';
import { type After, type Clock, systemAfter } from './clock.ts';
import { createFiles } from './files/files.ts';
import { listen } from './http/listen.ts';
import { createResponder } from './http/responder.ts';
import { type Limits, usualLimits } from './limits.ts';
import { createMover } from './moving/mover.ts';
import { createAccessTokens } from './oauth/access-tokens.ts';
import { sandboxRoutes } from './routes.ts';
import { type SandboxSettings, usualSettings } from './settings.ts';
import { openSites } from './site.ts';
import { webhookKeys } from './webhooks/keys.ts';
import { sendWebhooks } from './webhooks/send-webhooks.ts';

export type SandboxOptions = Partial<SandboxSettings> & {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly now?: () => number;
  readonly after?: After;
  readonly limits?: Partial<Limits>;
};

export type Sandbox = {
  readonly url: string;
  readonly calls: CallCounter;
  /** Of the key that signs webhooks; null where none are sent. */
  readonly webhookPublicKey: KeyObject | null;
  close(): Promise<void>;
};

/**
 * A double of the upstream API over real HTTP. What it tells of the seed is a function of `now` and the time of
 * its start; what is submitted really moves data, in the background.
 */
export const startSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const { port = 0, host = '127.0.0.1', now = Date.now, after = systemAfter, ...given } = options;
  const settings: SandboxSettings = { ...usualSettings, ...given };
  const limits: Limits = { ...usualLimits, ...options.limits };
  const clock: Clock = { now, after };
  const closing = new AbortController();
  const calls = createCallRecorder();
  const files = createFiles(limits);
  const { siteFor, all: sites } = openSites(now(), limits, settings.terminated);
  const mover = createMover({
    siteFor,
    files,
    clock,
    speed: settings.speed,
    limits,
    closing: closing.signal,
  });
  const { tokenSeconds } = settings;
  const tokens = createAccessTokens(tokenSeconds * 1000, now);
  const routes = sandboxRoutes({ calls, mover, files, tokens, tokenSeconds });
  const respond = createResponder({
    routes,
    siteFor,
    tokens,
    calls,
    clock,
    settings,
    closing: closing.signal,
  });
  const { webhookUrl } = settings;
  const keys = webhookUrl === null ? null : await webhookKeys(settings.webhookPrivateKey);
  const { url, close } = await listen(respond, port, host);
  const sending =
    webhookUrl === null || keys === null
      ? null
      : sendWebhooks({ url: webhookUrl, privateKey: keys.privateKey, sites, clock, closing: closing.signal });
  return {
    url,
    calls,
    webhookPublicKey: keys?.publicKey ?? null,
    close: async () => {
      closing.abort();
      await Promise.all([close(), mover.settled(), sending]);
    },
  };
};
