import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { isLoopback } from '../domain/origin.ts';
import { wholeNumber } from './values.ts';

/** How much one may do. 0 for as much as they like. */
export interface LimitSettings {
  readonly callerOperationsPerMinute: number;
  readonly addressOperationsPerMinute: number;
  /** How many WebSockets and event streams may be open at a time. */
  readonly callerSockets: number;
  readonly addressSockets: number;
  /** How many WebSockets may be opened, whatever becomes of them. Event streams are operations. */
  readonly addressSocketsPerMinute: number;
  readonly failedAuthsPerMinute: number;
  /** Whose word on the address of a client is taken. */
  readonly trustedProxies: readonly AddressRange[];
}

/** An address, and how many of its bits count. */
export type AddressRange = readonly [ipaddr.IPv4 | ipaddr.IPv6, number];

export const noLimits: LimitSettings = {
  callerOperationsPerMinute: 0,
  addressOperationsPerMinute: 0,
  callerSockets: 0,
  addressSockets: 0,
  addressSocketsPerMinute: 0,
  failedAuthsPerMinute: 0,
  trustedProxies: [],
};

/** For strangers. Who listens on loopback serves only this machine, and limits nobody unless told to. */
const usual = {
  callerOperationsPerMinute: 3000,
  addressOperationsPerMinute: 6000,
  callerSockets: 1000,
  addressSockets: 1000,
  // all of them may come back at once, and once more
  addressSocketsPerMinute: 2000,
};

/** An address as people write them: not 10 for 0.0.0.10, which is an address of IPv4 too. */
export const isAddress = (text: string): boolean =>
  ipaddr.isValid(text) && (text.includes(':') || ipaddr.IPv4.isValidFourPartDecimal(text));

/** How many bits of an IPv6 address only say that it is one of IPv4. */
const mappingBits = 96;

const parseRange = (text: string): AddressRange | null => {
  const [start = '', bits] = text.split('/', 2);
  if (!isAddress(start)) return null;
  const address = ipaddr.process(start);
  const longest = address.kind() === 'ipv4' ? 32 : 128;
  if (bits === undefined) return [address, longest];
  if (!ipaddr.isValidCIDR(text)) return null;
  // clients are taken out of the clothes of IPv6 as well
  const isMapped = longest === 32 && start.includes(':');
  const length = Number(bits) - (isMapped ? mappingBits : 0);
  return length < 0 ? null : [address, length];
};

const ranges = z
  .string()
  .transform((text) => text.split(',').map((each) => parseRange(each.trim())))
  .refine((list): list is AddressRange[] => !list.includes(null), {
    error: 'a list of addresses or ranges with commas between them, for example 10.0.0.0/8,fd00::/8',
  });

const limit = wholeNumber(0, 1_000_000_000);

const unlimited = (count: number) => `unset: ${count}, or no limit while only this machine can ask`;

/** The variables of limits: how each is parsed, its default, and what --help says of it. */
export const limitVariables = {
  CALLER_OPERATIONS_PER_MINUTE: limit
    .optional()
    .describe(
      `How many operations a caller may send; 0: no limit, ${unlimited(usual.callerOperationsPerMinute)}.`,
    ),
  ADDRESS_OPERATIONS_PER_MINUTE: limit
    .optional()
    .describe(
      `The same of all callers at one address; 0: no limit, ${unlimited(usual.addressOperationsPerMinute)}.`,
    ),
  CALLER_SOCKETS: limit
    .optional()
    .describe(
      `How many WebSockets and event streams a caller may have open; 0: no limit, ${unlimited(usual.callerSockets)}.`,
    ),
  ADDRESS_SOCKETS: limit
    .optional()
    .describe(`The same of all callers at one address; 0: no limit, ${unlimited(usual.addressSockets)}.`),
  ADDRESS_SOCKETS_PER_MINUTE: limit
    .optional()
    .describe(
      `How many WebSockets an address may open; 0: no limit, ${unlimited(usual.addressSocketsPerMinute)}.`,
    ),
  FAILED_AUTHS_PER_MINUTE: limit
    .prefault('100')
    .describe('With GATEWAY_AUTH=tokens: how many wrong ones an address may try; 0: no limit.'),
  TRUSTED_PROXIES: ranges
    .optional()
    .describe('Addresses of proxies whose X-Forwarded-For is believed, for example 10.0.0.0/8.'),
};

type Parsed = z.infer<z.ZodObject<typeof limitVariables>>;

export const limitSettings = (parsed: Parsed, host: string): LimitSettings => {
  const trustedProxies = parsed.TRUSTED_PROXIES ?? [];
  // a proxy on this machine brings strangers
  const fallback = isLoopback(host) && trustedProxies.length === 0 ? noLimits : usual;
  return {
    callerOperationsPerMinute: parsed.CALLER_OPERATIONS_PER_MINUTE ?? fallback.callerOperationsPerMinute,
    addressOperationsPerMinute: parsed.ADDRESS_OPERATIONS_PER_MINUTE ?? fallback.addressOperationsPerMinute,
    callerSockets: parsed.CALLER_SOCKETS ?? fallback.callerSockets,
    addressSockets: parsed.ADDRESS_SOCKETS ?? fallback.addressSockets,
    addressSocketsPerMinute: parsed.ADDRESS_SOCKETS_PER_MINUTE ?? fallback.addressSocketsPerMinute,
    failedAuthsPerMinute: parsed.FAILED_AUTHS_PER_MINUTE,
    trustedProxies,
  };
};
