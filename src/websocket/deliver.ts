import type { Delivery } from '../plugins/shared-execution.ts';
import type { SendFrame } from './frame-sender.ts';

export interface DeliverOptions {
  readonly operationId: string;
  readonly delivery: Delivery;
  readonly send: SendFrame;
  readonly present: (error: unknown) => Error;
}

const over = { done: true, value: undefined } as const;

/** One for each subscription that is open, thousands at a time: methods rather than closures. */
class Delivering implements AsyncIterableIterator<never, undefined> {
  readonly #delivery: Delivery;
  readonly #send: SendFrame;
  readonly #present: (error: unknown) => Error;
  readonly #head: string;
  #asking: PromiseWithResolvers<typeof over> | null = null;
  #busy = false;
  #left = false;

  constructor({ operationId, delivery, send, present }: DeliverOptions) {
    this.#delivery = delivery;
    this.#send = send;
    this.#present = present;
    this.#head = `{"id":${JSON.stringify(operationId)},"type":"next","payload":`;
    delivery.source.onReadable(() => this.#pump());
  }

  next(): Promise<typeof over> {
    this.#asking ??= Promise.withResolvers<typeof over>();
    this.#pump();
    return this.#asking.promise;
  }

  async return(): Promise<typeof over> {
    this.#left = true;
    await this.#delivery.source.return();
    this.#asking?.resolve(over);
    return over;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #pump(): void {
    if (this.#busy) return;
    const { source, run, turnToWrite } = this.#delivery;
    const event = source.take();
    if (event === undefined) {
      this.#finish();
      return;
    }
    this.#busy = true;
    // also a result that is at hand is sent later: sending to all in one go costs far less than in between
    void Promise.resolve(run(event)).then((json) => {
      const turn = turnToWrite(json);
      if (turn === null) this.#sendResult(json);
      else void turn.then(() => this.#sendResult(json));
    });
  }

  #sendResult(json: string): void {
    // who has left may be using the id for something else by now
    if (this.#left) return;
    this.#send(`${this.#head}${json}}`, () => {
      this.#busy = false;
      this.#pump();
    });
  }

  #finish(): void {
    const { end } = this.#delivery.source;
    if (end === null) return;
    if ('error' in end) this.#asking?.reject(this.#present(end.error));
    else this.#asking?.resolve(over);
  }
}

/**
 * Sends the results of a subscription to its socket as they come: one text for all who ask the same, each under its
 * own operation id. To graphql-ws this is a stream without values, which ends when the subscription does.
 */
export const deliver = (options: DeliverOptions): AsyncIterableIterator<never, undefined> =>
  new Delivering(options);
