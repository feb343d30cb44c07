import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { onTestFinished } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { callerHeaders } from './live-server.ts';
import type { Row } from './rows.ts';

/** Whatever comes, in order, for whoever asks for the next. */
export interface Inbox<Item> {
  push(item: Item): void;
  next(): Promise<Item>;
  readonly waiting: readonly Item[];
}

export const createInbox = <Item>(): Inbox<Item> => {
  const waiting: Item[] = [];
  const asking: ((item: Item) => void)[] = [];
  return {
    waiting,
    push(item) {
      const first = asking.shift();
      if (first) first(item);
      else waiting.push(item);
    },
    next: () =>
      waiting.length > 0
        ? Promise.resolve(waiting.shift() as Item)
        : new Promise<Item>((resolve) => asking.push(resolve)),
  };
};

/** What a subscription was told, the same for every transport. */
export interface Told {
  readonly type: 'next' | 'error' | 'complete';
  // biome-ignore lint/suspicious/noExplicitAny: tests read whatever they asked for
  readonly data?: any;
  // biome-ignore lint/suspicious/noExplicitAny: the same
  readonly errors?: any;
}

export interface Watch {
  next(): Promise<Told>;
  readonly waiting: readonly Told[];
  /** Ends the subscription the way its transport does. */
  leave(): void;
  /** Breaks the connection. */
  terminate(): void;
}

export interface WatchOptions {
  readonly headers?: Record<string, string>;
  readonly variables?: Record<string, unknown>;
}

export interface Frame {
  readonly type: string;
  readonly id?: string;
  readonly payload?: Row;
}

export interface Socket {
  readonly socket: WebSocket;
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Frames of no operation. */
  readonly frames: Inbox<Frame>;
  send(frame: Frame | string): void;
  /** Comes back once the server has dealt with all that was sent before, as far as it can. */
  roundTrip(): Promise<void>;
  operate(query: string, options?: { variables?: Row; id?: string; operationName?: string }): Watch;
}

export interface SocketOptions extends ClientOptions {
  readonly params?: Record<string, unknown> | null;
  readonly protocol?: string;
  /** False leaves the connection without its greeting. */
  readonly greet?: boolean;
}

const tell = ({ type, payload }: Frame): Told => {
  if (type === 'next') return { type, ...payload };
  return type === 'error' ? { type, errors: payload } : { type: 'complete' };
};

/** A client of graphql-transport-ws that hides nothing of the protocol, gone when the test ends. */
export const openSocket = async (url: string, options: SocketOptions = {}): Promise<Socket> => {
  const {
    params = callerHeaders,
    protocol = 'graphql-transport-ws',
    greet = true,
    ...clientOptions
  } = options;
  const socket = new WebSocket(url.replace(/^http/, 'ws'), protocol, clientOptions);
  onTestFinished(() => socket.terminate());
  const frames = createInbox<Frame>();
  const operations = new Map<string, Inbox<Told>>();
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  socket.on('message', (message) => {
    const frame: Frame = JSON.parse(String(message));
    const operation = frame.id === undefined ? undefined : operations.get(frame.id);
    if (operation) operation.push(tell(frame));
    else frames.push(frame);
  });
  const send = (frame: Frame | string) =>
    socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame));
  await once(socket, 'open');
  if (greet) {
    send({ type: 'connection_init', ...(params === null ? {} : { payload: params }) });
    await frames.next();
  }
  return {
    socket,
    closed,
    frames,
    send,
    async roundTrip() {
      send({ type: 'ping' });
      while ((await frames.next()).type !== 'pong');
    },
    operate(query, { id = `op-${operations.size}`, ...more } = {}) {
      const inbox = createInbox<Told>();
      operations.set(id, inbox);
      send({ type: 'subscribe', id, payload: { query, ...more } });
      return {
        ...inbox,
        leave: () => send({ type: 'complete', id }),
        terminate: () => socket.terminate(),
      };
    },
  };
};

const watchOverWebSocket = async (url: string, query: string, options: WatchOptions = {}): Promise<Watch> => {
  const { headers = callerHeaders, variables = {} } = options;
  const { operate } = await openSocket(url, { params: headers });
  return operate(query, { variables });
};

/** The events of a stream as they come: their names and what they hold. */
export async function* readEvents(
  response: IncomingMessage,
): AsyncGenerator<{ readonly event: string; readonly text: string }> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const blocks = (rest + chunk).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      yield {
        event: /^event: (.*)$/m.exec(block)?.[1] ?? 'ping',
        text: /^data: (.*)$/m.exec(block)?.[1] ?? '',
      };
    }
  }
}

/** Asks for an event stream and reads none of it. The connection is its own, and gone when the test ends. */
export const askForEvents = (
  url: string,
  operation: object,
  headers: Record<string, string> = callerHeaders,
): { readonly response: Promise<IncomingMessage>; leave(): void } => {
  const asking = request(url, {
    method: 'POST',
    agent: false,
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', ...headers },
  });
  const response = new Promise<IncomingMessage>((resolve, reject) => {
    asking.once('response', resolve).once('error', reject);
  });
  // whoever leaves while it is pending wants none
  response.catch(() => undefined);
  asking.on('error', () => undefined).end(JSON.stringify(operation));
  const leave = () => void asking.destroy();
  onTestFinished(leave);
  return { response, leave };
};

/** A subscription by server-sent events. */
export const watchByEvents = (url: string, query: string, options: WatchOptions = {}): Watch => {
  const { headers, variables = {} } = options;
  const { response, leave } = askForEvents(url, { query, variables }, headers);
  const inbox = createInbox<Told>();
  const read = async () => {
    for await (const { event, text } of readEvents(await response)) {
      if (event === 'complete') inbox.push({ type: 'complete' });
      if (event !== 'next') continue;
      const { data, errors } = JSON.parse(text);
      // a subscription that never began, or broke off, has errors and no data
      inbox.push(data ? { type: 'next', data, ...(errors && { errors }) } : { type: 'error', errors });
    }
  };
  // it ends by being left
  read().catch(() => undefined);
  return { ...inbox, leave, terminate: leave };
};

/** What is promised of watching, whatever the transport. */
export const transports: Readonly<
  Record<string, (url: string, query: string, options?: WatchOptions) => Promise<Watch>>
> = {
  'a WebSocket': watchOverWebSocket,
  'server-sent events': async (url, query, options) => watchByEvents(url, query, options),
};
