import { createPrivateKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { faultKinds } from './http/faults.ts';
import type { SandboxSettings } from './settings.ts';

const numberFrom = (least: number, most: number) => {
  const error = `a number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,6}(\.\d{1,6})?$/, { error })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
};

const wholeNumberFrom = (least: number, most: number) => {
  const error = `a whole number from ${least} to ${most}`;
  return z
    .string()
    .regex(/^\d{1,6}$/, { error })
    .transform(Number)
    .refine((value) => value >= least && value <= most, { error });
};

const isFaultKind = (text: string): text is (typeof faultKinds)[number] =>
  faultKinds.some((kind) => kind === text);

const faultList = z
  .string()
  .transform((text) => text.split(',').map((kind) => kind.trim()))
  .refine((kinds) => kinds.every(isFaultKind), { error: `a list such as ${faultKinds.join(',')}` })
  .transform((kinds) => kinds.filter(isFaultKind));

const webAddress = z.string().refine((text) => /^https?:\/\//.test(text) && URL.canParse(text), {
  error: 'an address such as http://127.0.0.1:4000/webhooks/wix',
});

const readPrivateKey = (text: string): KeyObject | null => {
  const plain = text.trim().replaceAll('\\n', '\n');
  try {
    const key = createPrivateKey(plain.startsWith('-----') ? plain : Buffer.from(plain, 'base64').toString());
    return key.asymmetricKeyType === 'rsa' ? key : null;
  } catch {
    return null;
  }
};

const privateKey = z
  .string()
  .transform(readPrivateKey)
  .refine((key): key is KeyObject => key !== null, { error: 'an RSA private key, PEM or base64 of it' });

/** Every variable that changes the sandbox: how it is parsed, its default, and what it is for. */
export const sandboxEnvironment = z.object({
  SANDBOX_SPEED: numberFrom(0.01, 100_000)
    .prefault('1')
    .describe('How many times faster than usual jobs run.'),
  SANDBOX_LATENCY_MS: wholeNumberFrom(0, 60_000)
    .prefault('0')
    .describe('How long every call takes at least, in milliseconds.'),
  SANDBOX_REQUESTS_PER_MINUTE: wholeNumberFrom(1, 999_999)
    .optional()
    .describe('How many calls a site may make in a minute before it is answered 429; upstream grants 200.'),
  SANDBOX_FAULT_SHARE: numberFrom(0, 1)
    .prefault('0')
    .describe('Which share of the calls meets a fault, from 0 to 1.'),
  SANDBOX_FAULTS: faultList
    .prefault(faultKinds.join(','))
    .describe('Which faults take turns where a call meets one.'),
  SANDBOX_TERMINATED: z
    .enum(['vanish', 'keep'], { error: 'vanish or keep' })
    .prefault('vanish')
    .describe('Whether a terminated job vanishes or keeps its last status.'),
  SANDBOX_TOKEN_SECONDS: wholeNumberFrom(1, 86_400)
    .prefault('14400')
    .describe('How long an access token of an app lives, in seconds.'),
  SANDBOX_WEBHOOK_URL: webAddress.optional().describe('Where signed events of jobs are sent.'),
  SANDBOX_WEBHOOK_PRIVATE_KEY: privateKey
    .optional()
    .describe('What signs them, PEM or base64 of it. Unset: made at the start.'),
});

export type Environment = Readonly<Record<string, string | undefined>>;

/** The settings, or a sentence on each variable that is wrong. */
export type SettingsResult =
  | { readonly settings: SandboxSettings; readonly problems?: never }
  | { readonly settings?: never; readonly problems: readonly string[] };

/** An empty value is the same as none. */
export const readSandboxSettings = (env: Environment): SettingsResult => {
  const names = Object.keys(sandboxEnvironment.shape);
  const given = Object.fromEntries(names.map((name) => [name, env[name] || undefined]));
  const { data, error } = sandboxEnvironment.safeParse(given);
  if (error !== undefined) {
    const problems = error.issues.map(({ path: [name = ''], message }) => {
      const variable = String(name);
      const got = variable.endsWith('_KEY') ? 'what it holds' : `"${given[variable]}"`;
      return `${variable} must be ${message}, not ${got}.`;
    });
    return { problems };
  }
  return {
    settings: {
      speed: data.SANDBOX_SPEED,
      latencyMs: data.SANDBOX_LATENCY_MS,
      requestsPerMinute: data.SANDBOX_REQUESTS_PER_MINUTE ?? null,
      faults: { share: data.SANDBOX_FAULT_SHARE, kinds: data.SANDBOX_FAULTS },
      terminated: data.SANDBOX_TERMINATED,
      tokenSeconds: data.SANDBOX_TOKEN_SECONDS,
      webhookUrl: data.SANDBOX_WEBHOOK_URL ?? null,
      webhookPrivateKey: data.SANDBOX_WEBHOOK_PRIVATE_KEY ?? null,
    },
  };
};
