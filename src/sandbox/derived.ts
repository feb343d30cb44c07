import { createHash } from 'node:crypto';

const digestOf = (name: string): Buffer => createHash('sha256').update(name).digest();

/** The same GUID for the same name, always; it looks like a random one (version 4). */
export const guidOf = (name: string): string => {
  const hex = digestOf(name).toString('hex');
  const variant = '89ab'.charAt(Number.parseInt(hex.charAt(16), 16) % 4);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ].join('-');
};

/** The same number from 0 up to, not including, 1 for the same name. */
export const fractionOf = (name: string): number => digestOf(name).readUInt32BE() / 2 ** 32;
