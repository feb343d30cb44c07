import type { SendFrame } from './frame-sender.ts';

const over = { done: true, value: undefined } as const;

/**
 * Sends the one result of a query or mutation to its socket. graphql-ws would hold on to all of it until its client has
 * read the text: to it this is a stream without values, which ends then.
 */
export const answer = (
  operationId: string,
  result: object,
  send: SendFrame,
): AsyncIterableIterator<never, undefined> => {
  let frame = JSON.stringify({ id: operationId, type: 'next', payload: result });
  return {
    next() {
      const { promise, resolve } = Promise.withResolvers<typeof over>();
      const text = frame;
      frame = '';
      if (text === '') resolve(over);
      else send(text, () => resolve(over));
      return promise;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
