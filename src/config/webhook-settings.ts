import { createPublicKey, type KeyObject } from 'node:crypto';
import { z } from 'zod';

const leastBits = 2048;
const marker = '-----BEGIN PUBLIC KEY-----';

/** Null for anything but the public half of an RSA key; a private one has no business here. */
const readPublicKey = (text: string): KeyObject | null => {
  // where a variable takes one line only, line breaks are often written as \n
  const plain = text.trim().replaceAll('\\n', '\n');
  const pem = plain.startsWith(marker) ? plain : Buffer.from(plain, 'base64').toString().trim();
  if (!pem.startsWith(marker)) return null;
  try {
    const key = createPublicKey(pem);
    const { modulusLength = 0 } = key.asymmetricKeyDetails ?? {};
    return key.asymmetricKeyType === 'rsa' && modulusLength >= leastBits ? key : null;
  } catch {
    return null;
  }
};

/** The variables of webhooks: how each is parsed, its default, and what --help says of it. */
export const webhookVariables = {
  WIX_WEBHOOK_PUBLIC_KEY: z
    .string()
    .transform(readPublicKey)
    .refine((key): key is KeyObject => key !== null, {
      error: `the public key of the Wix app: the PEM that begins with ${marker} (RSA, at least ${leastBits} bits), or that PEM in base64`,
    })
    .optional()
    .describe("The Wix app's public key, PEM or base64 of it: turns on POST /webhooks/wix."),
};

/** What was put there by mistake may be the private key. */
export const isWebhookVariable = (name: string): boolean => name in webhookVariables;
