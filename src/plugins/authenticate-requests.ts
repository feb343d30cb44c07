import { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Arrival, Sender } from '../access/arrival.ts';
import type { Gate } from '../access/gate.ts';

/** What tells who sends a request. */
export interface Sending {
  /** The address at the other end of its connection. */
  readonly peer: string | undefined;
  header(name: string): string | null;
}

export interface RequestAuthentication {
  readonly plugin: Plugin<object, { readonly arrival?: Arrival }>;
  /** Lets a request in before anything of it is read but its headers, and counts it; fails for who does not belong. */
  admit(sending: Sending): Promise<Sender>;
  /** Who sent a request that was let in. */
  senderOf(request: Request): Sender;
}

const peerOf = (serverContext: object): string | undefined =>
  'req' in serverContext && serverContext.req instanceof IncomingMessage
    ? serverContext.req.socket.remoteAddress
    : undefined;

export const createRequestAuthentication = (gate: Gate): RequestAuthentication => {
  const senders = new WeakMap<Request, Sender>();
  const admit = async ({ peer, header }: Sending): Promise<Sender> => {
    const address = gate.addressOf(peer, header('x-forwarded-for') ?? undefined);
    gate.countFrom(address);
    const principal = await gate.admit(header('authorization'), address);
    gate.count(principal);
    return { principal, address };
  };
  return {
    plugin: {
      async onRequestParse({ request, serverContext }) {
        const sender = await (serverContext.arrival?.sender ??
          admit({ peer: peerOf(serverContext), header: (name) => request.headers.get(name) }));
        senders.set(request, sender);
      },
    },
    admit,
    senderOf(request) {
      const sender = senders.get(request);
      if (sender === undefined) throw new Error('A request came past the gate.');
      return sender;
    },
  };
};
