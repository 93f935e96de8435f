// What an operator wants to see of the etcd cluster: each member by its own account. A member that does not
// answer is part of the picture, never an error of the whole.
import type { ChannelCredentials } from '@grpc/grpc-js';
import type { Calls } from './client-calls.ts';
import { openEndpoint, type Endpoint } from './client-endpoints.ts';
import type { WireHeader } from './client-codec.ts';
import type { Alarm, ClusterStatus, MemberStatus } from './etcd.ts';

interface WireMember {
  readonly ID: string;
  readonly name: string;
  readonly clientURLs: readonly string[];
  readonly isLearner: boolean;
}

interface WireStatus {
  readonly header: WireHeader;
  readonly version: string;
  readonly dbSize: string;
  readonly dbSizeInUse: string;
  readonly leader: string;
  readonly raftTerm: string;
  readonly isLearner: boolean;
}

const ALARMS: Record<string, Alarm['kind']> = { Nospace: 'NOSPACE', Corrupt: 'CORRUPT' };

/** Ids are shown as etcd's own tools do, in hexadecimal. */
const memberId = (decimal: string): string => BigInt(decimal).toString(16);

export async function readStatus(
  calls: Calls,
  endpoints: readonly Endpoint[],
  credentials: ChannelCredentials,
  timeoutMs: number,
): Promise<ClusterStatus> {
  const read = { writes: false, needsLeader: false, timeoutMs };
  const [{ members }, { alarms }] = await Promise.all([
    calls.unary<{ members: readonly WireMember[] }>('Cluster', 'memberList', {}, read),
    calls.unary<{ alarms: readonly { memberID: string; alarm: string }[] }>(
      'Maintenance',
      'alarm',
      { action: 'Get' },
      read,
    ),
  ]);

  const ask = async (endpoint: Endpoint): Promise<WireStatus | Error> => {
    try {
      if (!(await endpoint.becomesReady(Math.min(timeoutMs, 1_000))))
        return new Error(`no connection to ${endpoint.url}`);
      return await calls.unary<WireStatus>('Maintenance', 'status', {}, { ...read, endpoint });
    } catch (error) {
      return error as Error;
    }
  };

  /** By the client URLs that the member itself announces: for members not among our endpoints. */
  const askAnnounced = async (
    member: WireMember,
  ): Promise<{ endpoint: string; answer: WireStatus | Error }> => {
    const url = member.clientURLs[0];
    if (url === undefined) return { endpoint: '', answer: new Error('the member has not started yet') };
    const temporary = openEndpoint(url, credentials);
    try {
      return { endpoint: url, answer: await ask(temporary) };
    } finally {
      temporary.close();
    }
  };

  const known = await Promise.all(
    endpoints.map(async (endpoint) => ({ endpoint: endpoint.url, answer: await ask(endpoint) })),
  );
  const statuses = await Promise.all(
    members.map(async (member) => {
      const ours = known.find(
        ({ answer }) => !(answer instanceof Error) && answer.header.member_id === member.ID,
      );
      return toMember(member, ours ?? (await askAnnounced(member)));
    }),
  );

  const answers = known.flatMap(({ answer }) => (answer instanceof Error ? [] : [answer]));
  const newest = answers.reduce<WireStatus | undefined>(
    (best, one) => (best && Number(best.raftTerm) >= Number(one.raftTerm) ? best : one),
    undefined,
  );
  return {
    members: statuses,
    leaderId: newest && newest.leader !== '0' ? memberId(newest.leader) : undefined,
    raftTerm: newest ? Number(newest.raftTerm) : 0,
    alarms: alarms.map((alarm) => ({
      memberId: memberId(alarm.memberID),
      kind: ALARMS[alarm.alarm] ?? 'OTHER',
    })),
  };
}

function toMember(
  member: WireMember,
  { endpoint, answer }: { endpoint: string; answer: WireStatus | Error },
): MemberStatus {
  const base = { id: memberId(member.ID), name: member.name, endpoint, isLearner: member.isLearner };
  if (answer instanceof Error) {
    return {
      ...base,
      version: '',
      isLeader: false,
      raftTerm: 0,
      dbSize: 0,
      dbSizeInUse: 0,
      error: answer.message,
    };
  }
  return {
    ...base,
    version: answer.version,
    isLeader: answer.leader === member.ID,
    raftTerm: Number(answer.raftTerm),
    dbSize: Number(answer.dbSize),
    dbSizeInUse: Number(answer.dbSizeInUse),
  };
}
