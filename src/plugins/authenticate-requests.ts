import type { IncomingMessage } from 'node:http';
import type { Plugin } from 'graphql-yoga';
import type { Arrival, Sender } from '../access/arrival.ts';
import type { Gate } from '../access/gate.ts';
import { headOfRequest, type RequestHead } from '../access/request-head.ts';

export interface RequestAuthentication {
  readonly plugin: Plugin<object, { readonly req?: IncomingMessage; readonly arrival?: Arrival }>;
  /** Lets a request in before anything of it is read but its head, and counts it; fails for who does not belong. */
  admit(head: RequestHead): Promise<Sender>;
  /** Who sent a request that was let in. */
  senderOf(request: Request): Sender;
}

export const createRequestAuthentication = (gate: Gate): RequestAuthentication => {
  const senders = new WeakMap<Request, Sender>();
  const admit = async (head: RequestHead): Promise<Sender> => {
    const address = gate.addressOf(head);
    gate.countFrom(address);
    const principal = await gate.admit(head.header('authorization'), address);
    gate.count(principal);
    return { principal, address };
  };
  return {
    plugin: {
      async onRequestParse({ request, serverContext }) {
        const sender = serverContext.arrival?.sender ?? admit(headOfRequest(request, serverContext.req));
        senders.set(request, await sender);
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
