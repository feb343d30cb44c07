import { createHash, randomUUID } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';

/**
 * Where this process listens: no two that live can listen there, and whoever restarts does again. The addresses belong
 * to it because containers may share a name. Where any port will do, it has a seat of its own.
 */
export const seatOf = (host: string, port: number): string => {
  if (port === 0) return randomUUID();
  const addresses = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .map(({ address, mac }) => `${address} ${mac}`);
  const place = [hostname(), host, port, ...addresses.sort()];
  return createHash('sha256').update(JSON.stringify(place)).digest('base64url').slice(0, 16);
};
