import { askForEvents, openSocket, readEvents } from './live-client.ts';
import { callerHeaders } from './live-server.ts';
import type { Row } from './rows.ts';

/** What is sent for an operation, whatever the transport. */
export interface Sent {
  readonly query?: string;
  readonly variables?: Row;
  readonly operationName?: string;
  readonly documentId?: string;
  readonly doc_id?: string;
  readonly extensions?: Row;
}

export interface Reply {
  readonly data?: Row;
  readonly errors?: Row[];
}

const post = async (url: string, sent: Sent): Promise<Reply> => {
  const headers = { 'content-type': 'application/json', ...callerHeaders };
  return (await fetch(url, { method: 'POST', headers, body: JSON.stringify(sent) })).json();
};

const get = async (url: string, sent: Sent): Promise<Reply> => {
  const search = Object.entries(sent).map(([name, value]): [string, string] => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
  return (await fetch(`${url}?${new URLSearchParams(search)}`, { headers: callerHeaders })).json();
};

const byEvents = async (url: string, sent: Sent): Promise<Reply> => {
  const { response, leave } = askForEvents(url, sent);
  for await (const { event, text } of readEvents(await response)) {
    if (event !== 'next') continue;
    leave();
    return JSON.parse(text);
  }
  throw new Error('The stream ended without an event.');
};

/** Fails unless the socket goes on after it. */
const overSocket = async (url: string, sent: Sent): Promise<Reply> => {
  const { send, frames, roundTrip, socket } = await openSocket(url);
  send({ type: 'subscribe', id: 'sent', payload: sent });
  const { type, payload } = await frames.next();
  // a subscription would go on
  send({ type: 'complete', id: 'sent' });
  await roundTrip();
  socket.terminate();
  return type === 'error' ? { errors: payload } : (payload ?? {});
};

/** The ways into the gateway. */
export const waysIn: Readonly<Record<string, (url: string, sent: Sent) => Promise<Reply>>> = {
  POST: post,
  GET: get,
  'server-sent events': byEvents,
  'a WebSocket': overSocket,
};
