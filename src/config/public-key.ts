import { createPublicKey, type KeyObject } from 'node:crypto';
import { isJsonObject, parseJson } from '../domain/json.ts';

const read = (text: string): KeyObject | null => {
  try {
    // of a private key Node would take the public half, but then the private one lies where it should not
    if (text.startsWith('{')) {
      const jwk = parseJson(text);
      return !isJsonObject(jwk) || 'd' in jwk ? null : createPublicKey({ key: jwk, format: 'jwk' });
    }
    // many places that hold settings cannot hold line breaks
    return text.includes('PRIVATE') ? null : createPublicKey(text.replaceAll('\\n', '\n'));
  } catch {
    return null;
  }
};

export const minRsaBits = 2048;

/** A public key that signatures can be checked with, PEM or JWK; null for anything else. */
export const parsePublicKey = (text: string): KeyObject | null => {
  const key = read(text.trim());
  switch (key?.asymmetricKeyType) {
    case 'rsa':
    case 'rsa-pss':
      return (key.asymmetricKeyDetails?.modulusLength ?? 0) >= minRsaBits ? key : null;
    case 'ec':
      return /^(prime256v1|secp384r1|secp521r1)$/.test(key.asymmetricKeyDetails?.namedCurve ?? '')
        ? key
        : null;
    case 'ed25519':
      return key;
    default:
      return null;
  }
};
