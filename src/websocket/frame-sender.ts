import type { WebSocket } from 'ws';
import type { Goodbye } from './goodbye.ts';

/** Up to here a frame is simply handed over; beyond, its sender waits until it is out. */
const highWaterBytes = 64 * 1024;
/** With so much waiting behind what is on its way the reader has stopped reading. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Try again later: graphql-ws clients connect anew after it. */
const tryAgainLater = 1013;

/** Hands a frame to the socket and calls back once the next may come: at once while the reader keeps up. */
export type SendFrame = (frame: string, onReady: () => void) => void;

export const createFrameSender = (socket: WebSocket, close: Goodbye): SendFrame => {
  // a single large frame says nothing of its reader; those that queue up behind it do
  let waitingBytes = 0;
  return (frame, onReady) => {
    if (socket.readyState !== socket.OPEN) {
      onReady();
    } else if (socket.bufferedAmount < highWaterBytes) {
      socket.send(frame);
      onReady();
    } else {
      waitingBytes += frame.length;
      socket.send(frame, () => {
        waitingBytes -= frame.length;
        onReady();
      });
      if (waitingBytes > maxWaitingBytes) close(tryAgainLater, 'Read faster, or less at a time');
    }
  };
};
