import { BlockList, isIP } from 'node:net';

/** An origin as browsers write it, such as https://app.example.com; null for what is none. */
export const originOf = (text: string): string | null => {
  if (!/^https?:\/\/[^/?#@*\s]+\/?$/i.test(text) || !URL.canParse(text)) return null;
  return new URL(text).origin;
};

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8);
loopback.addAddress('::1', 'ipv6');

/** True for names and addresses that only this machine can reach. */
export const isLoopback = (host: string): boolean => {
  const name = host.replace(/^\[(.*)\]$/, '$1');
  const family = isIP(name);
  if (family === 0) return /^(localhost|.+\.localhost)$/i.test(name);
  return loopback.check(name, family === 6 ? 'ipv6' : 'ipv4');
};
