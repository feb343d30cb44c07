import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Gate } from '../access/gate.ts';
import type { Principal } from '../access/principal.ts';
import { headOfRequest } from '../access/request-head.ts';

export interface Sender {
  readonly principal: Principal;
  readonly address: string | null;
}

export interface RequestAuthentication {
  readonly plugin: Plugin<object, { req?: IncomingMessage }>;
  /** Who sent a request that was let in. */
  senderOf(request: Request): Sender;
}

/** Lets requests in before anything of them is read but their headers. */
export const createRequestAuthentication = (gate: Gate): RequestAuthentication => {
  const senders = new WeakMap<Request, Sender>();
  return {
    plugin: {
      async onRequestParse({ request, serverContext }) {
        const address = gate.addressOf(headOfRequest(request, serverContext.req));
        gate.countFrom(address);
        const principal = await gate.admit(request.headers.get('authorization'), address);
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
