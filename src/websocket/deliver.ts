import type { Delivery } from '../plugins/shared-execution.ts';
import type { SendFrame } from './frame-sender.ts';

export interface DeliverOptions {
  readonly operationId: string;
  readonly delivery: Delivery;
  readonly send: SendFrame;
  readonly present: (error: unknown) => Error;
}

const over = { done: true, value: undefined } as const;

/**
 * Sends the results of a subscription to its socket as they come: one text for all who ask the same, each under its
 * own operation id. To graphql-ws this is a stream without values, which ends when the subscription does.
 */
export const deliver = ({ operationId, delivery, send, present }: DeliverOptions) => {
  const { source, run } = delivery;
  const head = `{"id":${JSON.stringify(operationId)},"type":"next","payload":`;
  const end = Promise.withResolvers<typeof over>();
  // nobody may be waiting for the end
  end.promise.catch(() => undefined);
  let busy = false;
  let left = false;

  const finish = () => {
    if (source.end === null) return;
    if ('error' in source.end) end.reject(present(source.end.error));
    else end.resolve(over);
  };

  const ready = () => {
    busy = false;
    pump();
  };

  const sendResult = (json: string) => {
    // who has left may be using the id for something else by now
    if (!left) send(`${head}${json}}`, ready);
  };

  const pump = () => {
    if (busy) return;
    const event = source.take();
    if (event === undefined) {
      finish();
      return;
    }
    busy = true;
    // also a result that is at hand is sent later: sending to all in one go costs far less than in between
    void Promise.resolve(run(event)).then(sendResult);
  };

  source.onReadable(pump);
  return {
    next() {
      pump();
      return end.promise;
    },
    async return() {
      left = true;
      await source.return();
      end.resolve(over);
      return over;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
};
