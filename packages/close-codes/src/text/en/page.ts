import type { PageText } from '../language.ts'

export const page: PageText = {
  title: 'WebSocket close codes',
  intro: [
    'The 19 registered close codes: what each means, when you see it, how to fix it, and whether and when to reconnect.',
  ],
  overview: 'All codes',
  ranges: 'Ranges',
  delays: 'How a client draws its delay',
  delaysText: [
    'A client waits a random time between the two numbers given for a code. With each further attempt the upper one doubles, up to the cap; the lower one stays. A connection counts as back only when it has lived for some seconds, so a server that accepts and closes again does not reset this.',
    'When the reason ends in `retry=`, the first attempt comes exactly then, because the server has spread its clients on purpose. From the second attempt on `retry=` is the least delay, and the backoff goes on above it.',
    'A code that is not in this table but may be sent (1016-2999, the rest of 3000-3999, 4000-4999) means something that only the application knows: reconnect, as after 1014. A code that must not be sent and yet arrived comes from a broken peer: do not reconnect, as after 1002.',
  ],
  reasons: 'The reason',
  reasonsText: [
    'A Close frame has room for 125 bytes, two of which are the code: a reason has at most 123 bytes of UTF-8. Longer text is cut between two characters.',
    'A reason may end in `; retry=<milliseconds>`, or be `retry=<milliseconds>` alone: decimal digits, at most 86400000 (one day). The suffix is never cut. Anything else that looks like it is text. A gateway that has handed on none of the client’s messages says so with `; sent=0` before it: they can be sent again, and none arrives twice.',
  ],
  support: 'Support on receipt',
  supportText:
    'Every implementation takes the codes of RFC 6455. Not so the later ones: of the {of} below, {restart} refuse 1012 and 1013, and {badGateway} refuse 1014. A refused code shows as 1002 or 1006. The test suite that most libraries were built against listed 1012 and 1013 as invalid until February 2016, and 1014 until August 2018.',
  privateCodes: 'Codes of ecosystems',
  privateCodesText: [
    'Codes from 4000 are private, and several ecosystems use lower numbers in a sense of their own. The same number means different things in different ecosystems.',
    'Four habits are common: 4000 plus an HTTP status (4401, 4403: graphql-ws, Hocuspocus); the hundreds tell whether to reconnect (Pusher, Centrifuge); one code and the cause in the reason (tldraw); counting up from 4000 (Discord, Twitch, OBS, Colyseus).',
  ],
  withoutPrivateCodes: 'Without codes of their own',
}
