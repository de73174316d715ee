/** `postern clients invite`: initial access tokens, by which clients register where not everybody may (RFC 7591 §3). */

import { Command } from 'commander'
import { systemClock } from '../../platform/clock.ts'
import { hashToken, randomId, randomToken } from '../../platform/crypto.ts'
import type { InvitationRecord } from '../../storage/storage.ts'
import { CommandFailure, exitCodes } from './failure.ts'
import { dataFlags, describeInstant, examples, maximumRows } from './management.ts'
import { type RecordFlags, withRecords } from './records.ts'
import { formatTable, printable, type Terminal } from './terminal.ts'

interface InviteFlags extends RecordFlags {
  uses: string
  days: string
  note: string
}

const maximumUses = 1_000_000
const maximumDays = 3650

export function inviteCommand(terminal: Terminal): Command {
  return dataFlags(new Command('invite'))
    .summary('make an initial access token, by which a client may register')
    .description(
      'Makes a token that a client sends when it registers itself, for a server that runs with --invited-only. Claude cannot ' +
        'send one: it comes by its metadata document, or by a client that you enter.',
    )
    .option('--uses <n>', 'how many registrations it is good for', '1')
    .option('--days <n>', 'how long it is valid', '7')
    .option('--note <text>', 'for whom it is, for your own list', '')
    .addHelpText(
      'after',
      examples([
        ['postern clients invite --note "billing team"', 'for one registration within a week'],
        ['postern clients invite --uses 100 --days 365', 'for a product that registers on each machine'],
      ]),
    )
    .action((flags: InviteFlags) => invite(flags, terminal))
}

async function invite(flags: InviteFlags, { out }: Terminal): Promise<void> {
  const uses = readCount('--uses', flags.uses, maximumUses)
  const days = readCount('--days', flags.days, maximumDays)
  const token = `pst_ia_${randomToken()}`
  const now = systemClock()
  const invitation: InvitationRecord = {
    invitationId: `invitation-${randomId()}`,
    tokenHash: hashToken(token),
    note: printable(flags.note).slice(0, 200),
    createdAt: now,
    expiresAt: now + days * 86_400,
    usesLeft: uses,
  }
  await withRecords(flags, (storage) => storage.addInvitation(invitation), true)
  const { invitationId, expiresAt } = invitation
  if (flags.json === true) {
    out.line(JSON.stringify({ invitationId, token, uses, expiresAt }, undefined, 2))
    return
  }
  out.paragraph('Hand this over by a safe way; it is not stored and not shown again.')
  out.line()
  out.line(`  Initial access token  ${out.style('bold', token)}`)
  out.line(
    `  Good for              ${uses === 1 ? 'one registration' : `${uses} registrations`}, ${days === 1 ? 'a day' : `${days} days`}`,
  )
  out.line(`  Taken back by         postern clients uninvite ${invitationId}`)
  out.line()
  out.paragraph('The client sends it with its registration, as `Authorization: Bearer TOKEN`.')
}

export function listInvitationsCommand(terminal: Terminal): Command {
  return dataFlags(new Command('invitations'))
    .summary('the invitations that have not expired, newest first')
    .description('Lists invitations: for whom each is, how often it can still be used, and until when.')
    .action((flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        const now = systemClock()
        const all = await storage.listInvitations(maximumRows)
        const live = all.filter(({ expiresAt }) => expiresAt > now)
        const { out } = terminal
        if (flags.json === true) {
          const facts = live.map(({ tokenHash: _, ...fact }) => fact)
          out.line(JSON.stringify(facts, undefined, 2))
        } else if (live.length === 0) out.line('There is no invitation.')
        else out.line(invitationTable(live, now, terminal))
      }),
    )
}

function invitationTable(invitations: readonly InvitationRecord[], now: number, { out }: Terminal): string {
  const rows = invitations.map(({ invitationId, note, usesLeft, createdAt, expiresAt }) => [
    invitationId,
    printable(note).slice(0, 40),
    String(usesLeft),
    describeInstant(createdAt, now),
    describeInstant(expiresAt, now),
  ])
  return formatTable(out, ['ID', 'NOTE', 'USES LEFT', 'MADE', 'ENDS'], rows)
}

export function uninviteCommand(terminal: Terminal): Command {
  return dataFlags(new Command('uninvite'))
    .summary('take an invitation back')
    .description(
      'Takes an invitation back. What was registered with it stays; `postern clients remove` ends that.',
    )
    .argument('<id>', 'as `postern clients invitations` shows it')
    .action((id: string, flags: RecordFlags) =>
      withRecords(flags, async (storage) => {
        if (!(await storage.removeInvitation(id)))
          throw new CommandFailure(
            `there is no invitation ${id}; \`postern clients invitations\` shows those there are`,
          )
        if (flags.json === true) terminal.out.line(JSON.stringify({ invitationId: id, removed: true }))
        else terminal.out.line(`Taken back. Nobody can register with ${id} any more.`)
      }),
    )
}

function readCount(flag: string, text: string, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= most) return count
  throw new CommandFailure(
    `${flag} ${JSON.stringify(text)} is not a whole number from 1 to ${most}`,
    exitCodes.usage,
  )
}
