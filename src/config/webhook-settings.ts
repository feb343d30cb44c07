import type { KeyObject } from 'node:crypto';
import { z } from 'zod';
import { minRsaBits, parsePublicKey } from './public-key.ts';

const marker = '-----BEGIN PUBLIC KEY-----';

/** The public half of an RSA key; null for anything else. */
const readPublicKey = (text: string): KeyObject | null => {
  const plain = text.trim();
  const pem = plain.startsWith(marker) ? plain : Buffer.from(plain, 'base64').toString().trim();
  const key = pem.startsWith(marker) ? parsePublicKey(pem) : null;
  return key?.asymmetricKeyType === 'rsa' ? key : null;
};

/** The variables of webhooks: how each is parsed, its default, and what --help says of it. */
export const webhookVariables = {
  WIX_WEBHOOK_PUBLIC_KEY: z
    .string()
    .transform(readPublicKey)
    .refine((key): key is KeyObject => key !== null, {
      error: `the public key of the Wix app: the PEM that begins with ${marker} (RSA, at least ${minRsaBits} bits), or that PEM in base64`,
    })
    .optional()
    .describe("The Wix app's public key, PEM or base64 of it: turns on POST /webhooks/wix."),
};
