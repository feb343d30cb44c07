import { z } from 'zod';
import { createModes, type Given } from './modes.ts';

/** How a credential of the gateway's own stands in the Authorization header. */
export type AuthScheme = 'bare' | 'bearer';

export interface ApiKeySettings {
  readonly mode: 'api-key';
  readonly scheme: AuthScheme;
  readonly apiKey: string;
  readonly siteId: string;
}

export interface AppSettings {
  readonly mode: 'app';
  readonly scheme: AuthScheme;
  readonly appId: string;
  readonly appSecret: string;
  readonly instanceId: string;
}

/** With whose rights Wix is asked: those of each caller, or the gateway's own. */
export type CredentialSettings = { readonly mode: 'passthrough' } | ApiKeySettings | AppSettings;

type Mode = CredentialSettings['mode'];

/** What each mode has to be given, and the others must not be. */
const variablesOf: Readonly<Record<Mode, readonly string[]>> = {
  passthrough: [],
  'api-key': ['WIX_API_KEY', 'WIX_SITE_ID'],
  app: ['WIX_APP_ID', 'WIX_APP_SECRET', 'WIX_INSTANCE_ID'],
};
const modes = createModes('WIX_AUTH', 'passthrough', variablesOf);

// they travel in headers, and a stray line break is easily copied along
const word = z
  .string()
  .regex(/^[\x21-\x7e]+$/, { error: 'one word of plain characters, without spaces or line breaks' })
  .optional();

/** The variables of credentials: how each is parsed, its default, and what --help says of it. */
export const credentialVariables = {
  WIX_AUTH: z
    .enum(modes.names, { error: `one of ${modes.names.join(', ')}` })
    .prefault('passthrough')
    .describe(
      'Who brings the Wix credential: passthrough (each caller), or the gateway with api-key or app.',
    ),
  WIX_API_KEY: word.describe('For WIX_AUTH=api-key: the API key.'),
  WIX_SITE_ID: word.describe('For WIX_AUTH=api-key: the site it is used on.'),
  WIX_APP_ID: word.describe('For WIX_AUTH=app: the app.'),
  WIX_APP_SECRET: word.describe('For WIX_AUTH=app: its secret.'),
  WIX_INSTANCE_ID: word.describe('For WIX_AUTH=app: its instance, which is its place on one site.'),
  WIX_AUTH_SCHEME: z
    .enum(['bare', 'bearer'], { error: 'bare or bearer' })
    .prefault('bare')
    .describe("How the gateway's own credential is sent: as it is, or after the word Bearer."),
};

/** Null where WIX_AUTH is none of them, which is told elsewhere. */
export const credentialModeOf = modes.modeOf;

/** A sentence on each variable that the mode lacks, and on each that it would silently leave unused. */
export const credentialProblems = (given: Given): string[] => {
  const mode = modes.modeOf(given);
  if (mode === null) return [];
  return [...modes.missing(given, mode, variablesOf[mode]), ...modes.unused(given, mode)];
};

type Parsed = z.infer<z.ZodObject<typeof credentialVariables>>;

/** Null where something is missing. */
export const credentialSettings = (parsed: Parsed): CredentialSettings | null => {
  const { WIX_AUTH: mode, WIX_AUTH_SCHEME: scheme } = parsed;
  if (mode === 'passthrough') return { mode };
  if (mode === 'api-key') {
    const { WIX_API_KEY: apiKey, WIX_SITE_ID: siteId } = parsed;
    return apiKey && siteId ? { mode, scheme, apiKey, siteId } : null;
  }
  const { WIX_APP_ID: appId, WIX_APP_SECRET: appSecret, WIX_INSTANCE_ID: instanceId } = parsed;
  return appId && appSecret && instanceId ? { mode, scheme, appId, appSecret, instanceId } : null;
};

/** For the log: whose rights are used, and no secret. */
export const describeCredentials = (settings: CredentialSettings): string => {
  switch (settings.mode) {
    case 'passthrough':
      return 'callers bring their own Wix credential';
    case 'api-key':
      return `the gateway acts with its own API key on site ${settings.siteId}`;
    case 'app':
      return `the gateway acts as app ${settings.appId} on its instance ${settings.instanceId}`;
  }
};
