import { type CallCounter, createCallRecorder } from './call-counter.ts';
import { listen } from './http/listen.ts';
import { createResponder } from './http/responder.ts';
import { sandboxRoutes } from './routes.ts';
import { openSites } from './site.ts';

export type SandboxOptions = {
  /** 0 takes a free one. */
  readonly port?: number;
  readonly host?: string;
  readonly now?: () => number;
};

export type Sandbox = { readonly url: string; readonly calls: CallCounter; close(): Promise<void> };

/** A double of the upstream API over real HTTP. What it tells is a function of `now` and the time of its start. */
export const startSandbox = async (options: SandboxOptions = {}): Promise<Sandbox> => {
  const { port = 0, host = '127.0.0.1', now = Date.now } = options;
  const calls = createCallRecorder();
  const respond = createResponder({ routes: sandboxRoutes(calls), siteFor: openSites(now()), calls, now });
  const { url, close } = await listen(respond, port, host);
  return { url, calls, close };
};
