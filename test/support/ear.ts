import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { askForEvents } from './live-client.ts';
import type { Row } from './rows.ts';

export type Headers = Record<string, string>;

/** Something has happened, whatever it was: whoever waits looks again. */
export const createPulse = () => {
  const waiting: (() => void)[] = [];
  return {
    beat() {
      for (const wake of waiting.splice(0)) wake();
    },
    async until(isSo: () => boolean) {
      while (!isSo()) await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
};
export type Pulse = ReturnType<typeof createPulse>;

/** Some streams, and how often each of them has said something; endless once it is over. */
export interface Streams {
  readonly told: readonly number[];
  leave(): void;
}

/** Talks to a gateway in every way, and keeps all that it says. */
export const openEar = (url: string, pulse: Pulse = createPulse()) => {
  const heard: string[] = [];
  const hear = (what: unknown) => {
    heard.push(typeof what === 'string' ? what : JSON.stringify(what));
    pulse.beat();
  };

  const viaHttp = async (request: Request): Promise<Row> => {
    const response = await fetch(request, { redirect: 'manual' });
    const text = await response.text();
    hear([...response.headers]);
    hear(text);
    return text.startsWith('{') ? JSON.parse(text) : {};
  };
  const post = (query: string, sent: Headers, more: Row = {}) =>
    viaHttp(
      new Request(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...sent },
        body: JSON.stringify({ query, ...more }),
      }),
    );
  const get = (query: string, sent: Headers) =>
    viaHttp(new Request(`${url}?${new URLSearchParams({ query })}`, { headers: sent }));

  /** An event stream, until it ends or is left. */
  const listen = (query: string, sent: Headers, onWord = () => {}) => {
    const { response, leave } = askForEvents(url, { query }, sent);
    const read = async () => {
      const stream = await response;
      hear(stream.rawHeaders);
      for await (const chunk of stream.setEncoding('utf8')) {
        onWord();
        hear(chunk);
      }
    };
    return { leave, over: read().catch(() => undefined) };
  };

  /** A socket with one operation, or with frames that are none, until that is over or left. */
  const dial = (query: string | readonly unknown[], sent: Row, onWord = () => {}) => {
    const socket = new WebSocket(url.replace(/^http/, 'ws'), 'graphql-transport-ws');
    onTestFinished(() => socket.terminate());
    const { promise: over, resolve } = Promise.withResolvers<void>();
    const send = (frame: unknown) => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
    const operation = { type: 'subscribe', id: 'one', payload: { query } };
    socket.on('message', (data) => {
      const text = String(data);
      const { type, id } = JSON.parse(text);
      if (type === 'connection_ack')
        for (const each of Array.isArray(query) ? query : [operation]) send(each);
      if (id !== undefined) onWord();
      if (type === 'complete' || type === 'error') socket.close();
      hear(text);
    });
    socket.on('open', () => send({ type: 'connection_init', payload: sent }));
    socket.on('upgrade', (response) => hear(response.rawHeaders));
    socket.on('error', () => undefined);
    socket.on('close', (code, why) => {
      hear(`closed with ${code} ${why}`);
      resolve();
    });
    return { leave: () => socket.close(), over };
  };

  return {
    heard,
    post,
    get,
    listen,
    dial,
    async everyWay(query: string, sent: Headers) {
      const [answer] = await Promise.all([
        post(query, sent),
        listen(query, sent).over,
        dial(query, sent).over,
      ]);
      return answer;
    },
    /** Each subscription over a socket of its own, and as an event stream. */
    watch(queries: readonly string[], sent: Headers): Streams {
      const told: number[] = [];
      const leaves = queries.flatMap((query) =>
        [dial, listen].map((open) => {
          const n = told.push(0) - 1;
          const { leave, over } = open(query, sent, () => {
            told[n] = (told[n] ?? 0) + 1;
          });
          void over.then(() => {
            told[n] = Number.POSITIVE_INFINITY;
            pulse.beat();
          });
          return leave;
        }),
      );
      return {
        told,
        leave() {
          for (const leave of leaves) leave();
        },
      };
    },
  };
};
export type Ear = ReturnType<typeof openEar>;
