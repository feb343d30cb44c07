import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';

export type WebhookKeys = { readonly privateKey: KeyObject; readonly publicKey: KeyObject };

/** The pair that belongs to the private key, or a new one. */
export const webhookKeys = async (privateKey: KeyObject | null): Promise<WebhookKeys> =>
  privateKey
    ? { privateKey, publicKey: createPublicKey(privateKey) }
    : promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
