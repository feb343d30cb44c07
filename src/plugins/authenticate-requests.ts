import { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Gate } from '../access/gate.ts';
import type { Principal } from '../access/principal.ts';

export interface Sender {
  readonly principal: Principal;
  readonly address: string | null;
}

export interface RequestAuthentication {
  readonly plugin: Plugin;
  /** Who sent a request that was let in. */
  senderOf(request: Request): Sender;
}

const peerOf = (serverContext: object): string | undefined =>
  'req' in serverContext && serverContext.req instanceof IncomingMessage
    ? serverContext.req.socket.remoteAddress
    : undefined;

/** Lets requests in before anything of them is read but their headers. */
export const createRequestAuthentication = (gate: Gate): RequestAuthentication => {
  const senders = new WeakMap<Request, Sender>();
  return {
    plugin: {
      async onRequestParse({ request, serverContext }) {
        const { headers } = request;
        const address = gate.addressOf(peerOf(serverContext), headers.get('x-forwarded-for') ?? undefined);
        gate.countFrom(address);
        const principal = await gate.admit(headers.get('authorization'), address);
        gate.count(principal);
        senders.set(request, { principal, address });
      },
    },
    senderOf(request) {
      const sender = senders.get(request);
      if (sender === undefined) throw new Error('A request came past the gate.');
      return sender;
    },
  };
};
