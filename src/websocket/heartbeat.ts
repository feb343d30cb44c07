import { randomUUID } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Clock } from '../domain/clock.ts';
import type { FrameSender } from './frame-sender.ts';

/** A socket that has not answered one ping by the time of the next is gone, unless it has much to read before it. */
const intervalMs = 12_000;

/** Ends the sockets of clients that are gone. */
export interface Heartbeat {
  /** Whom else to ping. */
  add(socket: WebSocket, sender: FrameSender): void;
  stop(): void;
}

export const createHeartbeat = (clock: Clock): Heartbeat => {
  const senders = new Map<WebSocket, FrameSender>();
  const awaitingPong = new Set<WebSocket>();
  /** Of the latest pings: only who has read up to one can answer it. */
  let word = '';

  // the same for every socket, of which there may be many
  const forget = function (this: WebSocket) {
    senders.delete(this);
    awaitingPong.delete(this);
  };
  const hear = function (this: WebSocket, answer: Buffer) {
    if (String(answer) !== word) return;
    awaitingPong.delete(this);
    senders.get(this)?.ponged();
  };

  const ping = () => {
    word = randomUUID();
    for (const [socket, sender] of senders) {
      // it is not listened to before it has read, which whoever counts what is unread sees to
      if (awaitingPong.has(socket) && !sender.isReading() && !socket.isPaused) {
        socket.terminate();
        continue;
      }
      awaitingPong.add(socket);
      socket.ping(word);
      sender.pinged();
    }
    cancel = clock.after(intervalMs, ping);
  };
  let cancel = clock.after(intervalMs, ping);

  return {
    add(socket, sender) {
      senders.set(socket, sender);
      socket.on('pong', hear);
      socket.once('close', forget);
    },
    stop: () => cancel(),
  };
};
