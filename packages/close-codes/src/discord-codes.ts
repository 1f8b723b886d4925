import type { PrivateCodes } from './private-code.ts'

const document =
  'https://github.com/discord/discord-api-docs/blob/c98d64b/developers/topics/opcodes-and-status-codes.mdx'

/** The three sets of codes of Discord, which one document defines. */
export const discordCodes: readonly PrivateCodes[] = [
  {
    id: 'discord',
    ecosystem: 'Discord Gateway',
    sources: [document],
    codes: [
      { code: 4000, name: 'Unknown error', retry: 'reconnect' },
      { code: 4001, name: 'Unknown opcode', retry: 'reconnect' },
      { code: 4002, name: 'Decode error', retry: 'reconnect' },
      { code: 4003, name: 'Not authenticated', retry: 'reconnect' },
      { code: 4004, name: 'Authentication failed', retry: 'stop' },
      { code: 4005, name: 'Already authenticated', retry: 'reconnect' },
      { code: 4007, name: 'Invalid seq', retry: 'reconnect' },
      { code: 4008, name: 'Rate limited', retry: 'reconnect' },
      { code: 4009, name: 'Session timed out', retry: 'reconnect' },
      { code: 4010, name: 'Invalid shard', retry: 'stop' },
      { code: 4011, name: 'Sharding required', retry: 'stop' },
      { code: 4012, name: 'Invalid API version', retry: 'stop' },
      { code: 4013, name: 'Invalid intent(s)', retry: 'stop' },
      { code: 4014, name: 'Disallowed intent(s)', retry: 'stop' },
    ],
  },
  {
    id: 'discord-voice',
    ecosystem: 'Discord Voice',
    sources: [document],
    codes: [
      { code: 4001, name: 'Unknown opcode', retry: 'unknown' },
      { code: 4002, name: 'Failed to decode payload', retry: 'unknown' },
      { code: 4003, name: 'Not authenticated', retry: 'unknown' },
      { code: 4004, name: 'Authentication failed', retry: 'unknown' },
      { code: 4005, name: 'Already authenticated', retry: 'unknown' },
      { code: 4006, name: 'Session no longer valid', retry: 'unknown' },
      { code: 4009, name: 'Session timeout', retry: 'unknown' },
      { code: 4011, name: 'Server not found', retry: 'unknown' },
      { code: 4012, name: 'Unknown protocol', retry: 'unknown' },
      { code: 4014, name: 'Disconnected', retry: 'stop' },
      { code: 4015, name: 'Voice server crashed', retry: 'reconnect' },
      { code: 4016, name: 'Unknown encryption mode', retry: 'unknown' },
      { code: 4017, name: 'E2EE/DAVE protocol required', retry: 'unknown' },
      { code: 4020, name: 'Bad request', retry: 'unknown' },
      { code: 4021, name: 'Disconnected: Rate Limited', retry: 'stop' },
      { code: 4022, name: 'Disconnected: Call Terminated', retry: 'stop' },
    ],
  },
  {
    id: 'discord-rpc',
    ecosystem: 'Discord RPC',
    sources: [document],
    codes: [
      { code: 4000, name: 'Invalid client ID', retry: 'unknown' },
      { code: 4001, name: 'Invalid origin', retry: 'unknown' },
      { code: 4002, name: 'Rate limited', retry: 'unknown' },
      { code: 4003, name: 'Token revoked', retry: 'unknown' },
      { code: 4004, name: 'Invalid version', retry: 'unknown' },
      { code: 4005, name: 'Invalid encoding', retry: 'unknown' },
    ],
  },
]
