import { fileURLToPath } from 'node:url';
import { type Child, startChild } from '../support/child.ts';
import { startScriptOf } from '../support/start-script.ts';

/** What main.ts sets, and has from its second start on. */
const asMain = {
  NODE_ENV: 'production',
  NODE_COMPILE_CACHE: fileURLToPath(new URL('../../node_modules/.cache/compiled', import.meta.url)),
};

export interface GatewayOptions {
  /** Those of `npm start` by default. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The gateway as a child that tells what it uses up. */
export const startGateway = (
  upstreamUrl: string,
  { flags = startScriptOf().flags, env = {} }: GatewayOptions = {},
): Promise<Child> =>
  startChild('live/gateway', {
    env: { WIX_API_URL: upstreamUrl, ...startScriptOf().env, ...asMain, ...env },
    flags,
  });
