import type { WebSocket } from 'ws';
import type { Clock } from '../domain/clock.ts';

export type Goodbye = (code: number, reason: string) => void;

/** How long a client may take to say goodbye. */
const goodbyeMs = 2_000;

/** Closes a socket. Who does not answer loses what still waits to be read, which is held in memory until then. */
export const createGoodbye =
  (socket: WebSocket, clock: Clock): Goodbye =>
  (code, reason) => {
    if (socket.readyState !== socket.OPEN) return;
    socket.close(code, reason);
    socket.once(
      'close',
      clock.after(goodbyeMs, () => socket.terminate()),
    );
  };
