import type { WebSocket } from 'ws';
import type { Goodbye } from './goodbye.ts';

/** Up to here a frame is simply handed over; beyond, its sender waits until it is out. */
const highWaterBytes = 64 * 1024;
/** With so much waiting behind what is on its way the reader has stopped reading. */
const maxWaitingBytes = 4 * 1024 * 1024;
/** Try again later: graphql-ws clients connect anew after it. */
const tryAgainLater = 1013;

/** How slow a reader may be: 16 KiB/s. What is on its way to it is in kernels, where nobody sees how it is read. */
const leastBytesPerMs = 16.384;

/** Hands a frame to the socket and calls back once the next may come: at once while the reader keeps up. */
export type SendFrame = (frame: string, onReady: () => void) => void;

export interface FrameSender {
  readonly send: SendFrame;
  /** Whether the reader may still be busy with what it was sent. */
  isReading(): boolean;
  /** A ping was sent behind all that. */
  pinged(): void;
  /** It was answered, so all before it has been read. */
  ponged(): void;
  /** Settles once what was sent is out; null while the reader keeps up. */
  whenTaken(): Promise<void> | null;
}

export const createFrameSender = (socket: WebSocket, close: Goodbye, now: () => number): FrameSender => {
  // a single large frame says nothing of its reader; those that queue up behind it do
  let waitingBytes = 0;
  let readBy = 0;
  let bytesSincePing = 0;
  let taken: Promise<void> | null = null;
  return {
    send(frame, onReady) {
      if (socket.readyState !== socket.OPEN) return onReady();
      bytesSincePing += frame.length;
      const isMuch = frame.length >= highWaterBytes || socket.bufferedAmount >= highWaterBytes;
      if (isMuch) readBy = Math.max(readBy, now()) + frame.length / leastBytesPerMs;
      if (socket.bufferedAmount < highWaterBytes) {
        socket.send(frame);
        return onReady();
      }
      const { length } = frame;
      waitingBytes += length;
      socket.send(frame, () => {
        waitingBytes -= length;
        onReady();
      });
      if (waitingBytes > maxWaitingBytes) close(tryAgainLater, 'Read faster, or less at a time');
    },
    isReading: () => now() < readBy,
    pinged() {
      bytesSincePing = 0;
    },
    ponged() {
      readBy = Math.min(readBy, now() + bytesSincePing / leastBytesPerMs);
    },
    whenTaken() {
      if (socket.bufferedAmount < highWaterBytes) return null;
      // goes out behind all that waits, and whoever breaks off is told of it
      taken ??= new Promise<void>((resolve) => socket.ping('', undefined, () => resolve())).finally(() => {
        taken = null;
      });
      return taken;
    },
  };
};
