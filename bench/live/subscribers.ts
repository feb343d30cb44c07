import { reportReady } from '../support/child.ts';
import { openRawSocket, type RawSocket } from './raw-socket.ts';

/**
 * So many subscriptions, and WebSockets for them; tells when each change has reached all of its subscribers.
 * Arguments: address, number of subscriptions, how many a socket, `same` or `different` documents, ids of jobs.
 */
const [url = '', count = '0', perSocket = '1', documents = 'same', ...ids] = process.argv.slice(2);
const [total, ofSocket] = [Number(count), Number(perSocket)];

const fields = (name: string) =>
  `kind observedAt job { id ${name}: name status progress { current total itemsSuccessful itemsRejected } }`;
const documentOf = (n: number) =>
  `subscription ($id: ID!) { jobUpdated(id: $id) { ${fields(documents === 'same' ? 'name' : `name${n}`)} } }`;

/** The instants at which one change came to its subscribers. */
const receipts = new Map<number, number[]>();
let expected = Number.POSITIVE_INFINITY;
let acknowledged = 0;
let snapshots = 0;

const receive = (text: string) => {
  const at = text.indexOf('"current":');
  if (at < 0) {
    acknowledged += 1;
    return;
  }
  const current = Number.parseInt(text.slice(at + 10, at + 24), 10);
  if (current === 0) {
    snapshots += 1;
    return;
  }
  const instants = receipts.get(current) ?? [];
  receipts.set(current, instants);
  instants.push(performance.timeOrigin + performance.now());
  if (instants.length < expected) return;
  receipts.delete(current);
  process.send?.({ type: 'received', current, instants });
};

/** The number of subscribers that the next changes will have. */
process.on('message', (message: { expected?: number }) => {
  expected = message.expected ?? expected;
});

/** The polling share of a minute looks at 10,000 jobs but once. */
const patienceMs = 180_000;

const until = async (reached: () => boolean) => {
  const deadline = Date.now() + patienceMs;
  while (!reached()) {
    if (Date.now() > deadline)
      throw new Error(`${acknowledged} acknowledged, ${snapshots} snapshots: no more came.`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
};

const sockets: RawSocket[] = [];
const wanted = Math.ceil(total / ofSocket);
const connectingAtOnce = 200;
while (sockets.length < wanted) {
  const some = Math.min(connectingAtOnce, wanted - sockets.length);
  sockets.push(...(await Promise.all(Array.from({ length: some }, () => openRawSocket(url, receive)))));
  const opened = sockets.slice(-some);
  for (const socket of opened) {
    socket.send('{"type":"connection_init","payload":{"authorization":"bench"}}');
  }
  await until(() => acknowledged === sockets.length);
  const first = (sockets.length - some) * ofSocket;
  for (let n = first; n < Math.min(total, sockets.length * ofSocket); n += 1) {
    const payload = { query: documentOf(n), variables: { id: ids[n % ids.length] } };
    const message = { id: String(n % ofSocket), type: 'subscribe', payload };
    opened[Math.floor((n - first) / ofSocket)]?.send(JSON.stringify(message));
  }
}
reportReady({ connected: sockets.length });
process.on('message', async (message: { snapshots?: number }) => {
  if (message.snapshots === undefined) return;
  await until(() => snapshots >= (message.snapshots ?? 0));
  process.send?.({ type: 'settled' });
});
