import type { IncomingMessage } from 'node:http';

/**
 * Reads past what is left of a request that has been answered, and ends its connection when that takes longer than
 * `forMs`. To end it with something unread would reset it, and its client could lose the answer.
 */
export const linger = (request: IncomingMessage, forMs: number): void => {
  const { socket } = request;
  const { destroySoon } = socket;
  // node calls it where an answer says "Connection: close"
  socket.destroySoon = () => void socket.end();
  const timer = setTimeout(() => socket.destroy(), forMs);
  request.once('close', () => {
    clearTimeout(timer);
    socket.destroySoon = destroySoon;
    if (socket.writableEnded) socket.destroy();
  });
  request.resume();
};
