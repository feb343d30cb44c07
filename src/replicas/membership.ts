import { type Member, type Membership, type News, noNews, type Wish } from '../live/company.ts';
import type { Log } from '../telemetry/log.ts';
import { shortHash } from '../telemetry/observed.ts';
import { createLease, leaseMs, type Standing } from './lease.ts';
import type { Link } from './link.ts';
import { decode, encode, type Message } from './message.ts';
import { createToldJobs } from './told-jobs.ts';

const beatMs = leaseMs / 3;
/** So often a follower looks by itself: whatever a message has lost does not stay lost. */
const beatsPerCheck = 60;
/** More of a message than this is told in parts. */
const maxJobsPerMessage = 100;

export const channelOf = (callerKey: string) => `watch:${callerKey}`;

const nameOf = ({ ids, feed }: Wish) => `${feed} ${ids.join()}`;

/** The part that one replica plays among those that watch for a caller. */
export interface MembershipOptions {
  readonly link: Link;
  readonly callerKey: string;
  readonly log: Log;
  /** Told as this replica takes the lease, and as it has it no longer. */
  readonly onLease: (change: 1 | -1) => void;
}

export const createMembership = (
  { link, callerKey, log, onLease }: MembershipOptions,
  member: Member,
): Membership => {
  const { replica } = link;
  const lease = createLease(link, callerKey);
  const told = createToldJobs();
  const wishes = new Map<string, Wish>();
  let leaseUntil = Number.NEGATIVE_INFINITY;
  let fence = 0;
  // of the last news that was told, or heard, under this fence; null before any was heard
  let number: number | null = null;
  let wasPolling = !link.isUp;
  let toldWish = '';
  let beats = 0;
  // has come and not looked since: it looks once it has heard where the news are at, or has waited for that
  let isComing = false;
  let left = false;
  let beating = false;
  let again = false;
  let soon: NodeJS.Immediate | undefined;

  let hasLease = false;
  const noteLease = (has: boolean) => {
    if (has === hasLease) return;
    hasLease = has;
    onLease(has ? 1 : -1);
    const line = { caller: shortHash(callerKey), fence };
    if (has) log.info(line, 'this replica polls for a caller');
    else log.info(line, 'this replica no longer polls for a caller');
  };

  const holdsLease = () => performance.now() < leaseUntil;
  const isPolling = () => !link.isUp || holdsLease();
  const say = (message: Message) => link.publish(channelOf(callerKey), encode(message));

  const turn = (canBeSure: boolean) => {
    const polls = isPolling();
    if (polls === wasPolling && canBeSure) return;
    wasPolling = polls;
    isComing = false;
    if (!left) member.look();
  };

  const tellNews = (news: News) => {
    number = (number ?? 0) + 1;
    say({ from: replica, kind: 'news', fence, number, news });
  };

  const tellPart = (news: News) => {
    const part = told.newIn(news);
    if (part !== null) tellNews(part);
  };

  const sayWish = () => {
    const wish = member.wish();
    toldWish = nameOf(wish);
    say({ from: replica, kind: 'wish', wish });
  };

  const takePart = (standing: Standing, askedAt: number) => {
    const isNew = standing.fence !== fence;
    // who has listened before has heard all of a new poller
    if (isNew) {
      number = fence === 0 && !standing.isHolder ? null : 0;
      isComing = number === null;
      // what another poller saw and did not come to tell, this one need not have seen
      member.miss();
    }
    fence = standing.fence;
    noteLease(standing.isHolder);
    if (!standing.isHolder) {
      leaseUntil = Number.NEGATIVE_INFINITY;
      if (isNew || toldWish !== nameOf(member.wish())) sayWish();
      if (wishes.size > 0) wishes.clear();
      member.serve(wishes);
      return;
    }
    leaseUntil = askedAt + leaseMs;
    if (isNew) {
      told.clear();
      say({ from: replica, kind: 'ask' });
    }
    for (const other of [...wishes.keys()]) if (!standing.replicas.includes(other)) wishes.delete(other);
    member.serve(wishes);
  };

  const beat = async () => {
    if (left || !link.isUp) return;
    again = beating;
    if (beating) return;
    beating = true;
    const askedAt = performance.now();
    const wasComing = isComing;
    try {
      const standing = await lease.beat();
      if (left) return void lease.leave().catch(() => undefined);
      takePart(standing, askedAt);
      beats += 1;
      const isCheck = !holdsLease() && beats % beatsPerCheck === 0;
      turn(!isCheck && !(wasComing && isComing));
    } catch {
      // with the next beat, or alone
    } finally {
      beating = false;
      if (again) void beat();
    }
  };

  const hearNews = (message: Message & { readonly kind: 'news' }) => {
    if (message.fence < fence || holdsLease()) return;
    const isSame = message.fence === fence;
    const before = isSame || fence === 0 ? number : 0;
    const isGap = before === null || message.number !== before + 1;
    if (isGap || !isSame) member.miss();
    fence = message.fence;
    ({ number } = message);
    member.hear(message.news);
    if (isGap) turn(false);
  };

  const hear = (bytes: Buffer) => {
    const message = decode(bytes);
    if (message === null || message.from === replica || left) return;
    switch (message.kind) {
      case 'news':
        return hearNews(message);
      case 'written':
        return member.hear(message.news);
      case 'wish':
        if (!holdsLease()) return;
        // who comes hears where the news are at
        if (!wishes.has(message.from)) tellNews(noNews);
        wishes.set(message.from, message.wish);
        return member.serve(wishes);
      case 'ask':
        return sayWish();
      case 'left':
        return void beat();
    }
  };

  const listening = link.listen(channelOf(callerKey), hear);
  void listening.then(beat);
  const timer = setInterval(() => void beat(), beatMs);
  const stopHearing = link.onChange(() => {
    noteLease(false);
    // of what was said meanwhile nothing was heard
    leaseUntil = Number.NEGATIVE_INFINITY;
    fence = 0;
    number = null;
    member.miss();
    wishes.clear();
    if (!link.isUp) member.serve(wishes);
    turn(true);
    void beat();
  });

  return {
    get isPolling() {
      return isPolling();
    },
    tell(news) {
      if (!link.isUp || !holdsLease()) return;
      for (let start = maxJobsPerMessage; start < news.found.length; start += maxJobsPerMessage) {
        tellPart({ ...news, found: news.found.slice(start, start + maxJobsPerMessage), seenUntil: null });
      }
      tellPart({ ...news, found: news.found.slice(0, maxJobsPerMessage) });
    },
    wishChanged() {
      soon ??= setImmediate(() => {
        soon = undefined;
        if (!left && link.isUp && !holdsLease() && toldWish !== nameOf(member.wish())) sayWish();
      });
    },
    leave() {
      left = true;
      noteLease(false);
      clearInterval(timer);
      clearImmediate(soon);
      stopHearing();
      void listening.then((stop) => stop());
      if (!link.isUp) return;
      const leaving = lease.leave().then((held) => held && say({ from: replica, kind: 'left' }));
      // then it ends by itself
      leaving.catch(() => undefined);
    },
  };
};
