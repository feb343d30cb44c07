import { idKey } from '../domain/guid.ts';
import type { Company, Member, News, Wish } from './company.ts';
import type { JobWatcher } from './job-watcher.ts';
import type { EventStream } from './latest.ts';

/** A caller's watcher as one of several, on as many replicas. */
export interface SharedWatch {
  readonly isPolling: boolean;
  tell(news: News): void;
  /** Counts a stream of this replica's own readers from its beginning; a null id is the feed. */
  own(id: string | null, stream: Promise<EventStream>): Promise<EventStream>;
  leave(): void;
}

/** A reader in the place of others, elsewhere: it keeps a job looked at and is told nothing. */
interface Lodger {
  readonly abort: AbortController;
  stream: EventStream | null;
}

const feedName = 'feed';

export const createSharedWatch = (
  company: Company,
  callerKey: string,
  watcher: () => JobWatcher,
): SharedWatch => {
  const streams = new Map<object, { readonly id: string | null; readonly stream: EventStream | null }>();
  const lodgers = new Map<string, Lodger>();

  const isOver = ({ stream }: { readonly stream: EventStream | null }) =>
    stream !== null && stream.end !== null;

  const lodge = (name: string) => {
    const known = lodgers.get(name);
    if (known && !isOver(known)) return;
    const abort = new AbortController();
    const lodger: Lodger = { abort, stream: null };
    lodgers.set(name, lodger);
    const stream =
      name === feedName
        ? watcher().watchJobs({ filter: {}, since: null }, [], abort.signal)
        : watcher().watchJob(name, [], abort.signal);
    stream.then(
      (opened) => {
        lodger.stream = opened;
      },
      // those whom it stands for ask for themselves, and hear why
      () => lodgers.delete(name),
    );
  };

  const evict = (wanted: ReadonlySet<string>) => {
    for (const [name, { abort }] of [...lodgers]) {
      if (wanted.has(name)) continue;
      lodgers.delete(name);
      abort.abort();
    }
  };

  const wish = (): Wish => {
    const ids = new Set<string>();
    let feed = false;
    for (const [token, each] of streams) {
      if (isOver(each)) streams.delete(token);
      else if (each.id === null) feed = true;
      else ids.add(idKey(each.id));
    }
    return { ids: [...ids], feed };
  };

  const member: Member = {
    wish,
    hear: (news) => watcher().hear(news),
    miss: () => watcher().miss(),
    look: () => watcher().look(),
    serve(wishes) {
      const { ids, feed } = wish();
      // without readers of its own it does not poll for those of others
      const all = ids.length > 0 || feed ? [...wishes.values()] : [];
      const names = all.flatMap((each) => (each.feed ? [...each.ids, feedName] : each.ids));
      for (const name of names) lodge(name);
      evict(new Set(names));
    },
  };
  const membership = company.join(callerKey, member);

  return {
    get isPolling() {
      return membership.isPolling;
    },
    tell: membership.tell,
    async own(id, stream) {
      const token = {};
      streams.set(token, { id, stream: null });
      try {
        const opened = await stream;
        streams.set(token, { id, stream: opened });
        membership.wishChanged();
        return opened;
      } catch (error) {
        streams.delete(token);
        throw error;
      }
    },
    leave() {
      evict(new Set());
      membership.leave();
    },
  };
};
