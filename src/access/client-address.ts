import ipaddr from 'ipaddr.js';
import { type AddressRange, isAddress } from '../config/limit-settings.ts';
import type { RequestHead } from './request-head.ts';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

const maxHops = 20;

/** An IPv4 address in the clothes of IPv6 is taken out of them; null for what is no address. */
const parse = (text: string): Address | null => {
  // some proxies add the port
  const host = text.trim().replace(/^\[([^\]]*)\](:\d+)?$|^([\d.]+):\d+$/, '$1$3');
  return isAddress(host) ? ipaddr.process(host) : null;
};

const isWithin = (address: Address, [range, bits]: AddressRange): boolean =>
  address.kind() === range.kind() && address.match(range, bits);

const ipv6NetworkBytes = 8;

/** One network of IPv6 is one customer, who has 2^64 addresses in it to choose from. */
const nameOf = (address: Address): string =>
  address.kind() === 'ipv4'
    ? address.toString()
    : `${Buffer.from(address.toByteArray().slice(0, ipv6NetworkBytes)).toString('hex')}/64`;

/** Where a client is, as limits count: one IPv4 address, or one network of IPv6. Null where nobody knows. */
export type ClientAddress = (head: Pick<RequestHead, 'peer' | 'header'>) => string | null;

/** Goes back from proxy to proxy, as far as their word is trusted: what a client writes itself counts for nothing. */
export const createClientAddress =
  (trusted: readonly AddressRange[]): ClientAddress =>
  ({ peer, header }) => {
    let address = peer === undefined ? null : parse(peer);
    if (trusted.length === 0) return address && nameOf(address);
    const hops = (header('x-forwarded-for') ?? '').split(',').slice(-maxHops);
    while (address !== null && trusted.some((range) => address !== null && isWithin(address, range))) {
      const hop = parse(hops.pop() ?? '');
      if (hop === null) break;
      address = hop;
    }
    return address && nameOf(address);
  };
